from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import pytest
from rich.console import Console

from pipeline.cli.dead_letters import as_object, described, letters_table
from pipeline.dead_letters import LetterId, Stored
from pipeline.errors import InvalidInput
from pipeline.replay import NotReplayable, outgoing
from schemas.dead_letter import DeadLetter
from tests.doubles.manual_clock import START

LINE = {"source": "x", "id": 88, "text": "hello", "created_at": "2026-08-15T11:00:00Z"}


def stored(value: bytes = b"{", key: bytes | None = b"x:1", **fields: Any) -> Stored:
    letter = DeadLetter(**{"reason": "not_json", "stage": "classify", "dead_at": START, **fields})
    headers = [*letter.to_headers(), ("traceparent", b"\x1b[31m")]
    return Stored(LetterId(1, 7), START, letter, key, value, headers)


def line(value: dict[str, Any] | bytes) -> Stored:
    encoded = value if isinstance(value, bytes) else json.dumps(value).encode()
    return stored(encoded, None, stage="ingest", origin="posts.jsonl:3")


def test_an_id_is_partition_and_offset() -> None:
    assert LetterId.parse(" 2:17 ") == LetterId(2, 17)
    assert str(LetterId(2, 17)) == "2:17"


@pytest.mark.parametrize("text", ["", "2", "2:", ":17", "a:b", "2:17:3", "-1:2", "²:1", "1:" + "9" * 30])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="not the id of a dead letter"):
        LetterId.parse(text)


def test_a_record_goes_back_byte_for_byte_to_its_topic() -> None:
    out = outgoing(stored(b"\xff\x00", b"\xfe", topic="flagged", partition=0, offset=1), START)
    assert (out.topic, out.key, out.value) == ("flagged", b"\xfe", b"\xff\x00")


@pytest.mark.parametrize("topic", ["dead-letters", "somebody-elses"])
def test_only_topics_of_ours_are_sent_to(topic: str) -> None:
    with pytest.raises(NotReplayable, match="not a topic of flagpost"):
        outgoing(stored(topic=topic), START)


def test_where_the_last_record_of_a_key_is_its_state_nothing_old_is_sent() -> None:
    with pytest.raises(NotReplayable, match="what is newer"):
        outgoing(stored(topic="alerts"), START)


def test_a_line_is_read_again_as_a_post() -> None:
    out = outgoing(line(LINE), START)
    assert (out.topic, out.key) == ("posts", b"x:88")
    assert json.loads(out.value)["id"] == "88"


@pytest.mark.parametrize("value", [b"{", b"\xff", b"[]", {**LINE, "created_at": "then"}, {**LINE, "source": None}])
def test_a_line_that_is_still_bad_says_why_without_quoting_it(value: dict[str, Any] | bytes) -> None:
    with pytest.raises(NotReplayable, match="still no post") as why:
        outgoing(line(value), START)
    assert "hello" not in str(why.value)


def test_what_is_shown_can_not_speak_to_the_terminal() -> None:
    text = "\n".join(
        described(stored(b"\x1b[2J\xff\x9b caf\xc3\xa9", b"\x1b[1m", topic="posts", partition=2, offset=9))
    )
    assert "\x1b" not in text
    assert "␛[2J\\xff\\x9b café" in text
    assert "From         posts 2:9" in text
    assert "traceparent: ␛[31m" in text


def test_a_large_original_is_shown_in_part() -> None:
    assert "46,000 bytes more: --raw" in described(stored(b"a" * 50_000))[-1]


def test_a_table_of_dead_letters_fits_eighty_columns() -> None:
    console = Console(file=io.StringIO(), width=80, highlight=False)
    where = {"topic": "posts", "partition": 2, "offset": 123_456_789}
    console.print(letters_table([stored(reason="[red]odd", detail="word " * 40, **where), line(b"{")]))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert "[red]odd" in text
    assert "posts.jsonl:3" in text


def test_json_tells_all_but_the_original() -> None:
    told = as_object(stored(b"secret words", topic="posts", partition=2, offset=9))
    assert told["id"] == "1:7"
    assert (told["topic"], told["partition"], told["offset"], told["bytes"]) == ("posts", 2, 9, 12)
    assert "secret" not in json.dumps(told)
    assert dt.datetime.fromisoformat(told["dead_at"]) == START
