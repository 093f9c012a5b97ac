"""What the runbook says of snapshots fits the indices and the topics."""

from __future__ import annotations

import json
import re

from pipeline.settings import ROOT
from schemas.mapping import INDICES
from schemas.topics import FLAGGED

RUNBOOK = (ROOT / "deploy" / "runbook.md").read_text("utf-8")
(POLICY,) = (
    json.loads(body) for body in re.findall(r"_slm/policy/flagpost\" -H .*? -d '(\{.*?\})'", RUNBOOK, re.DOTALL)
)


def test_every_index_is_in_the_snapshots() -> None:
    assert set(POLICY["config"]["indices"]) == {f"{index.alias}-v*" for index in INDICES}


def test_no_snapshot_is_older_than_the_deletes_that_can_be_read_again() -> None:
    days = int(POLICY["retention"]["expire_after"].removesuffix("d"))
    assert days < FLAGGED.retention_days / 2


def test_every_body_of_a_request_is_json() -> None:
    section = RUNBOOK[RUNBOOK.index("## Snapshots of the index") :]
    bodies = re.findall(r"-d '(\{.*?\})'", section[: section.index("\n## ", 3)], re.DOTALL)
    assert len(bodies) == 3
    assert all(json.loads(body) for body in bodies)
