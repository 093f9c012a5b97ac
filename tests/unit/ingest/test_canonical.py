from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pipeline.ingest.canonical import Defaults, canonical, encoded, missing
from pipeline.ingest.sources.jsonl import renamed
from schemas.codec import InvalidMessage
from schemas.post import Author, Post, PostDeleted

NOW = dt.datetime(2026, 8, 15, 12, 0, tzinfo=dt.UTC)
SECRET = "he hides at 12 Quay Street"
FIELDS = {"source": "x", "id": "1", "text": SECRET, "created_at": "2026-08-15T11:00:00Z"}


def post(defaults: Defaults | None = None, **fields: Any) -> Post:
    record = canonical({**FIELDS, **fields}, defaults or Defaults(), NOW)
    assert isinstance(record, Post)
    return record


def reason_of(fields: dict[str, Any], defaults: Defaults | None = None) -> str:
    with pytest.raises(InvalidMessage) as fault:
        encoded(canonical(fields, defaults or Defaults(), NOW))
    assert SECRET not in str(fault.value)
    return fault.value.reason


def test_a_post_without_a_type_is_a_post_that_was_read_now() -> None:
    assert post().read_at == NOW


def test_a_post_that_says_when_it_was_read_keeps_it() -> None:
    assert post(read_at="2026-08-15T11:30:00Z").read_at == dt.datetime(2026, 8, 15, 11, 30, tzinfo=dt.UTC)


def test_a_whole_number_is_taken_as_an_id() -> None:
    assert post(id=18_446_744_073_709_551_616).id == "18446744073709551616"


@pytest.mark.parametrize("id_", [True, 1.5, "", "a\nb", ["1"]])
def test_other_ids_are_refused(id_: object) -> None:
    assert reason_of({**FIELDS, "id": id_}) == "wrong_shape"


def test_unknown_keys_move_into_extra_and_lose_nothing() -> None:
    record = post(
        likes=4,
        extra={"kept": 1},
        author={"handle": "@ann", "followers": 7},
        media=[{"url": "http://x/1", "width": 3}, {"url": "http://x/2"}],
    )
    assert record.author == Author(handle="@ann")
    assert record.extra == {"kept": 1, "likes": 4, "author": {"followers": 7}, "media": [{"width": 3}, {}]}


@pytest.mark.parametrize(("part", "meant"), [("author", "author.handle"), ("place", "place.name")])
def test_a_text_in_the_place_of_a_part_is_refused_with_how_to_map_it(part: str, meant: str) -> None:
    with pytest.raises(InvalidMessage) as fault:
        post(**{part: SECRET})
    assert fault.value.detail == f"{part} is a text, not an object; --map {meant}={part} reads it as {meant}"
    assert canonical(renamed({**FIELDS, part: "katie"}, {meant: part}), Defaults(), NOW)


def test_extra_that_is_too_large_is_refused() -> None:
    assert reason_of({**FIELDS, "blob": "b" * 17_000}) == "too_large"


def test_a_post_that_is_too_large_is_refused() -> None:
    assert reason_of({**FIELDS, "text": "ä" * 140_000}) == "too_large"


def test_null_is_a_missing_value() -> None:
    assert post(lang=None, author={"handle": None, "id": "7"}).author == Author(id="7")
    assert reason_of({**FIELDS, "text": None}) == "wrong_shape"


@pytest.mark.parametrize(
    "date", [1_700_000_000, 1_700_000_000_000, 1.5, "1700000000", "2026-08-15T11:00:00", "2026-08-15", "yesterday", {}]
)
def test_a_date_that_would_have_to_be_guessed_is_refused(date: object) -> None:
    assert reason_of({**FIELDS, "created_at": date}) == "bad_date"


@pytest.mark.parametrize("date", ["1999-12-31T23:59:59Z", "2026-08-16T12:00:01Z"])
def test_a_date_out_of_bounds_is_refused(date: str) -> None:
    assert reason_of({**FIELDS, "created_at": date}) == "bad_date"


def test_claiming_to_have_read_it_later_does_not_stretch_the_bounds() -> None:
    assert reason_of({**FIELDS, "created_at": "2026-08-20T12:00:00Z", "read_at": "2026-08-20T12:00:00Z"}) == "bad_date"
    assert reason_of({**FIELDS, "read_at": "2027-01-01T00:00:00Z"}) == "bad_date"


def test_defaults_fill_only_what_is_missing() -> None:
    filled = canonical({"id": 1, "text": "t"}, Defaults("webform", "now"), NOW)
    assert isinstance(filled, Post)
    assert (filled.source, filled.created_at) == ("webform", NOW)
    assert post(Defaults("webform", "now")).source == "x"
    assert post(Defaults("webform", "now")).created_at.hour == 11


def test_a_deletion_is_not_given_the_date_of_posts() -> None:
    deleted = {"type": "post_deleted", "source": "x", "id": 1, "deleted_at": "2026-08-15T11:00:00Z"}
    assert canonical(deleted, Defaults(created_at="now"), NOW) == PostDeleted(
        source="x", id="1", deleted_at=dt.datetime(2026, 8, 15, 11, tzinfo=dt.UTC)
    )
    del deleted["deleted_at"]
    assert reason_of(deleted, Defaults(created_at="now")) == "wrong_shape"


@pytest.mark.parametrize(
    "fields",
    [{"type": SECRET}, {"type": ["post"]}, {"source": SECRET}, {"extra": 1}, {"author": SECRET}, {"media": [1]}],
)
def test_a_wrong_shape_is_told_without_quoting_it(fields: dict[str, Any]) -> None:
    assert reason_of({**FIELDS, **fields}) == "wrong_shape"


def test_missing_names_every_needed_field() -> None:
    assert missing({"id": 1, "text": "t"}) == ["source", "created_at"]
    assert missing({"type": "post_deleted", "id": 1}) == ["source", "deleted_at"]
    assert missing({"type": "unheard-of"}) == []
