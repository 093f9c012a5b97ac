from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identity import VersionOutOfRange, document_id, milliseconds, version_of
from schemas.item import Withdrawn
from tests.doubles.manual_clock import START
from tests.messages import item, post

LATER = dt.timedelta(milliseconds=1)


def withdrawn(reason: str = "deleted", revision: dt.datetime = START, **fields: object) -> Withdrawn:
    return Withdrawn(
        **{  # type: ignore[arg-type]
            "source": "x",
            "id": "1",
            "reason": reason,
            "revision": revision,
            "withdrawn_at": START,
            "activation": 1,
            **fields,
        }
    )


def test_an_id_is_52_lower_case_characters_and_depends_on_both_parts() -> None:
    assert len(document_id("x", "1")) == 52
    assert document_id("x", "1").islower()
    assert len({document_id("x", "1"), document_id("x", "11"), document_id("x1", "1"), document_id("y", "1")}) == 4


def test_the_id_is_part_of_the_contract_and_never_changes() -> None:
    assert document_id("x", "1") == "5uva6qyznezw3noxoqyrs7nkyp4whmhhums7uznumg7f6idhqc6a"


def test_from_oldest_to_newest() -> None:
    created = post().created_at
    ordered = [
        item(),
        item(activation=2),
        item(reviews=1),
        item(reviews=1, activation=2),
        item(post=post(edited_at=created + LATER)),
        withdrawn("edited_into_chatter", created + 2 * LATER),
        item(post=post(edited_at=created + 3 * LATER)),
        withdrawn("deleted", created - dt.timedelta(days=1)),
        withdrawn("deleted", created),
    ]
    versions = [version_of(record) for record in ordered]
    assert versions == sorted(set(versions))
    assert all(0 <= version < 2**63 for version in versions)


def test_the_order_of_arrival_does_not_matter() -> None:
    created = post().created_at
    history = [item(), item(post=post(edited_at=created + LATER)), withdrawn("deleted", created + 2 * LATER)]
    for arrival in itertools.permutations(history):
        stored = -1
        winner = None
        for record in arrival:
            if version_of(record) >= stored:
                stored, winner = version_of(record), record
        assert winner is history[-1]


@pytest.mark.parametrize("revision", [dt.datetime(1969, 12, 31, tzinfo=dt.UTC), dt.datetime(2110, 1, 1, tzinfo=dt.UTC)])
def test_what_does_not_fit_is_refused(revision: dt.datetime) -> None:
    with pytest.raises(VersionOutOfRange):
        version_of(withdrawn(revision=revision))


def test_too_many_reviews_are_refused() -> None:
    with pytest.raises(VersionOutOfRange):
        version_of(item(reviews=1024))


@given(st.datetimes(min_value=dt.datetime(2000, 1, 1), max_value=dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC)))
def test_milliseconds_are_exact(moment: dt.datetime) -> None:
    whole = milliseconds(moment)
    epoch = dt.datetime.fromtimestamp(0, dt.UTC)
    assert epoch + dt.timedelta(milliseconds=whole) <= moment < epoch + dt.timedelta(milliseconds=whole + 1)
