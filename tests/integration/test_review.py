"""`flagpost review` on a real Kafka and a real Elasticsearch, with real workers where something must be applied."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import KafkaProducer

from pipeline.done import wait_until_done
from pipeline.review.log import SLACK, ReviewLog
from pipeline.settings import Settings
from schemas import codec, mapping
from schemas.audit import LOOKS
from schemas.identity import document_id
from schemas.item import Item, Withdrawn
from schemas.post import MAX_AHEAD
from tests.doubles.manual_clock import START
from tests.found import hits, records
from tests.messages import item, post
from tests.servers import Flagpost
from tests.waiting import PATIENCE, wait_for
from tests.worker_processes import WorkerProcesses

pytestmark = pytest.mark.integration

ALERT = (Path(mapping.__file__).parent / "examples" / "alerts" / "good" / "open.json").read_bytes()
LATER = START + dt.timedelta(minutes=9)


def send(settings: Settings, *values: msgspec.Struct | bytes, topic: str = "flagged") -> None:
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap())
    for value in values:
        key = value.uid if isinstance(value, Item | Withdrawn) else "abcdefghijkl2345"
        encoded = value if isinstance(value, bytes) else codec.encode(value)
        producer.send(settings.named(topic), encoded, key=key.encode())
    producer.flush()
    producer.close()


def done(settings: Settings) -> None:
    wait_until_done(settings, timeout=PATIENCE, stages=("review", "index"))


def found(flagpost: Flagpost, *arguments: str) -> list[str]:
    ran = flagpost("search", "--json", *arguments)
    assert ran.code == 0, ran.err
    return sorted(json.loads(line)["flagpost"]["post_id"] for line in ran.out.splitlines())


def document(settings: Settings, id: str) -> dict[str, Any]:
    (one,) = (hit["_source"] for hit in hits(settings, "flagpost-items") if hit["_id"] == document_id("x", id))
    ours: dict[str, Any] = one["flagpost"]
    return ours


@pytest.fixture
def workers(ready: Settings) -> Any:
    with WorkerProcesses(ready, "index", "review") as workers:
        yield workers


def test_a_decision_is_found_beside_what_the_model_said_and_outlives_it(
    ready: Settings, flagpost: Flagpost, workers: WorkerProcesses
) -> None:
    send(ready, item("1"), item("2", "bins again"), item("3", "pier"))
    done(ready)
    decided = flagpost(
        "review", "x:1", "--label", "complaint", "--grade", "prompt", "--by", "a.khan", "--note", "no caller"
    )
    assert decided.out == "x:1: complaint, prompt (no caller). The 1st decision on this wording.\n"
    assert flagpost("review", document_id("x", "2")[:8].upper(), "--dismiss", "--by", "a.khan").code == 0
    done(ready)
    one = document(ready, "1")
    assert (one["label"], one["grade"], one["reviews"]) == ("complaint", "prompt", 1)
    assert one["verdict"] == {"label": "intel", "grade": "routine"}
    assert (one["review"]["by"], one["review"]["note"]) == ("a.khan", "no caller")
    assert found(flagpost) == ["1", "3"]
    assert found(flagpost, "--dismissed") == ["1", "2", "3"]
    assert found(flagpost, "--reviewed") == found(flagpost, "--label", "complaint") == ["1"]
    assert found(flagpost, "--unreviewed") == ["3"]
    assert "reviewed by a.khan" in flagpost("search", "--reviewed").out
    # A newer model, and a replay of what is there, take nothing back.
    send(ready, item("1", activation=2), item("2", "bins again", activation=2), item("3", "pier", activation=2))
    done(ready)
    assert document(ready, "1") == one
    assert found(flagpost) == ["1", "3"]
    # An edit does, and a delete.
    send(ready, item(post=post("1", "lads are gone", edited_at=LATER)))
    gone = Withdrawn(source="x", id="2", reason="deleted", revision=START, withdrawn_at=LATER, activation=1)
    send(ready, gone)
    done(ready)
    assert found(flagpost, "--unreviewed", "--dismissed") == ["1", "3"]
    assert (document(ready, "1")["label"], document(ready, "1").get("reviews", 0)) == ("intel", 0)
    assert flagpost("review", "x:2", "--confirm").code == 2
    again = flagpost("review", "x:1", "--confirm", "--by", "a.khan")
    assert again.out == "x:1: as the model said. The 1st decision on this wording.\n"
    history = flagpost("review", "show", "x:1").out
    assert history.count("applied, the 1st") == 2
    done(ready)
    audit = [json.loads(record.value) for record in records(ready, "audit")]
    decided_by = [(one["act"], one["by"]) for one in audit if one["act"] not in LOOKS]
    assert decided_by == [("review-decided", "a.khan")] * 3
    assert not workers.ends("")


def test_of_two_who_decide_at_once_the_second_is_told_what_the_first_decided(
    ready: Settings, flagpost: Flagpost
) -> None:
    send(ready, item("1"))
    with WorkerProcesses(ready, "index"):
        done_indexing(ready)
    first = flagpost("review", "x:1", "--dismiss", "--by", "j.doyle", "--note", "a film set")
    second = flagpost("review", "x:1", "--grade", "immediate", "--by", "a.khan")
    assert (first.code, second.code) == (0, 9)
    assert "Somebody decided before you (j.doyle, " in second.err
    assert "dismissed (a film set)" in second.err
    assert "--over" in second.err
    told = flagpost("review", "x:1", "--grade", "prompt", "--by", "a.khan", "--json")
    assert told.code == 9
    body = json.loads(told.out)
    assert (body["fate"], body["number"], body["first"]["decision"]["by"]) == ("overtaken", None, "j.doyle")
    over = flagpost("review", "x:1", "--grade", "immediate", "--by", "a.khan", "--over")
    assert "The 2nd decision" in over.out
    with WorkerProcesses(ready, "index", "review"):
        done(ready)
    one = document(ready, "1")
    assert (one["grade"], one["reviews"], one["review"]["by"]) == ("immediate", 2, "a.khan")
    assert "dismissed" not in one["review"]
    fates = [json.loads(line)["fate"] for line in flagpost("review", "show", "x:1", "--json").out.splitlines()]
    assert fates == ["applied", "overtaken", "overtaken", "applied"]
    acts = [json.loads(record.value)["act"] for record in records(ready, "audit")]
    assert [act for act in acts if act not in LOOKS] == [
        "review-decided",
        "review-overtaken",
        "review-overtaken",
        "review-decided",
    ]


def test_no_more_of_the_topic_is_read_than_can_matter(ready: Settings, flagpost: Flagpost) -> None:
    """Of a wording from a week ago whatever came since; of one that can't have come in yet, nothing."""
    send(ready, item("1"), item("2"))
    with WorkerProcesses(ready, "index"):
        done_indexing(ready)
    for id in ("1", "2"):
        assert flagpost("review", f"x:{id}", "--confirm", "--by", "a.khan").code == 0
    now = dt.datetime.now(dt.UTC)
    with ReviewLog(ready) as log:
        of_then = [
            log.first_that_counts(item(post=post(created_at=now + ahead)))
            for ahead in (-dt.timedelta(days=7), dt.timedelta(), MAX_AHEAD, MAX_AHEAD + 2 * SLACK)
        ]
    assert of_then == [0, 0, 0, 2]


def done_indexing(settings: Settings) -> None:
    wait_until_done(settings, timeout=PATIENCE, stages=("index",))


def test_what_was_decided_can_be_measured_with_and_what_is_gone_is_left_out(
    ready: Settings, flagpost: Flagpost, tmp_path: Path
) -> None:
    texts = {
        "1": "lads dealing by the pier",
        "2": "bins again",
        "3": "he has a knife",
        "4": "old words",
        "5": "taken back",
    }
    items = {id: item(id, text) for id, text in texts.items()}
    send(ready, *items.values())
    with WorkerProcesses(ready, "index"):
        done_indexing(ready)
        for id, said in (("1", "--confirm"), ("2", "--dismiss"), ("4", "--confirm"), ("5", "--confirm")):
            assert flagpost("review", f"x:{id}", said, "--by", "a.khan").code == 0
        arguments = ("--label", "help_request", "--also", "intel", "--grade", "immediate", "--by", "a.khan")
        assert flagpost("review", "x:3", *arguments).code == 0
        send(ready, item(post=post("4", "new words", edited_at=LATER)))
        send(ready, Withdrawn(source="x", id="5", reason="deleted", revision=START, withdrawn_at=LATER, activation=1))
        done_indexing(ready)
    file = tmp_path / "reviews.jsonl"
    ran = flagpost("review", "export", str(file))
    assert (ran.code, ran.out) == (0, "")
    assert "3 rows written. Left out: 1 no longer there, 1 edited since." in ran.err
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [(row["text"], row["label"], row["also"], row["grade"]) for row in rows] == [
        (texts["1"], "intel", [], "routine"),
        (texts["2"], "chatter", [], None),
        (texts["3"], "help_request", ["intel"], "immediate"),
    ]
    assert {row["model_label"] for row in rows} == {"intel"}
    assert "khan" not in file.read_text("utf-8")
    assert flagpost("review", "export").out == file.read_text("utf-8")
    assert flagpost("review", "export", "--since", "2100-01-01").out == ""
    measured = flagpost("evaluate", str(file), "--json", "-")
    assert measured.code == 0, measured.err
    columns = json.loads(measured.out)["columns"]
    assert columns == {
        "text": "text",
        "label": "label",
        "grade": "grade",
        "also": "also",
        "source": "source",
        "id": "id",
    }


def test_alerts_are_indexed_beside_the_items(ready: Settings, workers: WorkerProcesses) -> None:
    older = json.dumps({**json.loads(ALERT), "sequence": 2, "state": "acknowledged"}).encode()
    send(ready, ALERT, older, topic="alerts")
    wait_for(lambda: hits(ready, "flagpost-alerts"), lambda: f"the alert is stored; {workers.log('index')}")
    done(ready)
    (hit,) = hits(ready, "flagpost-alerts")
    assert (hit["_id"], hit["_source"]["flagpost"]["alert"]["state"]) == ("abcdefghijkl2345", "open")
    assert "LD15" not in json.dumps(hit)


def test_a_wrong_argument_is_one_sentence(ready: Settings, flagpost: Flagpost) -> None:
    ids = [f"{number}" for number in range(40)]
    send(ready, *(item(id) for id in ids))
    with WorkerProcesses(ready, "index"):
        done_indexing(ready)
    first = document_id("x", "0")
    ambiguous = next(document_id("x", id)[0] for id in ids[1:] if any(
        document_id("x", id)[0] == document_id("x", other)[0] for other in ids if other != id
    ))  # fmt: skip
    for arguments, code, sentence in (
        ((first,), 2, "Nothing was decided."),
        ((ambiguous, "--confirm"), 2, "More than one item's id begins with"),
        (("0000", "--confirm"), 2, "The index has no item '0000'."),
        ((document_id("x", "nobody"), "--confirm"), 2, "The index has no item"),
        ((first, "--also", "complaint", "--no-also"), 2, "contradict each other"),
        ((first, "--dismiss", "--grade", "prompt"), 2, "has no label and no grade"),
    ):
        ran = flagpost("review", *arguments)
        assert ran.code == code, arguments
        assert sentence in ran.err
        assert ran.err.startswith("Error: ")
    assert flagpost("review", "show", "x:nobody").out == "Nothing was decided on such a post.\n"
    assert flagpost("review", first, "--confirm", env={"kafka_bootstrap": "127.0.0.1:1"}).code == 3
    assert flagpost("review", first, "--confirm", env={"elasticsearch_url": "http://127.0.0.1:1"}).code == 3
    assert flagpost("review", first, "--confirm", env={"namespace": "nobody-has-this"}).code == 5
    assert flagpost("review", "show", first, env={"namespace": "nobody-has-this"}).code == 5
    assert not records(ready, "reviews")
