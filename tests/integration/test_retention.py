"""`flagpost retain` on a real Kafka and a real Elasticsearch, and every topic read again after them."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.done import wait_until_done
from pipeline.elasticsearch_client import connect
from pipeline.errors import StageHalted
from pipeline.retention.age import Ages, items_over
from pipeline.retention.purge import Found, Throttle, find, purge
from pipeline.retention.retain import Retention
from pipeline.settings import Settings
from schemas.identity import document_id
from schemas.item import Decision
from schemas.mapping import ITEMS
from schemas.post import Author
from schemas.review import Review
from tests.found import records
from tests.integration.kept import (
    NOW,
    YEAR,
    ago,
    audit_of,
    counts,
    deleted,
    forget_deletes_at_once,
    found,
    judged,
    replay,
    retained,
    send,
    store,
)
from tests.messages import item, post
from tests.servers import Flagpost
from tests.waiting import PATIENCE, wait_for
from tests.worker_processes import WorkerProcesses

pytestmark = pytest.mark.integration

STAGES = ("classify", "review", "index", "alert", "page")

# Of whatever the model thinks, it must not doubt these.
HELP = "please help, a man with a knife is trying to get into my house right now, send police"
CHATTER = "lovely sunset over the bay tonight, chips on the front, happy days"


@pytest.fixture
def everything(ready: Settings) -> None:
    """Something of everything that may go or stay, as years of work leave it."""
    forget_deletes_at_once(ready)
    for name, days in (("old", 400), ("held", 400)):
        store(ready, judged(name, days), days)
        send(ready, "flagged", judged(name, days), days=100)  # an analyst's decision sent it once more
    for name in ("gone", "late", "decided"):
        store(ready, deleted(name, 500), 500)
    send(ready, "flagged", judged("late", 10), days=10)  # its source repeated it, long after it was deleted
    decision = Decision(by="a.khan", at=ago(505), grade="prompt")
    send(ready, "reviews", Review(item=judged("decided", 510), decision=decision))


def test_nothing_withdrawn_expired_or_forgotten_comes_back_when_every_topic_is_read_again(
    ready: Settings, flagpost: Flagpost, everything: None, tmp_path: Path
) -> None:
    mine = Author(id="77", handle="Sally_B")
    now = dt.datetime.now(dt.UTC)
    with WorkerProcesses(ready, *STAGES, **YEAR, FLAGPOST_CHATTER_SAMPLE="1") as workers:
        workers.wait_until_up()
        send(ready, "posts", post("fresh", HELP, created_at=now))
        send(
            ready,
            "posts",
            post("help", HELP, created_at=now, author=mine),
            post("sun", CHATTER, created_at=now, author=mine),
        )
        done(ready)
        before = found(ready)
        assert {"old", "held", "fresh", "help"} <= set(before)
        assert "sun" not in before
        wait_for(lambda: {"x:fresh", "x:help"} <= set(told_by_alerts(ready)), "an alert tells of both posts")
        assert flagpost("hold", "add", "x:held", "--why", "R v Marsh", "--by", "j.doyle").code == 0

        told = retained(flagpost)
        assert counts(told, "items") == (2, 1, 1)
        assert counts(told, "tombstones") == (3, 1, 2)
        assert told["disagreements"] == {}
        left = found(ready)
        assert before.keys() - left.keys() == {"old", "gone"}
        assert retained(flagpost)["steps"]["items"]["deleted"] == 0, "the second run has nothing to do"

        rows = tmp_path / "rows.jsonl"
        assert flagpost("review", "x:help", "--confirm", "--by", "a.khan").code == 0
        assert flagpost("review", "x:fresh", "--confirm", "--by", "a.khan").code == 0
        done(ready)
        assert flagpost("review", "export", str(rows)).code == 0
        ran = flagpost("forget", "--author", "@sally_b", "--why", "request 12", "--export", str(rows), "--yes")
        assert ran.code == 0, ran.err
        assert "2 posts found (x 2)." in ran.out
        assert "2 to delete, 0 deleted already, 0 held." in ran.out
        wait_for(lambda: "x:help" not in told_by_alerts(ready), "no alert tells what is forgotten")
        alerts, after = told_by_alerts(ready), found(ready)
        assert "x:fresh" in alerts
        assert (after["help"], after["sun"]) == ("tombstone", "tombstone")
        assert [json.loads(line)["id"] for line in rows.read_text("utf-8").splitlines()] == [document_id("x", "fresh")]
        exported = flagpost("review", "export")
        assert (exported.out.count("\n"), "2 no longer there" in exported.err) == (1, True)
        assert [one.value for one in records(ready, "chatter-sample")][-1] is None
        again = flagpost("forget", "--author", "Sally_B", "--why", "request 12", "--yes")
        assert "There is nothing to forget." in again.out

    outcomes = len(records(ready, "outcomes"))
    replay(ready, *STAGES)
    with WorkerProcesses(ready, *STAGES, **YEAR, FLAGPOST_CHATTER_SAMPLE="1"):
        done(ready)
        wait_for(lambda: told_by_alerts(ready) == alerts, "the alerts are as they were")
    samples = records(ready, "chatter-sample")
    assert {one.value for one in {one.key: one for one in samples}.values()} == {None}, "forgotten chatter is no sample"
    assert len(records(ready, "outcomes")) > outcomes, "every post was judged once more"
    assert found(ready) == after
    assert "sally" not in json.dumps([json.loads(one.value) for one in records(ready, "audit")]).lower()


def told_by_alerts(settings: Settings) -> dict[str, str]:
    """uid → the words of its post, as the newest record of each alert tells them."""
    newest = {record.key: record.value for record in records(settings, "alerts") if record.key and record.value}
    items = [one for value in newest.values() for one in json.loads(value).get("items", [])]
    return {f"{one['source']}:{one['id']}": one["excerpt"]["text"] for one in items if one.get("excerpt")}


def done(settings: Settings) -> None:
    for _ in range(2):  # what the review stage sends to [flagged] the index stage has to do after it
        wait_until_done(settings, timeout=PATIENCE, stages=("classify", "review", "index"))


# What goes, and what is left


def test_what_is_over_is_the_same_for_the_index_stage_and_for_a_query(ready: Settings) -> None:
    ages = Ages.of(ready.model_copy(update={"retain_items_days": 30.0, "retain_reviewed_days": 60.0}))
    decision = Decision(by="a.khan", at=NOW, grade="prompt")
    items = [judged(f"d{days:g}", days) for days in (29.9, 30.1, 59.9, 60.1)]
    items += [judged(f"r{days:g}", days) for days in (29.9, 30.1, 59.9, 60.1)]
    items = [
        item(post=one.post, judged_at=one.judged_at, review=decision) if one.id[0] == "r" else one for one in items
    ]
    for one in [*items, deleted("t", 99)]:
        store(ready, one, 0)
    with connect(ready) as client:
        pages = find(client, ready, ITEMS.write_alias, items_over(ages, NOW), page=2)
        over = {one.uid for page in pages for one in page}
    assert over == {one.uid for one in items if ages.item_is_over(one, NOW)}
    assert over == {"x:d30.1", "x:d59.9", "x:d60.1", "x:r60.1"}


def test_a_document_that_was_written_since_it_was_found_is_left(ready: Settings) -> None:
    for name in ("still", "edited"):
        store(ready, judged(name, 400), 400)

    def meanwhile(_page: object) -> tuple[str, ...]:
        store(ready, item(post=post("edited", edited_at=NOW), judged_at=NOW), 0)
        return ()

    with connect(ready) as client:
        over = items_over(Ages.of(ready), NOW)
        done = purge(client, ready, ITEMS.write_alias, over, meanwhile, Throttle(1000))
    assert (done.found, done.deleted, done.changed) == (2, 1, 1)
    assert set(found(ready)) == {"edited"}


def test_a_run_that_is_cut_off_goes_on_where_it_was(ready: Settings) -> None:
    for number in range(5):
        store(ready, judged(f"n{number}", 400), 400)
    pages: list[int] = []

    def killed_at_the_second(page: list[Found]) -> tuple[str, ...]:
        pages.append(len(page))
        if len(pages) == 2:
            raise KeyboardInterrupt
        return ()

    with connect(ready) as client:
        over = items_over(Ages.of(ready), NOW)
        with pytest.raises(KeyboardInterrupt):
            purge(client, ready, ITEMS.write_alias, over, killed_at_the_second, Throttle(1000), page=2)
        client.indices.refresh(index=ready.named(ITEMS.write_alias))
        assert len(found(ready)) == 3
        done = Retention(ready, client, NOW).run()
    assert done.steps[0].deleted == 3
    assert found(ready) == {}


def test_by_a_clock_that_is_ahead_of_kafkas_nothing_goes(ready: Settings) -> None:
    store(ready, judged("1", 300), 300)
    with connect(ready) as client, pytest.raises(StageHalted, match="100 days ahead of Kafka's"):
        Retention(ready, client, ago(-100)).run()
    assert set(found(ready)) == {"1"}


def test_a_long_run_makes_no_clock_right(ready: Settings) -> None:
    store(ready, judged("1", 400), 400)
    moments = iter((0.0, 7_000.0, 7_000.0))
    with connect(ready) as client, pytest.raises(StageHalted, match="ahead of Kafka's"):
        Retention(ready, client, dt.datetime.now(dt.UTC), monotonic=lambda: next(moments)).run()
    assert set(found(ready)) == {"1"}


def test_what_comes_while_nothing_is_due_does_not_go_without_a_line(
    ready: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def then_one_comes(*asked: Any) -> int:
        number = really_counted(*asked)
        store(ready, judged("fresh", 1), 0)
        return number

    really_counted = Retention._count
    monkeypatch.setattr(Retention, "_count", then_one_comes)
    with connect(ready) as client:
        done = Retention(ready, client, ago(-400)).run()
    assert (done.steps[0].deleted, set(found(ready))) == (0, {"fresh"})


def test_a_dry_run_and_a_run_of_nothing_change_nothing_and_what_goes_is_on_record(
    ready: Settings, flagpost: Flagpost
) -> None:
    store(ready, judged("old", 400), 400)
    store(ready, judged("young", 300), 300)
    assert counts(retained(flagpost, "--dry-run"), "items") == (1, 0, 0)
    assert set(found(ready)) == {"old", "young"}
    assert audit_of(ready, "documents-expired") == []
    ran = flagpost("retain", env={"retain_items_days": "200"})
    assert "items        from before" in ran.out
    assert "2 deleted" in ran.out
    assert "flagged is kept for 365 days and items for 200" in ran.err
    (line,) = audit_of(ready, "documents-expired")
    assert (line["on"], line["detail"]["what"], line["detail"]["due"]) == ("flagpost-items", "items", "2")
    setup = flagpost("setup", env={"retain_items_days": "200"})
    assert "it still holds what has gone from the index" in setup.out
