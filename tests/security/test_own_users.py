"""Each service does its work with its own user, on servers that want TLS, a password and rights, in production mode."""

from __future__ import annotations

import json

import pytest

from pipeline.topic_reader import read_topic
from schemas import topics
from tests.security.hostile import obeyed
from tests.security.run import POSTS, Ran
from tests.security.secured import Secured

pytestmark = pytest.mark.integration


def test_each_service_does_its_work_with_its_own_user(secured: Secured, ran: Ran) -> None:
    # 1: lines that can't be used, which is what these two say.
    assert ran.codes == {**dict.fromkeys(ran.codes, 0), "ingest": 1, "replay": 1}, ran.said
    assert "nothing was changed" in ran.said["setup again"]
    assert "4 items found." in ran.said["search"]
    assert "kafka          127.0.0.1" in ran.said["doctor"]
    assert "1 sent again. 1 not sent." in ran.said["replay"]
    assert "The 1st decision on this wording." in ran.said["review"]
    assert "applied, the 1st" in ran.said["review show"]
    assert "1 row written." in ran.said["review export"]
    assert "4 items written." in ran.said["export"]
    assert "alert opened" in ran.said["audit"]
    assert "ALTERED" not in ran.said["audit"]
    outcomes = [
        one
        for record in read_topic(secured.settings("admin"), topics.OUTCOMES)
        for one in json.loads(record.value)["outcomes"]
    ]
    assert sorted(one["outcome"] for one in outcomes) == ["chatter", "dead_lettered", *["flagged"] * 4]
    assert len(list(read_topic(secured.settings("admin"), topics.POSTS))) == len(POSTS) + 1 + 1, (
        "the replayed one is there again"
    )


def test_nobody_wrote_a_password(secured: Secured, ran: Ran) -> None:
    logs = [log.read_text("utf-8") for log in sorted((secured.folder / "logs").iterdir())]
    assert all("stage started" in log for log in logs)
    homes = [path.read_text("utf-8", "replace") for path in (secured.folder / "homes").rglob("*") if path.is_file()]
    assert "s3cret-never-shown" not in "".join([*ran.said.values(), *logs, *homes])


def test_no_command_let_the_terminal_obey_a_post(ran: Ran) -> None:
    assert "owned" in ran.said["search"]
    assert "owned" in ran.said["show"]
    assert {name: obeyed(said) for name, said in ran.said.items() if obeyed(said)} == {}
