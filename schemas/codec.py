"""Bytes ⇄ records. The only JSON parser of what travels; whatever it can't use, it says why."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import msgspec

from schemas.post import MAX_EXTRA_BYTES, MAX_POST_BYTES, Post, PostDeleted, date_fault, size_of_extra
from schemas.topics import TOPICS, Topic

_QUOTED = re.compile(r"(Invalid (?:enum )?value) '.*'(?= - at |$)", re.DOTALL)

_encoder = msgspec.json.Encoder()
_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(topic.record) for name, topic in TOPICS.items() if topic.record is not bytes
}


class InvalidMessage(ValueError):
    """A message that can't be used.

    ``reason`` is a short code: empty, too_large, not_utf8, not_json, wrong_shape, bad_date. ``detail`` says where the
    fault lies and never quotes the message.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


def encode(record: msgspec.Struct) -> bytes:
    """JSON, UTF-8, one line."""
    return _encoder.encode(record)


def decode(topic: Topic, value: bytes | None) -> Any:
    """The record that ``value`` holds on ``topic``. Raises `InvalidMessage`."""
    if not value:
        raise InvalidMessage("empty", "the record has no value")
    if len(value) > topic.max_bytes:
        raise InvalidMessage("too_large", f"{len(value)} bytes, at most {topic.max_bytes}")
    try:
        return _decoders[topic.name].decode(value)
    except msgspec.ValidationError as error:
        raise InvalidMessage("wrong_shape", _without_values(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidMessage(*_unreadable(value, error)) from None


def decode_post(value: bytes | None, received_at: dt.datetime) -> Post | PostDeleted:
    """A record of `[posts]` whose size and dates are within bounds. Raises `InvalidMessage`.

    ``received_at`` is the broker's own timestamp of the record: a producer can't make a date pass by claiming to have read
    the post later.
    """
    if value and len(value) > MAX_POST_BYTES:
        raise InvalidMessage("too_large", f"{len(value)} bytes, at most {MAX_POST_BYTES}")
    record: Post | PostDeleted = decode(TOPICS["posts"], value)
    check_post(record, received_at)
    return record


def check_post(record: Post | PostDeleted, read_at: dt.datetime) -> None:
    """Raises `InvalidMessage` when dates or sizes of ``record``, read at ``read_at``, are out of bounds."""
    fault = date_fault(record, read_at)
    if fault:
        raise InvalidMessage("bad_date", fault)
    if isinstance(record, Post) and (size := size_of_extra(record)) > MAX_EXTRA_BYTES:
        raise InvalidMessage("too_large", f"extra has {size} bytes, at most {MAX_EXTRA_BYTES}")


def _unreadable(value: bytes, error: Exception) -> tuple[str, str]:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError as fault:
        return "not_utf8", f"byte {fault.start} is not UTF-8"
    if isinstance(error, RecursionError):
        return "not_json", "nested too deeply"
    return "not_json", _without_values(str(error))


def _without_values(message: str) -> str:
    """msgspec quotes an invalid enum value or tag; what a post says must not reach logs or headers."""
    return _QUOTED.sub(r"\1", message)[:300]
