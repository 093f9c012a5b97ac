from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from schemas.codec import InvalidMessage
from schemas.post import MAX_POST_BYTES, Post, PostDeleted
from schemas.topics import FLAGGED, POSTS
from tests.doubles.manual_clock import START
from tests.messages import item, post


def reason_of(value: bytes | None) -> str:
    with pytest.raises(InvalidMessage) as caught:
        codec.decode_post(value, START)
    return caught.value.reason


def test_what_is_encoded_is_decoded() -> None:
    for record in (post(), PostDeleted(source="x", id="1", deleted_at=START)):
        assert codec.decode_post(codec.encode(record), START) == record
    assert codec.decode(FLAGGED, codec.encode(item())) == item()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b"{", "not_json"),
        (b'{"type": "post"} trailing', "wrong_shape"),
        (b"\xff", "not_utf8"),
        (b"{}", "wrong_shape"),
        (b'{"type":"item"}', "wrong_shape"),
        (b"[" * 100_000, "wrong_shape"),
        (b'{"type":"post","extra":' + b'{"a":' * 5000, "not_json"),
        (b" " * (MAX_POST_BYTES + 1), "too_large"),
    ],
)
def test_each_fault_has_its_reason(value: bytes | None, reason: str) -> None:
    assert reason_of(value) == reason


def test_a_detail_never_quotes_the_post() -> None:
    value = b'{"type":"the secret words","source":"x"}'
    with pytest.raises(InvalidMessage) as caught:
        codec.decode(POSTS, value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("source", ["X", "", "x\n", "a b", "x:y", "x" * 65])
def test_a_source_is_a_plain_lower_case_name(source: str) -> None:
    assert reason_of(codec.encode(post(source=source))) == "wrong_shape"


@pytest.mark.parametrize("id", ["", "a\nb", "a\n", "a\x00", "x" * 257])
def test_an_id_has_no_control_characters(id: str) -> None:
    assert reason_of(codec.encode(post(id=id))) == "wrong_shape"


@pytest.mark.parametrize(
    "created", [dt.datetime(1999, 12, 31, 23, 59, tzinfo=dt.UTC), START + dt.timedelta(hours=24, seconds=1)]
)
def test_dates_out_of_bounds_are_refused(created: dt.datetime) -> None:
    assert reason_of(codec.encode(post(created_at=created))) == "bad_date"
    assert reason_of(codec.encode(post(edited_at=created))) == "bad_date"
    assert reason_of(codec.encode(PostDeleted(source="x", id="1", deleted_at=created))) == "bad_date"


def test_a_clock_an_hour_off_is_kept() -> None:
    codec.decode_post(codec.encode(post(created_at=START + dt.timedelta(hours=1))), START)


def test_too_much_extra_is_refused() -> None:
    assert reason_of(codec.encode(post(extra={"blob": "x" * 20_000}))) == "too_large"


def test_a_field_that_this_version_does_not_know_is_no_fault() -> None:
    value = codec.encode(post()).replace(b'"id":"1"', b'"id":"1","from_the_future":[1]')
    assert codec.decode_post(value, START) == post()


@given(st.binary(max_size=300))
def test_any_bytes_are_either_a_post_or_an_invalid_message(value: bytes) -> None:
    try:
        record = codec.decode_post(value, START)
    except InvalidMessage as fault:
        record, reason = None, fault.reason
    if record is None:
        assert reason in ("empty", "not_json", "not_utf8", "wrong_shape", "bad_date", "too_large")
    else:
        assert isinstance(record, Post | PostDeleted)
