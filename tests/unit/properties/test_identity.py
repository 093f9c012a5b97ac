"""Who a document is, and which version of it wins, for any parts."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identity import VersionOutOfRange, document_id, version_of
from schemas.item import Item, Withdrawn
from tests.doubles.manual_clock import START
from tests.messages import item, post

EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)
MILLISECOND = dt.timedelta(milliseconds=1)

SOURCES = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,8}", fullmatch=True)
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)


class Parts(NamedTuple):
    """What a version is made of, most significant first."""

    deleted: bool
    milliseconds: int
    reviews: int
    activation: int

    def record(self) -> Item | Withdrawn:
        revision = EPOCH + self.milliseconds * MILLISECOND
        if not self.deleted:
            return item(post=post(created_at=revision), reviews=self.reviews, activation=self.activation)
        return Withdrawn(
            source="x", id="1", reason="deleted", revision=revision, withdrawn_at=START,
            reviews=self.reviews, activation=self.activation,
        )  # fmt: skip


PARTS = st.builds(Parts, st.booleans(), st.integers(0, 2**42 - 1), st.integers(0, 2**10 - 1), st.integers(1, 2**10 - 1))


@given(SOURCES, IDS, SOURCES, IDS)
def test_two_posts_have_one_id_only_if_they_are_one(source: str, id: str, other: str, other_id: str) -> None:
    assert (document_id(source, id) == document_id(other, other_id)) == ((source, id) == (other, other_id))


@given(SOURCES, SOURCES, IDS)
def test_what_moves_from_the_source_into_the_id_makes_another_post(source: str, moved: str, id: str) -> None:
    for between in ("", ":"):
        assert document_id(source, f"{moved}{between}{id}") != document_id(f"{source}{between}{moved}", id)


@given(PARTS)
def test_a_version_is_what_elasticsearch_takes(parts: Parts) -> None:
    assert 0 <= version_of(parts.record()) < 2**63


@given(PARTS, PARTS)
def test_versions_are_in_the_order_of_delete_revision_reviews_and_activation(one: Parts, other: Parts) -> None:
    versions = version_of(one.record()), version_of(other.record())
    assert (versions[0] < versions[1]) == (one < other)
    assert (versions[0] == versions[1]) == (one == other)


@given(
    PARTS,
    st.sampled_from(
        [("milliseconds", -1), ("milliseconds", 2**42), ("reviews", -1), ("reviews", 2**10), ("activation", 2**10)]
    ),
)
def test_a_part_that_does_not_fit_its_bits_is_refused_by_name(parts: Parts, beyond: tuple[str, Any]) -> None:
    name, value = beyond
    with pytest.raises(VersionOutOfRange, match="revision" if name == "milliseconds" else name):
        version_of(parts._replace(**{name: value}).record())
