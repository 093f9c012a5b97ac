"""Decided and edited items whose post came in once more, on a real Kafka and a real Elasticsearch."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from pipeline.done import wait_until_done
from pipeline.elasticsearch_client import connect
from pipeline.retention import repeats
from pipeline.retention.purge import Found
from pipeline.retention.repeats import Repeats
from pipeline.retention.retain import Retention
from pipeline.settings import Settings
from schemas.item import Decision
from schemas.mapping import ITEMS
from tests.found import hits
from tests.integration.kept import (
    NOW,
    YEAR,
    ago,
    audit_of,
    counts,
    forget_deletes_at_once,
    judged,
    lose_all,
    replay,
    retained,
    send,
    store,
)
from tests.messages import item, post
from tests.servers import Flagpost
from tests.waiting import PATIENCE
from tests.worker_processes import WorkerProcesses

pytestmark = pytest.mark.integration


def test_a_decided_item_whose_post_came_in_again_stays_for_as_long_as_that_and_no_replay_undoes_the_decision(
    ready: Settings, flagpost: Flagpost
) -> None:
    forget_deletes_at_once(ready)
    decision = Decision(by="a.khan", at=ago(399), dismissed=True)
    for name, days in (("over", 400.0), ("soon", 362.0), ("once", 400.0)):
        decided = msgspec.structs.replace(judged(name, days), reviews=1, review=decision)
        store(ready, decided, days)
        send(ready, "flagged", decided, days=100)
    repeats = [item(post=judged(name, days).post, judged_at=ago(30)) for name, days in (("over", 400), ("soon", 362))]
    send(ready, "flagged", *repeats, days=30)
    assert retained(flagpost, "--dry-run")["repeated"] == 2
    told = retained(flagpost)
    assert (told["repeated"], counts(told, "items")) == (2, (2, 1, 1))
    (line,) = audit_of(ready, "items-count-anew")
    assert line["detail"] == {"items": "2"}
    with WorkerProcesses(ready, "index", **YEAR):
        wait_until_done(ready, timeout=PATIENCE, stages=("index",))
    assert reviewed(ready) == {"over": (True, ago(30)), "soon": (True, ago(30))}
    told = retained(flagpost)
    assert (told["repeated"], counts(told, "items")) == (0, (0, 0, 0)), "the second run has nothing to do"
    replay(ready, "index")
    lose_all(ready)
    with WorkerProcesses(ready, "index", **YEAR):
        wait_until_done(ready, timeout=PATIENCE, stages=("index",))
    assert reviewed(ready) == {"over": (True, ago(30)), "soon": (True, ago(30))}


def test_only_what_outlasts_a_repeat_is_looked_for_among_the_items_whose_time_is_over_soon(
    ready: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "AT_ONCE", 1)  # in more than one part
    decided = msgspec.structs.replace(
        judged("decided", 362), reviews=1, review=Decision(by="a.khan", at=ago(9), grade="prompt")
    )
    for one in (decided, judged("edited", 362, edited_at=ago(362)), judged("plain", 362)):
        store(ready, one, 362)
        send(ready, "flagged", item(post=post(one.id, created_at=ago(362)), judged_at=ago(30)), days=30)
    asked: list[list[str]] = []
    really = repeats.stored
    monkeypatch.setattr(repeats, "stored", lambda *rest: (asked.append(rest[-1]), really(*rest))[1])
    with connect(ready) as client:
        assert Retention(ready, client, NOW).run().repeated == 2
    assert asked == [["x:decided"], ["x:edited"]]


def test_what_comes_in_once_more_while_retain_is_at_work_is_seen_before_its_item_goes(ready: Settings) -> None:
    decided = msgspec.structs.replace(judged("1", 400), reviews=1)
    store(ready, decided, 400)
    page = [Found("id1", 1, 1, "x:1"), Found("id2", 1, 1, "x:2")]
    with connect(ready) as client:
        seen = Repeats(ready, client, NOW)
        assert (seen.take("flagpost", dry_run=False), seen.stay(page)) == (0, set())
        send(ready, "flagged", item(post=decided.post, judged_at=NOW), judged("2", 400))
        assert seen.stay(page) == {"id1"}
        assert seen.stay(page) == {"id1"}, "also when the next page is looked at"


def reviewed(settings: Settings) -> dict[str, tuple[bool, dt.datetime]]:
    """Post id → whether an analyst dismissed it, and when it was judged."""
    ours = [hit["_source"]["flagpost"] for hit in hits(settings, ITEMS.write_alias)]
    return {
        one["post_id"]: (one.get("review", {}).get("dismissed", False), dt.datetime.fromisoformat(one["judged_at"]))
        for one in ours
    }
