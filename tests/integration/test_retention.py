"""`flagpost retain`, `hold` and `forget` on a real Kafka and a real Elasticsearch, and every topic read again after them."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer

from pipeline.done import wait_until_done
from pipeline.elasticsearch_client import connect
from pipeline.index.document import document_of
from pipeline.lag import group_of
from pipeline.retention.age import Ages, items_over
from pipeline.retention.holds import HoldBook
from pipeline.retention.purge import Found, Throttle, find, purge
from pipeline.retention.retain import Retention
from pipeline.settings import Settings
from schemas import codec
from schemas.hold import Hold
from schemas.identity import document_id, version_of
from schemas.item import Decision, Item, Withdrawn
from schemas.mapping import ITEMS
from schemas.post import Author
from schemas.review import Review
from tests.found import hits, records
from tests.messages import item, post
from tests.servers import Flagpost
from tests.worker_processes import WorkerProcesses, wait_for

pytestmark = pytest.mark.integration

NOW = dt.datetime.now(dt.UTC)
STAGES = ("classify", "review", "index", "alert", "page")
YEAR = {"FLAGPOST_RETAIN_ITEMS_DAYS": "365"}

# Of whatever the model thinks, it must not doubt these.
HELP = "please help, a man with a knife is trying to get into my house right now, send police"
CHATTER = "lovely sunset over the bay tonight, chips on the front, happy days"


def ago(days: float) -> dt.datetime:
    return NOW - dt.timedelta(days=days)


def judged(id: str, days: float, **fields: Any) -> Item:
    """An item that came in and was judged so long ago."""
    return item(post=post(id, created_at=ago(days), **fields), judged_at=ago(days))


def deleted(id: str, days: float) -> Withdrawn:
    moment = ago(days)
    return Withdrawn(source="x", id=id, reason="deleted", revision=moment, withdrawn_at=moment, activation=1)


def send(settings: Settings, topic: str, *values: Any, days: float = 0) -> None:
    """Sends records that Kafka has had for so long."""
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap())
    for value in values:
        at = int(ago(days).timestamp() * 1000)
        producer.send(settings.named(topic), codec.encode(value), key=value.uid.encode(), timestamp_ms=at)
    producer.flush()
    producer.close()


def store(settings: Settings, record: Item | Withdrawn, days: float) -> None:
    """Stores a document as the index worker has it stored so long ago."""
    with connect(settings) as client:
        client.index(
            index=settings.named(ITEMS.write_alias),
            id=document_id(record.source, record.id),
            document=json.loads(codec.encode(document_of(record, ago(days)))),
            version=version_of(record),
            version_type="external_gte",
            refresh=True,
        )


def forget_deletes_at_once(settings: Settings) -> None:
    """Elasticsearch remembers the version of what it deleted for a minute, and would refuse a replay that comes sooner."""
    with connect(settings) as client:
        client.indices.put_settings(index=settings.named(ITEMS.name), settings={"index.gc_deletes": "1ms"})


def found(settings: Settings) -> dict[str, str]:
    """Post id → its text, or ``tombstone``, of everything in the index."""
    sources = [hit["_source"] for hit in hits(settings, ITEMS.write_alias)]
    return {one["flagpost"]["post_id"]: one.get("message", "tombstone") for one in sources}


def audit_of(settings: Settings, act: str) -> list[dict[str, Any]]:
    lines = [json.loads(record.value) for record in records(settings, "audit")]
    return [line for line in lines if line["act"] == act]


def retained(flagpost: Flagpost, *arguments: str) -> dict[str, Any]:
    ran = flagpost("retain", "--json", *arguments)
    assert ran.code == 0, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    told["steps"] = {step.pop("what"): step for step in told["steps"]}
    return told


def replay(settings: Settings) -> None:
    """Makes every stage begin again with the first record of its topics. Kafka refuses while a worker is in its group."""
    groups = {settings.named(group_of(stage)) for stage in STAGES}
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap())
    try:
        assert groups <= {one["group_id"] for one in admin.list_groups()}

        def forgotten() -> bool:
            there = groups & {one["group_id"] for one in admin.list_groups()}
            return set(admin.delete_groups(sorted(there)).values()) == {"OK"} if there else True

        wait_for(forgotten, 30, "every worker has left its group")
    finally:
        admin.close()


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
        wait_for(lambda: {"x:fresh", "x:help"} <= set(told_by_alerts(ready)), 30, "an alert tells of both posts")
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
        wait_for(lambda: "x:help" not in told_by_alerts(ready), 30, "no alert tells what is forgotten")
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
    replay(ready)
    with WorkerProcesses(ready, *STAGES, **YEAR, FLAGPOST_CHATTER_SAMPLE="1"):
        done(ready)
        wait_for(lambda: told_by_alerts(ready) == alerts, 30, "the alerts are as they were")
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


def counts(told: dict[str, Any], what: str) -> tuple[int, int, int]:
    step = told["steps"][what]
    return step["found"], step["deleted"], step["spared"]


def done(settings: Settings) -> None:
    for _ in range(2):  # what the review stage sends to [flagged] the index stage has to do after it
        wait_until_done(settings, timeout=60, stages=("classify", "review", "index"))


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


# Holds


def test_a_held_item_is_there_again_after_a_rebuild_from_topics_that_have_forgotten_it(
    ready: Settings, flagpost: Flagpost
) -> None:
    for name in ("kept", "taken-back"):
        store(ready, judged(name, 400), 400)
        assert flagpost("hold", "add", f"x:{name}", "--why", "R v Marsh", "--by", "j.doyle").code == 0
    store(ready, deleted("taken-back", 0), 0)
    assert "1 holds renewed" in flagpost("hold", "restore").out  # the hold knows of the delete now
    forget_deletes_at_once(ready)
    with connect(ready) as client:
        for one in hits(ready, ITEMS.write_alias):
            client.delete(index=ready.named(ITEMS.write_alias), id=one["_id"], refresh=True)
        with WorkerProcesses(ready, "index", **YEAR):
            assert "2 held items given back" in flagpost("hold", "restore").out
            wait_for(lambda: set(found(ready)) == {"kept", "taken-back"}, 60, "the index has what is held")
            wait_until_done(ready, timeout=60, stages=("index",))
    assert found(ready)["taken-back"] == "tombstone"
    assert flagpost("hold", "restore").out == "The index has all that is held.\n"
    shown = json.loads(flagpost("hold", "show", "x:taken-back", "--why", "disclosure").out)
    assert shown["item"]["post"]["text"] == "lads dealing by the pier"
    assert [line["by"] for line in audit_of(ready, "hold-added")] == ["j.doyle"] * 2
    assert len(audit_of(ready, "hold-viewed")) == 1


def test_what_somebody_holds_or_releases_while_retain_looks_stays_so(
    ready: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(*asked: Any) -> dict[str, Item | Withdrawn]:
        send(ready, "holds", Hold(item=judged("lapsed", 4), by="a.khan", at=NOW, why="case 7"))
        released(ready, "x:freed")
        return {"x:freed": deleted("freed", 1)}  # the hold of it would be renewed

    send(ready, "holds", Hold(item=judged("lapsed", 4), by="j.doyle", at=ago(3), why="case 6", until=ago(1)))
    send(ready, "holds", Hold(item=judged("freed", 4), by="j.doyle", at=ago(3), why="case 6"))
    monkeypatch.setattr("pipeline.retention.retain.stored", meanwhile)
    with connect(ready) as client:
        Retention(ready, client, NOW).tend()
    assert {uid: one.why for uid, one in HoldBook(ready).look().items()} == {"x:lapsed": "case 7"}


def released(settings: Settings, uid: str) -> None:
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap())
    producer.send(settings.named("holds"), None, key=uid.encode())
    producer.close()


def test_a_hold_ends_when_it_is_released_or_lapses_and_then_the_item_goes(ready: Settings, flagpost: Flagpost) -> None:
    for name in ("released", "lapsed", "held"):
        store(ready, judged(name, 400), 400)
    assert flagpost("hold", "add", document_id("x", "released")[:9], "--why", "case 4", "--by", "j.doyle").code == 0
    assert flagpost("hold", "add", "x:held", "--why", "case 5", "--until", "2100-01-01", "--by", "j.doyle").code == 0
    send(ready, "holds", Hold(item=judged("lapsed", 400), by="j.doyle", at=ago(90), why="case 6", until=ago(1)))
    states = {one["uid"]: one["state"] for one in map(json.loads, flagpost("hold", "list", "--json").out.splitlines())}
    assert states == {"x:released": "held", "x:held": "held", "x:lapsed": "lapsed"}
    assert flagpost("hold", "release", "x:released", "--why", "case closed", "--by", "j.doyle").code == 0
    told = retained(flagpost)
    assert told["lapsed"] == [document_id("x", "lapsed")]
    assert counts(told, "items") == (3, 2, 1)
    assert set(found(ready)) == {"held"}
    assert [line["detail"]["why"] for line in audit_of(ready, "hold-released")] == ["case closed"]
    assert len(audit_of(ready, "hold-lapsed")) == 1
    assert "case 5" in flagpost("hold", "list").out


def test_what_hinders_a_hold_is_one_sentence(ready: Settings, flagpost: Flagpost) -> None:
    store(ready, judged("1", 1), 1)
    assert flagpost("hold", "add", "x:1", "--why", "case 4", "--by", "j.doyle").code == 0
    for arguments, sentence in (
        (
            ("add", "x:1", "--why", "case 5", "--until", "2100-01-01"),
            "x:1 is held for longer already: by j.doyle since",
        ),
        (("add", document_id("x", "1")[:7], "--why", "case 5"), "The id of a held item begins with"),
        (("add", "x:nobody", "--why", "case 5"), "The index has no item"),
        (("add", "x:1", "--why", " "), "empty --why"),
        (("add", "x:1", "--why", "case 5", "--until", "2020-01-01"), "--until has passed"),
        (("release", "x:2", "--why", "over"), "Nothing that is held is named 'x:2'"),
    ):
        ran = flagpost("hold", *arguments)
        assert (ran.code, ran.err.count("\n") <= 2) == (2, True), ran.err
        assert sentence in ran.err
    assert len(audit_of(ready, "hold-added")) == 1


# Forgetting


def test_what_is_held_is_not_forgotten(ready: Settings, flagpost: Flagpost) -> None:
    mine = Author(handle="sally_b")
    for name in ("1", "2"):
        store(ready, judged(name, 1, author=mine), 1)
    assert flagpost("hold", "add", "x:1", "--why", "R v Marsh", "--by", "j.doyle").code == 0
    for asked in (("--post", "x:1"), ("--author", "sally_b")):
        ran = flagpost("forget", *asked, "--why", "request 12", "--yes")
        assert (ran.code, "x:1 can't be forgotten: there is a hold on it" in ran.err) == (2, True), ran.err
    assert records(ready, "posts") == []
    ran = flagpost("forget", "--author", "sally_b", "--why", "request 12", "--yes", "--except-held", "--timeout", "0")
    assert "the index does not show yet that 1 of them are gone" in ran.err  # no worker runs here
    assert [json.loads(one.value)["id"] for one in records(ready, "posts")] == ["2"]


def test_what_would_be_forgotten_is_told_before_anything_is_done(
    ready: Settings, flagpost: Flagpost, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": document_id("x", "long-gone")}) + "\n")
    tried = flagpost("forget", "--post", "x:long-gone", "--why", "request 12", "--export", str(rows), "--dry-run")
    assert (tried.code, "1 rows in" in tried.out) == (0, True), "a file may be all that still has it"
    store(ready, judged("1", 1, author=Author(handle="@Sally_B")), 1)
    send(ready, "posts", post("1", author=Author(handle="@Sally_B")), post("2", author=Author(handle="sally")))
    send(ready, "posts", post("3", source="bluesky", author=Author(handle="sally")))
    tried = flagpost("forget", "--author", "sally_b", "--why", "request 12", "--dry-run")
    assert "1 in the index" in tried.out
    assert "1 in [posts]" in tried.out
    assert "Nothing was changed." in tried.out
    for arguments, code, sentence in (
        (
            ("--author", "sally", "--why", "request 12"),
            2,
            "Several sources have posts by such an author (bluesky 1, x 1)",
        ),
        (("--author", "sally", "--why", "of Sally, who asked"), 2, "--why names the author"),
        (("--post", "x:nobody", "--why", "request 12"), 2, "Nothing anywhere is about x:nobody"),
        (("--post", "nobody", "--why", "request 12"), 2, "is not source:id"),
        (("--why", "request 12"), 2, "Say whose posts, or which post."),
    ):
        ran = flagpost("forget", *arguments)
        assert (ran.code, sentence in ran.err) == (code, True), ran.err
    asked = flagpost("forget", "--author", "sally", "--source", "bluesky", "--why", "request 12", stdin="n\n")
    assert "Nothing was changed." in asked.out
    assert len(records(ready, "posts")) == 3
    assert audit_of(ready, "post-forgotten") == []
    assert {line["act"] for line in audit_of(ready, "forget-sought")} == {"forget-sought"}
