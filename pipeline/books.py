"""DESIGN's books: does what came in add up with what became of it?

Once every lag is 0, three sums come out even:

1. records of `[posts]` = distinct (partition, offset) in `[outcomes]`
2. distinct uids flagged or withdrawn = live documents + tombstones + uids that index dead-lettered
3. outcomes dead_lettered = distinct origins of classify's dead letters

Repeats (after a crash a batch is delivered again) change no sum; they are counted beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from elasticsearch import Elasticsearch
from msgspec import Struct

from pipeline.elasticsearch_client import explained
from pipeline.settings import Settings
from pipeline.topic_reader import count_records, read_topic
from schemas import codec
from schemas.dead_letter import DeadLetter
from schemas.mapping import WRITE_ALIAS
from schemas.outcome import Outcome, Outcomes
from schemas.topics import DEAD_LETTERS, OUTCOMES, POSTS


class Sum(Struct, frozen=True):
    """One equation of the books."""

    about: str
    expected: int
    found: int

    @property
    def even(self) -> bool:
        return self.expected == self.found


class Books(Struct, frozen=True, kw_only=True):
    """What became of everything that `[posts]` holds, counted by distinct record."""

    posts: int
    by_outcome: dict[str, int]
    by_label: dict[str, int]
    by_grade: dict[str, int]
    live: int
    tombstones: int
    dead_letters: dict[str, int]
    """By stage."""
    repeats: int
    sums: list[Sum]

    @property
    def even(self) -> bool:
        return all(one.even for one in self.sums)


def balance(settings: Settings, client: Elasticsearch) -> Books:
    """Reads `[outcomes]`, the dead letters and the index, and adds up. Every lag should be 0.

    Raises `KafkaUnavailable`, `ElasticsearchUnavailable`, `AccessRefused` or `NotSetUp`.
    """
    ends, repeats = _distinct(codec.decode(OUTCOMES, record.value) for record in read_topic(settings, OUTCOMES))
    letters = [DeadLetter.from_headers(record.headers) for record in read_topic(settings, DEAD_LETTERS)]
    live, tombstones = _index_counts(settings, client)
    return _add_up(count_records(settings, POSTS), ends, repeats, letters, live, tombstones)


def _distinct(batches: Iterable[Outcomes]) -> tuple[list[Outcome], int]:
    """The last outcome told of each (partition, offset), and how many were told more than once."""
    ends: dict[tuple[int, int], Outcome] = {}
    told = 0
    for batch in batches:
        for outcome in batch.outcomes:
            ends[batch.partition, outcome.offset] = outcome
            told += 1
    return list(ends.values()), told - len(ends)


def _index_counts(settings: Settings, client: Elasticsearch) -> tuple[int, int]:
    alias = settings.named(WRITE_ALIAS)
    with explained(settings):
        client.indices.refresh(index=alias)
        tombstones = int(client.count(index=alias, query={"term": {"flagpost.withdrawn": True}})["count"])
        return int(client.count(index=alias)["count"]) - tombstones, tombstones


def _add_up(
    posts: int, ends: list[Outcome], repeats: int, letters: list[DeadLetter], live: int, tombstones: int
) -> Books:
    uids = {outcome.uid_hash for outcome in ends if outcome.outcome in ("flagged", "withdrawn")}
    classify_letters = {(one.partition, one.offset) for one in letters if one.stage == "classify"}
    index_letters = {(one.partition, one.offset) for one in letters if one.stage == "index"}
    dead = sum(outcome.outcome == "dead_lettered" for outcome in ends)
    flagged = [outcome for outcome in ends if outcome.outcome == "flagged"]
    return Books(
        posts=posts,
        by_outcome=dict(Counter(outcome.outcome for outcome in ends)),
        by_label=dict(Counter(str(outcome.label) for outcome in flagged)),
        by_grade=dict(Counter(str(outcome.grade) for outcome in flagged)),
        live=live,
        tombstones=tombstones,
        dead_letters=dict(Counter(one.stage for one in letters)),
        repeats=repeats,
        sums=[
            Sum("records of [posts] = distinct outcomes", posts, len(ends)),
            Sum(
                "uids flagged or withdrawn = documents + tombstones", len(uids) - len(index_letters), live + tombstones
            ),
            Sum("outcomes dead_lettered = classify's dead letters", dead, len(classify_letters)),
        ],
    )
