"""`flagpost ingest` and `flagpost ingest-http` as processes, on a real Kafka."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from deploy.local.stack import Stack
from pipeline.settings import ROOT, Settings
from pipeline.setup.topics import setup_topics
from schemas.dead_letter import DeadLetter
from tests.servers import Flagpost
from tests.waiting import PATIENCE, wait_for

pytestmark = pytest.mark.integration


def post(number: int, **fields: Any) -> str:
    return json.dumps(
        {"source": "x", "id": number, "text": f"post {number}", "created_at": "2026-01-03T14:05:00Z", **fields}
    )


def records(settings: Settings, topic: str) -> list[Any]:
    """Everything that is on ``topic``."""
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, consumer_timeout_ms=20_000)
    partitions = [
        TopicPartition(settings.named(topic), number)
        for number in consumer.partitions_for_topic(settings.named(topic)) or ()
    ]
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    left = sum(consumer.end_offsets(partitions).values())
    found = [record for _, record in zip(range(left), consumer, strict=False)] if left else []
    consumer.close()
    return found


def ids(settings: Settings) -> list[int]:
    return sorted(int(json.loads(record.value)["id"]) for record in records(settings, "posts"))


def environment(settings: Settings, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "FLAGPOST_HOME": str(settings.home),
        "FLAGPOST_NAMESPACE": settings.namespace,
        "FLAGPOST_KAFKA_BOOTSTRAP": settings.bootstrap(),
        **more,
    }


def begin(settings: Settings, *arguments: str, patience: float = 30, **more: str) -> subprocess.Popen[str]:
    """``patience``: seconds after which ``flagpost ingest`` counts what is not acknowledged as failed."""
    code = f"from pipeline.ingest import publish; publish.PATIENCE = {patience}; from pipeline.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=environment(settings, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "posts.jsonl"
    path.write_text("".join(f"{post(number)}\n" for number in range(2000)))
    return path


def cursor_line(settings: Settings) -> int:
    notes = list((settings.home / "ingest").glob("*.json"))
    return int(json.loads(notes[0].read_text())["line"]) if notes else 0


def test_posts_and_dead_letters_arrive_as_they_were(ready: Settings, flagpost: Flagpost, tmp_path: Path) -> None:
    bad = post(2, created_at=1_700_000_000)
    path = tmp_path / "posts.jsonl"
    path.write_text(f"{post(1, likes=4)}\n{bad}\n")
    ran = flagpost("ingest", str(path), "--json")
    assert ran.code == 1
    assert json.loads(ran.out) | {"seconds": 0, "posts_per_second": 0} == {
        "sent": 1,
        "bad": 1,
        "refused": 0,
        "seconds": 0,
        "posts_per_second": 0,
        "interrupted": False,
        "files": [{"name": str(path), "lines": 2}],
    }
    (record,) = records(ready, "posts")
    assert (record.key, json.loads(record.value)["extra"]) == (b"x:1", {"likes": 4})
    (dead,) = records(ready, "dead-letters")
    letter = DeadLetter.from_headers(dead.headers)
    assert dead.value == bad.encode()
    assert (letter.reason, letter.stage, letter.origin) == ("bad_date", "ingest", f"{path}:2")
    assert f"{path}:2: bad_date" in ran.err


def test_a_dead_letter_as_large_as_the_topic_takes_is_kept_verbatim(
    ready: Settings, flagpost: Flagpost, tmp_path: Path
) -> None:
    large = post(1, text="t" * 2_000_000)
    path = tmp_path / "posts.jsonl"
    path.write_text(f"{large}\n{post(2, text='t' * 3_000_000)}\n{post(3)}\n")
    ran = flagpost("ingest", str(path))
    assert ran.code == 1
    assert [record.value for record in records(ready, "dead-letters")] == [large.encode()]
    assert "REFUSED" in ran.err
    assert ids(ready) == [3]


def test_after_kill_9_the_same_command_goes_on_and_nothing_is_missing(
    ready: Settings, flagpost: Flagpost, path: Path
) -> None:
    process = begin(ready, "ingest", str(path), "--rate", "300")
    wait_for(lambda: cursor_line(ready) > 100, "some lines are sent")
    process.kill()
    process.communicate()
    acknowledged = cursor_line(ready) - 1
    ran = flagpost("ingest", str(path))
    assert f"resuming after line {acknowledged:,}" in ran.err
    assert set(ids(ready)) == set(range(2000))
    again = flagpost("ingest", str(path))
    assert (again.code, "already ingested, 2,000 lines" in again.err) == (0, True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_with_everything_flushed(
    ready: Settings, flagpost: Flagpost, path: Path, number: signal.Signals, code: int
) -> None:
    process = begin(ready, "ingest", str(path), "--rate", "300")
    wait_for(lambda: cursor_line(ready) > 100, "some lines are sent")
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert "Run the same command again to go on." in err
    sent = re.search(r"sent ([\d,]+) posts", out)
    assert sent
    assert len(records(ready, "posts")) == int(sent.group(1).replace(",", ""))
    assert flagpost("ingest", str(path)).code == 0
    assert ids(ready) == list(range(2000))  # without a single one twice


def test_a_followed_file_is_sent_as_it_grows(ready: Settings, tmp_path: Path) -> None:
    path = tmp_path / "live.jsonl"
    path.write_text(f"{post(1)}\n")
    process = begin(ready, "ingest", str(path), "--follow")
    wait_for(lambda: cursor_line(ready) == 2, "line 2 is sent")
    with path.open("a") as file:
        file.write(f"{post(2)}\n{post(3)}"[:-5])
    wait_for(lambda: cursor_line(ready) == 3, "line 3 is sent")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert ids(ready) == [1, 2]


def test_a_kafka_that_goes_away_ends_the_run_with_one_sentence(
    stack: Stack, ready: Settings, flagpost: Flagpost, path: Path
) -> None:
    process = begin(ready, "ingest", str(path), "--rate", "300", patience=6)
    wait_for(lambda: cursor_line(ready) > 100, "some lines are sent")
    stack.kill("kafka")
    try:
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 3
        assert "acknowledged." in err
        assert "Traceback" not in err
        begin_again = time.monotonic()
        assert flagpost("ingest", str(path)).code == 3
        assert time.monotonic() - begin_again < 20
    finally:
        stack.up("kafka")
    assert flagpost("ingest", str(path)).code == 0
    assert set(ids(ready)) == set(range(2000))


def test_missing_topics_are_told(settings: Settings, flagpost: Flagpost, path: Path) -> None:
    ran = flagpost("ingest", str(path))
    assert ran.code == 5
    assert "flagpost setup" in ran.err


def test_topics_that_were_made_anew_get_everything_again(ready: Settings, flagpost: Flagpost, path: Path) -> None:
    assert flagpost("ingest", str(path)).code == 0
    admin = KafkaAdminClient(bootstrap_servers=ready.kafka_bootstrap)
    admin.delete_topics([ready.named("posts")])
    wait_for(lambda: ready.named("posts") not in admin.list_topics(), "the topic is gone")
    admin.close()
    list(setup_topics(ready))
    assert flagpost("ingest", str(path)).code == 0
    assert ids(ready) == list(range(2000))


@pytest.fixture
def server(ready: Settings) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = begin(ready, "ingest-http", "--port", "0", FLAGPOST_HTTP_TOKEN="sesame-open-wide")
    assert process.stderr
    found = re.search(r"http://\S+/posts", process.stderr.readline())
    assert found
    yield found.group(), process
    process.kill()
    process.communicate()


def send(url: str, *posts: str) -> int:
    request = urllib.request.Request(
        url,
        "\n".join(posts).encode(),
        {"Authorization": "Bearer sesame-open-wide", "Content-Type": "application/x-ndjson"},
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_http_posts_arrive_and_survive_an_outage(
    stack: Stack, ready: Settings, server: tuple[str, subprocess.Popen[str]]
) -> None:
    url, process = server
    assert send(url, post(1), post(2)) == 200
    stack.kill("kafka")
    try:
        assert send(url, post(3)) == 503
    finally:
        stack.up("kafka")
    wait_for(lambda: send(url, post(3)) == 200, "posts are taken again")
    process.terminate()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert set(ids(ready)) == {1, 2, 3}


def test_a_users_own_file_with_only_ids_and_texts(ready: Settings, flagpost: Flagpost, tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    own.write_text("".join(json.dumps({"id": number, "text": f"post {number}"}) + "\n" for number in range(300)))

    untold = flagpost("ingest", str(own))
    assert untold.code == 2
    assert "--source" in untold.err
    assert "--created-at now" in untold.err
    assert records(ready, "posts") == records(ready, "dead-letters") == []

    told = flagpost("ingest", str(own), "--source", "mine", "--created-at", "now")
    assert told.code == 0, told.err
    assert ids(ready) == list(range(300))
    assert {json.loads(record.value)["source"] for record in records(ready, "posts")} == {"mine"}
