"""Posts through real workers on a real Kafka into a real Elasticsearch, with the released model."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from pipeline.done import wait_until_done
from pipeline.offsets import OffsetReader
from pipeline.pause import pause_file
from pipeline.settings import Settings
from pipeline.status import Lag, read_lags
from pipeline.workers import workers as living
from schemas import mapping
from schemas.topics import DEAD_LETTERS, OUTCOMES
from tests.found import end, records
from tests.ledger import Ledger
from tests.servers import installation, set_up
from tests.waiting import PATIENCE, wait_for
from tests.worker_processes import WorkerProcesses

pytestmark = pytest.mark.integration

EXAMPLES = Path(mapping.__file__).parent / "examples" / "posts"
ROOT = Path(mapping.__file__).parent.parent

# Of whatever the model thinks, it must not doubt these.
HELP = "please help, a man with a knife is trying to get into my house right now, send police"
CHATTER = "lovely sunset over the bay tonight, chips on the front, happy days"


@pytest.fixture(scope="module")
def through(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """What went through workers that ran once: the examples, wordings of a post, and bad messages among good ones."""
    with installation(stack, tmp_path_factory.mktemp("through") / "home") as settings:
        set_up(settings)
        ledger = Ledger(settings)
        send_examples(ledger)
        send_wordings(ledger)
        send_neighbours(ledger)
        ledger.flush()
        with WorkerProcesses(settings):
            wait_until_done(settings, timeout=PATIENCE)
        yield ledger


def send_examples(ledger: Ledger) -> None:
    for path in sorted(EXAMPLES.glob("bad/*.json")):
        ledger.bad(path.read_bytes())
    for path in sorted(EXAMPLES.glob("good/*.json")):
        body = json.loads(path.read_text("utf-8"))
        if body["type"] == "post":
            del body["type"]
            ledger.post(body.pop("id"), body.pop("text"), **body)
    for path in sorted(EXAMPLES.glob("good/*.json")):
        body = json.loads(path.read_text("utf-8"))
        if body["type"] == "post_deleted":
            ledger.delete(body["id"], body["source"])


def test_every_example_goes_the_whole_way(through: Ledger) -> None:
    assert through.differences() == []
    reasons = {one.get("reason") for one in through.outcomes().values() if one["outcome"] == "dead_lettered"}
    assert reasons == {path.stem.partition("--")[0] for path in EXAMPLES.glob("bad/*.json")}


def send_wordings(ledger: Ledger) -> None:
    ledger.post("once", HELP, times=3)
    ledger.post("edited", HELP)
    ledger.post("edited", HELP + " he is at the back door", edited_at="2026-08-15T10:05:00Z", times=3)
    ledger.post("older-last", HELP + " newest", edited_at="2026-08-15T10:09:00Z")
    ledger.post("calmed", HELP)
    ledger.post("calmed", CHATTER, edited_at="2026-08-15T10:05:00Z")
    ledger.post("deleted", HELP, times=3)
    ledger.delete("deleted", times=3)
    ledger.delete("before-its-post")
    ledger.post("before-its-post", HELP)
    ledger.post("chatter", CHATTER)
    ledger.delete("chatter")


def test_edits_deletes_and_triple_deliveries_leave_one_right_document(through: Ledger) -> None:
    documents = {document["flagpost"]["uid"]: document for document in through.documents().values()}
    gone = {"x:calmed", "x:deleted", "x:before-its-post", "x:chatter"}
    assert documents.keys() & {"x:once", "x:edited", "x:older-last", *gone} == {"x:once", "x:edited", "x:older-last"}
    assert documents["x:edited"]["message"].endswith("at the back door")
    assert documents["x:once"]["flagpost"]["label"] == "help_request"
    assert documents["x:once"]["event"]["reason"]


def send_neighbours(ledger: Ledger) -> None:
    for number in range(60):
        ledger.post(f"n{number}", HELP if number % 3 else CHATTER)
        if number % 20 == 7:
            ledger.bad(torn(number), key=f"x:n{number}")


def torn(number: int) -> bytes:
    return b'{"type": "post", "source": "x", "id": "n%d"' % number


def test_a_bad_message_costs_its_neighbours_nothing(through: Ledger) -> None:
    letters = [record.value for record in records(through.settings, DEAD_LETTERS.name)]
    assert [letters.count(torn(number)) for number in (7, 27, 47)] == [1, 1, 1]
    found = {document["flagpost"]["uid"] for document in through.documents().values()}
    assert {f"x:n{number}" for number in range(60) if number % 3} <= found
    assert through.differences() == []


def test_a_killed_worker_and_a_stopped_elasticsearch_lose_nothing(ready: Settings, stack: Stack) -> None:
    saturday = [json.loads(line) for line in _readable(ROOT / "deploy" / "demo" / "saturday.jsonl")]
    posts = [one for one in saturday if "deleted_at" not in one and "edited_at" not in one][:1200]
    ledger = Ledger(ready)
    with WorkerProcesses(ready) as workers:
        workers.wait_until_up()
        for body in posts:
            ledger.post(f"{body['id']}", body["text"], body["source"])
        ledger.flush()
        wait_for(lambda: end(ready, OUTCOMES.name), "classify is at work")
        first = workers.kill("classify")
        assert len(ledger.outcomes()) < ledger.records, "classify still had work when it was killed"
        stack.down(only="elasticsearch")
        down_at = time.monotonic()
        wait_for(lambda: workers.pid_of("classify") not in (None, first), "classify was started again")
        wait_until_done(ready, timeout=PATIENCE, stages=("classify",))  # which goes on without Elasticsearch
        assert len(ledger.outcomes()) == ledger.records
        wait_for(lambda: time.monotonic() - down_at >= 30, "Elasticsearch was away for 30 s")
        assert any(lag.stage == "index" and lag.lag for lag in lags(ready)), (
            "index had work while Elasticsearch was away"
        )
        stack.up(only="elasticsearch")
        wait_until_done(ready, timeout=PATIENCE)
        assert ledger.differences() == []


def test_a_broken_producer_pauses_the_stage_until_it_is_resumed(ready: Settings) -> None:
    ledger = Ledger(ready)
    for number in range(80):
        ledger.bad(b"<html>%d</html>" % number, key=f"k{number}")
    ledger.flush()
    with WorkerProcesses(ready, "classify") as workers:
        wait_for(lambda: pause_file(ready.home, "classify").exists(), "the stage is paused")
        ledger.post("after", HELP)
        ledger.flush()
        wait_for(lambda: workers.pid_of("classify"), "classify is running")
        wait_for(lambda: health_of(ready, "classify") == "paused", "health says so")
        assert len(ledger.outcomes()) <= 80, "nothing behind the bad ones is touched while the stage is paused"
        pause_file(ready.home, "classify").unlink()
        wait_for(lambda: len(ledger.outcomes()) == ledger.records, "the rest is done")


def test_workers_end_within_ten_seconds_when_they_are_asked_to(ready: Settings) -> None:
    ledger = Ledger(ready)
    for number in range(300):
        ledger.post(f"n{number}", HELP)
    ledger.flush()
    with WorkerProcesses(ready) as workers:
        workers.wait_until_up()
        assert workers.stop() < 12
    with WorkerProcesses(ready):
        wait_until_done(ready, timeout=PATIENCE)
        assert ledger.differences() == []


def lags(settings: Settings) -> list[Lag]:
    with OffsetReader(settings) as reader:
        return read_lags(reader, settings)[1]


def health_of(settings: Settings, stage: str) -> str | None:
    return next((worker.state for worker in living(settings.home) if worker.stage == stage), None)


def _readable(path: Path) -> list[bytes]:
    lines = []
    for line in path.read_bytes().splitlines():
        try:
            body = json.loads(line)
        except ValueError:
            continue
        if "1970" in str(body.get("created_at")) or not isinstance(body.get("text", ""), str) or "id" not in body:
            continue
        if "/" in body.get("created_at", ""):
            continue
        lines.append(line)
    return lines
