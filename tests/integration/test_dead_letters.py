"""`flagpost dead-letters` on a real Kafka."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest
from kafka import KafkaProducer

from pipeline.settings import Settings
from pipeline.topic_reader import read_topic
from schemas.dead_letter import DeadLetter
from schemas.topics import DEAD_LETTERS, FLAGGED, POSTS
from tests.servers import Flagpost
from tests.waiting import PATIENCE

pytestmark = pytest.mark.integration

NOW = dt.datetime.now(dt.UTC)
BYTES = b"\x1b[2J\xff\x00 not a post \r\n"
LINE = {"source": "x", "id": 88, "text": "café", "created_at": "2026-08-15T11:00:00Z"}


class Letters:
    """Puts dead letters into the topic, each a second newer than the one before."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.named(DEAD_LETTERS.name)
        self._producer = KafkaProducer(bootstrap_servers=settings.kafka_bootstrap, max_request_size=3_000_000)
        self._count = 0

    def put(self, value: bytes, key: bytes | None = b"k", **fields: Any) -> str:
        """Returns its id."""
        self._count += 1
        letter = DeadLetter(**{"reason": "not_json", "stage": "classify", "dead_at": NOW, **fields})
        stamp = int(NOW.timestamp() * 1000) + self._count * 1000
        future = self._producer.send(self._topic, value, key=key, headers=letter.to_headers(), timestamp_ms=stamp)
        sent = future.get(timeout=PATIENCE)
        return f"{sent.partition}:{sent.offset}"

    def record(self, value: bytes, topic: str = "posts", **fields: Any) -> str:
        return self.put(value, topic=topic, partition=2, offset=self._count, **fields)

    def line(self, value: bytes, **fields: Any) -> str:
        return self.put(value, None, stage="ingest", origin="posts.jsonl:3", **fields)


@pytest.fixture
def letters(ready: Settings) -> Letters:
    return Letters(ready)


def listed(flagpost: Flagpost, *arguments: str) -> list[str]:
    ran = flagpost("dead-letters", "list", "--json", *arguments)
    assert ran.code == 0, ran.err
    return [json.loads(line)["id"] for line in ran.out.splitlines()]


def test_the_newest_is_listed_first(flagpost: Flagpost, letters: Letters) -> None:
    ids = [letters.record(b"{", key=str(number).encode()) for number in range(12)]
    assert listed(flagpost) == ids[::-1]
    assert listed(flagpost, "--limit", "5") == ids[:-6:-1]
    assert "5 of 12 shown." in flagpost("dead-letters", "list", "-n", "5").out


def test_the_list_is_of_one_reason_or_stage(flagpost: Flagpost, letters: Letters) -> None:
    bad_date = letters.record(b"{}", reason="bad_date")
    line = letters.line(b"{")
    letters.record(b"{")
    assert listed(flagpost, "--reason", "bad_date") == [bad_date]
    assert listed(flagpost, "--stage", "ingest") == [line]
    assert listed(flagpost, "--stage", "index") == []
    assert "No such dead letters." in flagpost("dead-letters", "list", "--stage", "index").out


def test_an_empty_list_is_said(flagpost: Flagpost, ready: Settings) -> None:
    assert flagpost("dead-letters", "list").out == "No dead letters.\n"
    assert flagpost("dead-letters", "replay", "--all").out == "There are no dead letters.\n"


def test_one_is_shown_safely_and_written_verbatim(flagpost: Flagpost, letters: Letters) -> None:
    id = letters.record(BYTES, detail="byte 4 is not UTF-8", reason="not_utf8")
    shown = flagpost("dead-letters", "show", id)
    assert "not_utf8: byte 4 is not UTF-8" in shown.out
    assert "posts 2:" in shown.out
    assert "␛[2J\\xff␀ not a post" in shown.out
    assert "\x1b" not in shown.out
    assert flagpost("dead-letters", "show", "--raw", id).raw == BYTES


def test_a_large_one_is_written_whole(flagpost: Flagpost, letters: Letters) -> None:
    value = b"a" * (DEAD_LETTERS.max_bytes - 4096)
    assert flagpost("dead-letters", "show", "--raw", letters.record(value)).raw == value


def test_a_record_goes_back_to_its_topic_byte_for_byte(flagpost: Flagpost, letters: Letters, ready: Settings) -> None:
    post = letters.record(BYTES, key=b"\xfekey")
    item = letters.record(b"{}", topic="flagged", key=b"x:2")
    ran = flagpost("dead-letters", "replay", post, item, "--yes")
    assert (ran.code, ran.out) == (0, "2 sent again.\n")
    (record,) = read_topic(ready, POSTS)
    assert (record.value, record.key) == (BYTES, b"\xfekey")
    assert dict(record.headers) == {"flagpost-replayed-from": post.encode()}
    (record,) = read_topic(ready, FLAGGED)
    assert (record.value, record.key) == (b"{}", b"x:2")
    assert len(listed(flagpost)) == 2  # they stay where they are


def test_all_or_those_of_one_reason_are_sent(flagpost: Flagpost, letters: Letters, ready: Settings) -> None:
    for number in range(7):
        letters.record(f"{number}".encode(), key=f"{number}".encode(), reason="crashed" if number < 3 else "not_json")
    assert flagpost("dead-letters", "replay", "--reason", "crashed", "--yes").out == "3 sent again.\n"
    assert sorted(record.value for record in read_topic(ready, POSTS)) == [b"0", b"1", b"2"]
    assert flagpost("dead-letters", "replay", "--all", "--yes").out == "7 sent again.\n"
    assert len(list(read_topic(ready, POSTS))) == 10


def test_nothing_is_sent_before_somebody_says_yes(flagpost: Flagpost, letters: Letters, ready: Settings) -> None:
    alone = letters.record(b"{")
    assert "Send 1 dead letter again (1 of posts)?" in flagpost("dead-letters", "replay", alone, stdin="n\n").out
    letters.line(json.dumps(LINE).encode())
    no = flagpost("dead-letters", "replay", "--all", stdin="n\n")
    assert "Send 2 dead letters again (1 of posts, 1 read from files)?" in re.sub(r"\s+", " ", no.out).replace(
        "(1 read from files, 1 of posts)", "(1 of posts, 1 read from files)"
    )
    assert "Nothing was sent." in no.out
    nobody = flagpost("dead-letters", "replay", "--all")
    assert (nobody.code, "--yes" in nobody.err) == (2, True)
    assert list(read_topic(ready, POSTS)) == []
    assert "2 sent again." in flagpost("dead-letters", "replay", "--all", stdin="y\n").out


def test_a_line_of_a_file_is_read_again_as_a_post(flagpost: Flagpost, letters: Letters, ready: Settings) -> None:
    id = letters.line(json.dumps(LINE).encode())
    assert flagpost("dead-letters", "replay", id, "--yes").code == 0
    (record,) = read_topic(ready, POSTS)
    assert record.key == b"x:88"
    assert json.loads(record.value)["text"] == "café"


def test_what_is_still_bad_is_told_and_the_rest_is_sent(flagpost: Flagpost, letters: Letters, ready: Settings) -> None:
    bad = letters.line(b"{ secret")
    foreign = letters.record(b"x", topic="somebody-elses")
    letters.record(b"{")
    ran = flagpost("dead-letters", "replay", "--all", "--yes")
    assert (ran.code, ran.out) == (1, "1 sent again. 2 not sent.\n")
    assert f"{bad}: not sent: this line of a file is still no post (not_json" in ran.err
    assert f"See `flagpost dead-letters show --raw {bad}`." in ran.err
    assert f"{foreign}: not sent: it came from 'somebody-elses'" in ran.err
    assert "secret" not in ran.err
    assert len(list(read_topic(ready, POSTS))) == 1


def test_one_without_key_and_value_is_no_reason_to_fail(flagpost: Flagpost, letters: Letters, ready: Settings) -> None:
    id = letters.put(b"", None, topic="posts", partition=0, offset=1, reason="empty")
    assert flagpost("dead-letters", "replay", id, "--yes").code == 0
    (record,) = read_topic(ready, POSTS)
    assert not record.value


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["show", "9:9"], 2, "There is no dead letter 9:9"),
        (["show", "0:0"], 2, "There is no dead letter 0:0"),
        (["show", "x"], 2, "'x' is not the id of a dead letter"),
        (["replay"], 2, "Say which dead letters"),
        (["replay", "0:0", "--all"], 2, "Say which dead letters"),
        (["replay", "0:0", "--yes"], 2, "There is no dead letter 0:0"),
    ],
)
def test_a_wrong_request_is_one_sentence(
    flagpost: Flagpost, ready: Settings, arguments: list[str], code: int, sentence: str
) -> None:
    ran = flagpost("dead-letters", *arguments)
    assert ran.code == code
    assert ran.err.startswith("Error: ")
    assert sentence in ran.err


@pytest.mark.parametrize("arguments", [["list"], ["show", "0:0"], ["replay", "--all", "--yes"]])
def test_without_kafka_or_setup_it_says_what_to_do(flagpost: Flagpost, arguments: list[str]) -> None:
    assert flagpost("dead-letters", *arguments).code == 5
    ran = flagpost("dead-letters", *arguments, env={"kafka_bootstrap": "127.0.0.1:1"})
    assert (ran.code, "Nobody answers" in ran.err) == (3, True)
