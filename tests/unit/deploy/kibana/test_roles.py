"""The roles for Kibana's users allow what the guide says, on what this version makes, and no more."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from deploy.kibana.build import FILE
from schemas.mapping import ALERTS, AUDIT, ITEMS

FOLDER = FILE.parent / "roles"
ROLES = yaml.safe_load((FILE.parents[1] / "elasticsearch" / "roles.yml").read_text("utf-8"))
GUIDE = (FILE.parent / "README.md").read_text("utf-8")


def role(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "aliases"), [("analyst", [ITEMS.alias, ALERTS.alias]), ("auditor", [AUDIT.alias]), ("importer", [])]
)
def test_a_role_reads_the_aliases_that_it_is_for_and_writes_nowhere(name: str, aliases: list[str]) -> None:
    elasticsearch = role(name)["elasticsearch"]
    assert elasticsearch["cluster"] == []
    assert [alias for one in elasticsearch["indices"] for alias in one["names"]] == aliases
    for one in elasticsearch["indices"]:
        assert [one] == ROLES[f"flagpost_{name}"]["indices"], "as for whoever searches without Kibana"


@pytest.mark.parametrize("name", ["analyst", "auditor"])
def test_whoever_reads_may_change_nothing_in_kibana_and_not_write_requests_of_their_own(name: str) -> None:
    (inside,) = role(name)["kibana"]
    assert inside["base"] == []
    assert {privilege for given in inside["feature"].values() for privilege in given} == {"read"}
    assert "dev_tools" not in inside["feature"]


def test_the_importer_has_what_an_import_needs_alone() -> None:
    assert role("importer")["kibana"][0]["feature"] == {"savedObjectsManagement": ["all"]}


def test_the_guide_knows_every_role_and_says_what_was_not_tried() -> None:
    assert set(re.findall(r"roles/(\w+)\.json", GUIDE)) == {path.stem for path in FOLDER.glob("*.json")}
    assert "ever imported into a real Kibana" in GUIDE
    assert "not in flagpost's audit log" in GUIDE


def test_every_file_that_the_guide_links_to_is_there() -> None:
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", GUIDE):
        assert (FILE.parent / link).exists(), link
