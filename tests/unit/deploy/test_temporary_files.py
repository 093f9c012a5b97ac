"""Room for temporary files in the containers, against what the classify worker unpacks when it starts."""

from __future__ import annotations

import lzma
import re
from importlib import resources

from tests.unit.deploy.composition import SERVICES
from tests.unit.deploy.manifests import component, objects, pod

SPARE = 1.5


def needed() -> int:
    """Bytes of the model of languages, unpacked."""
    with (
        resources.as_file(resources.files("py3langid") / "data" / "model.npz.xz") as packed,
        lzma.open(packed) as model,
    ):
        return sum(len(part) for part in iter(lambda: model.read(1 << 20), b""))


def test_composes_classify_worker_has_room() -> None:
    (mounted,) = SERVICES["classify"]["tmpfs"]
    size = re.fullmatch(r"/tmp:size=(\d+)m,mode=1777", mounted)
    assert size
    assert int(size[1]) * 2**20 >= SPARE * needed()


def test_kubernetes_classify_worker_has_room_and_is_not_evicted() -> None:
    (worker,) = [one for one in objects("Deployment") if component(one) == "classify"]
    (limit,) = [one["emptyDir"]["sizeLimit"] for one in pod(worker)["volumes"] if one["name"] == "tmp"]
    assert limit.endswith("Mi")
    assert int(limit.removesuffix("Mi")) * 2**20 >= SPARE * needed()
