"""The fuzzer's own books, kept with plain JSON and hashes: what went in, against everything that a stage has sent.

They share nothing with `pipeline.books`: every record has one end and no other, a dead letter is what came in byte for byte,
what is flagged is what was written, and nothing that is only told about a post quotes it.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipeline.message import Message
from tests.doubles.recording_producer import NO_VALUE, RecordingProducer, Sent
from tests.fuzz.texts import MARK

ENDS: Final = ("flagged", "withdrawn", "chatter", "dead_lettered")

Spot = tuple[int, int]
"""Partition and offset."""


def ends_of(messages: Sequence[Message], producer: RecordingProducer, repeats: bool) -> dict[Spot, str]:
    """How each of ``messages`` ended by what ``producer`` holds. Raises AssertionError when the books are uneven.

    ``repeats``: the producer has failed some records, so that others may be there more than once.
    """
    came = {(one.partition, one.offset): one for one in messages}
    told = _told(producer.on("outcomes"))
    assert all(len(set(ends)) == 1 for ends in told.values()), "a record has two ends"
    assert repeats or all(len(ends) == 1 for ends in told.values()), "an end was told twice"
    ends = {spot: told[0] for spot, told in told.items()}
    assert set(ends.values()) <= set(ENDS)
    assert ends.keys() == came.keys(), f"{len(came)} records came, {len(ends)} have an end"
    for spot, message in came.items():
        _check_end(message, ends[spot])
    _check_dead_letters(producer.on("dead-letters"), _with_end(came, ends, "dead_lettered"), repeats)
    _check_flagged(producer.on("flagged"), came, ends, repeats)
    samples = [sent for sent in producer.on("chatter-sample") if sent.value != NO_VALUE]
    sampled = {_post_of(json.loads(sent.value)["post"]) for sent in samples}
    assert sampled <= {_sent_in(one) for one in _with_end(came, ends, "chatter").values()}, "the sample is of others"
    return ends


def _with_end(came: Mapping[Spot, Message], ends: Mapping[Spot, str], end: str) -> dict[Spot, Message]:
    return {spot: message for spot, message in came.items() if ends[spot] == end}


def _told(records: Sequence[Sent]) -> dict[Spot, list[str]]:
    told: dict[Spot, list[str]] = defaultdict(list)
    for sent in records:
        assert MARK.encode() not in sent.value, "outcomes quote a post"
        batch = json.loads(sent.value)
        for one in batch["outcomes"]:
            told[batch["partition"], one["offset"]].append(one["outcome"])
    return told


def _check_end(message: Message, end: str) -> None:
    """Whether a record may end so, by what it says of itself."""
    if end == "dead_lettered":
        return
    record = _read(message)
    latest = message.timestamp + dt.timedelta(hours=24)
    for name in ("created_at", "edited_at") if record["type"] == "post" else ("deleted_at",):
        date = dt.datetime.fromisoformat(record[name].upper()) if record.get(name) else latest
        assert dt.datetime(2000, 1, 1, tzinfo=dt.UTC) <= date <= latest, f"{name} is out of bounds"
    assert record["type"] == "post" or end == "withdrawn", "a deletion that withdraws nothing"
    assert end != "chatter" or not record.get("edited_at"), "an edit into chatter that withdraws nothing"


def _check_dead_letters(letters: Sequence[Sent], dead: Mapping[Spot, Message], repeats: bool) -> None:
    found: Counter[Spot] = Counter()
    for letter in letters:
        headers = dict(letter.headers)
        assert not [name for name, value in headers.items() if MARK.encode() in value], "a header quotes a post"
        spot = int(headers["flagpost-partition"]), int(headers["flagpost-offset"])
        assert spot in dead, "a dead letter of a record that ended otherwise"
        assert (letter.value, letter.key) == (dead[spot].value or b"", dead[spot].key), "a dead letter was altered"
        found[spot] += 1
    assert found.keys() == dead.keys(), f"{len(dead)} records are told dead, {len(found)} have a dead letter"
    assert repeats or found.total() == len(dead), "a dead letter is there twice"


def _check_flagged(
    records: Sequence[Sent], came: Mapping[Spot, Message], ends: Mapping[Spot, str], repeats: bool
) -> None:
    items: Counter[tuple[str, str]] = Counter()
    withdrawn: Counter[str] = Counter()
    for sent in records:
        record = json.loads(sent.value)
        if record["type"] == "withdrawn":
            assert MARK not in str({**record, "id": ""}), "a withdrawal quotes a post"
            withdrawn[_id(record)] += 1
        else:
            items[_post_of(record["post"])] += 1
            _check_reasons(record)
    flagged = Counter(_sent_in(one) for one in _with_end(came, ends, "flagged").values())
    gone = Counter(_id(_read(one)) for one in _with_end(came, ends, "withdrawn").values())
    assert items.keys() == flagged.keys(), "what is flagged is not what was written"
    assert withdrawn.keys() == gone.keys(), "what is withdrawn is not what was to be"
    assert repeats or (items, withdrawn) == (flagged, gone), "an item or a withdrawal is there twice"


def _check_reasons(item: Mapping[str, Any]) -> None:
    text = item["post"]["text"]
    for reason in item["verdict"].get("reasons", []):
        assert text[reason["start"] : reason["end"]] == reason["text"], "a reason is not in the text"


def _sent_in(message: Message) -> tuple[str, str]:
    return _post_of(_read(message))


def _read(message: Message) -> dict[str, Any]:
    """What came. msgspec does not look into fields that no schema names, so there may be bytes that are not UTF-8.

    Nor does it mind thousands of digits, as Python does.
    """
    record: dict[str, Any] = json.loads((message.value or b"").decode("utf-8", "replace"), parse_int=str)
    return record


def _post_of(post: Mapping[str, Any]) -> tuple[str, str]:
    return _id(post), post["text"]


def _id(record: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(f"{record['source']}\0{record['id']}".encode()).digest()
    return base64.b32encode(digest).decode().rstrip("=").lower()
