"""What `flagpost forget` tells of when the last of a post goes from a real Kafka, beside what then really lies there."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from kafka import KafkaProducer

from pipeline.done import wait_until_done
from pipeline.retention.stay import LOOKED_AT
from pipeline.settings import Settings
from schemas import codec
from schemas.hold import Hold
from tests.found import records
from tests.messages import item, post
from tests.servers import Flagpost, Ran
from tests.waiting import PATIENCE
from tests.worker_processes import WorkerProcesses

pytestmark = pytest.mark.integration

# Of whatever the model thinks, it must not doubt these.
HELP = "please help, a man with a knife is trying to get into my house right now, send police"
CHATTER = "lovely sunset over the bay tonight, chips on the front, happy days"


def send(settings: Settings, topic: str, value: Any, key: str) -> None:
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap())
    producer.send(settings.named(topic), codec.encode(value) if value else None, key=key.encode())
    producer.close()


def told(ran: Ran) -> dict[str, dt.datetime]:
    """Topic, with a * where more may come → the minute by which the last has gone."""
    lines = re.findall(r"^  (\S+ \S+)Z  \[(\S+)\](\*?)$", ran.out, re.MULTILINE)
    return {name + star: dt.datetime.fromisoformat(f"{moment}+00:00") for moment, name, star in lines}


def test_no_last_byte_is_told_too_early_whether_or_not_the_post_is_judged_yet(
    ready: Settings, flagpost: Flagpost
) -> None:
    asked = ("--why", "request 12", "--yes")
    now = dt.datetime.now(dt.UTC)
    send(ready, "posts", post("help", HELP, created_at=now), "x:help")
    before = flagpost("forget", "--post", "x:help", *asked, "--timeout", "0")
    assert "the index does not show yet" in before.err  # no worker runs here
    assert {"posts", "flagged*", "alert-candidates*", "alerts*"} <= set(told(before))
    with WorkerProcesses(ready, "classify", "index"):
        wait_until_done(ready, timeout=PATIENCE, stages=("classify", "index"))
        written = next(one for one in records(ready, "flagged") if b'"text"' in one.value).timestamp
        goes = dt.datetime.fromtimestamp(written / 1000, dt.UTC) + dt.timedelta(days=368) + LOOKED_AT
        assert told(before)["flagged*"] >= (goes - dt.timedelta(minutes=2)).replace(second=0, microsecond=0)
        after = flagpost("forget", "--post", "x:help", *asked)
        assert "There is nothing to forget." in after.out
        assert told(after)["flagged"] == goes.replace(second=0, microsecond=0), "by what lies there, not from now"
        send(ready, "posts", post("sun", CHATTER, created_at=now), "x:sun")
        wait_until_done(ready, timeout=PATIENCE, stages=("classify", "index"))
        chatter = flagpost("forget", "--post", "x:sun", *asked)
        assert set(told(chatter)) == {"posts"}, "classify is past it: it lies nowhere else"


def test_what_was_held_lies_there_until_it_is_compacted(ready: Settings, flagpost: Flagpost) -> None:
    now = dt.datetime.now(dt.UTC)
    send(ready, "holds", Hold(item=item("kept"), by="j.doyle", at=now, why="R v Marsh"), "x:kept")
    send(ready, "holds", None, "x:kept")
    tried = flagpost("forget", "--post", "x:kept", "--why", "request 12", "--dry-run")
    assert "1 in [holds]" in tried.out
    assert told(tried)["holds"] >= (now + dt.timedelta(hours=48)).replace(second=0, microsecond=0)
