"""The books: does what came in add up with what became of it?

Once every lag is 0, three sums come out even:

1. records of `[posts]` = distinct (partition, offset) in `[outcomes]`
2. distinct uids flagged or withdrawn = live documents + tombstones + uids that index could only dead-letter
3. outcomes dead_lettered = distinct origins of classify's dead letters

Repeats (after a crash a batch is delivered again) change no sum; they are counted beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from elasticsearch import Elasticsearch
from msgspec import Struct

from pipeline.elasticsearch_client import explained
from pipeline.settings import Settings
from pipeline.topic_reader import Bounds, TopicReader, read_topic
from schemas import codec
from schemas.dead_letter import DeadLetter
from schemas.identity import document_id
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


class Letter(Struct, frozen=True):
    """A dead letter without its value."""

    why: DeadLetter
    key: bytes | None


def balance(settings: Settings, client: Elasticsearch) -> Books:
    """Reads `[outcomes]`, the dead letters and the index, and adds up. Every lag should be 0.

    Records that retention has removed from `[posts]` are left out on both sides of the first and the last sum. The second
    holds for as long as `[outcomes]` remembers all that the index holds.
    Raises `KafkaUnavailable`, `ElasticsearchUnavailable`, `AccessRefused` or `NotSetUp`.
    """
    with TopicReader(settings, POSTS) as reader:
        posts = reader.bounds()
    ends, repeats = _distinct(codec.decode(OUTCOMES, record.value) for record in read_topic(settings, OUTCOMES))
    letters = [
        Letter(DeadLetter.from_headers(record.headers), record.key) for record in read_topic(settings, DEAD_LETTERS)
    ]
    live, tombstones = _index_counts(settings, client)
    told = {one.uid_hash for one in ends.values() if one.outcome in ("flagged", "withdrawn")}
    missing = _missing(settings, client, {one for one in _uids_lost_to_the_index(letters) if one in told})
    return add_up(posts, ends, repeats, letters, live, tombstones, missing)


def _distinct(batches: Iterable[Outcomes]) -> tuple[dict[tuple[int, int], Outcome], int]:
    """(partition, offset) → the last outcome told of it; and how many were told more than once."""
    ends: dict[tuple[int, int], Outcome] = {}
    told = 0
    for batch in batches:
        for outcome in batch.outcomes:
            ends[batch.partition, outcome.offset] = outcome
            told += 1
    return ends, told - len(ends)


def _index_counts(settings: Settings, client: Elasticsearch) -> tuple[int, int]:
    alias = settings.named(WRITE_ALIAS)
    with explained(settings):
        client.indices.refresh(index=alias)
        tombstones = int(client.count(index=alias, query={"term": {"flagpost.withdrawn": True}})["count"])
        return int(client.count(index=alias)["count"]) - tombstones, tombstones


def _uids_lost_to_the_index(letters: Iterable[Letter]) -> set[str]:
    """Document ids of what the index stage has dead-lettered: the key of `[flagged]` is the uid."""
    keys = (one.key.decode("utf-8", "replace") for one in letters if one.why.stage == "index" and one.key)
    return {document_id(*key.split(":", 1)) for key in keys if ":" in key}


def _missing(settings: Settings, client: Elasticsearch, ids: set[str]) -> int:
    """How many of ``ids`` the index does not hold in any wording."""
    missing = len(ids)
    with explained(settings):
        for start in range(0, len(ids), 1000):
            part = sorted(ids)[start : start + 1000]
            answer = client.count(index=settings.named(WRITE_ALIAS), query={"ids": {"values": part}})
            missing -= int(answer["count"])
    return missing


def add_up(
    posts: Bounds,
    ends: Mapping[tuple[int, int], Outcome],
    repeats: int,
    letters: Sequence[Letter],
    live: int,
    tombstones: int,
    missing: int,
) -> Books:
    """The books, from what was read. ``missing`` are uids that the index stage could not store at all."""

    def still_there(place: tuple[int | None, int | None]) -> bool:
        partition, offset = place
        return partition is not None and offset is not None and offset >= posts.get(partition, (0, 0))[0]

    records = sum(end - begin for begin, end in posts.values())
    uids = {outcome.uid_hash for outcome in ends.values() if outcome.outcome in ("flagged", "withdrawn")}
    origins = {(one.why.partition, one.why.offset) for one in letters if one.why.stage == "classify"}
    told_dead = [place for place, outcome in ends.items() if outcome.outcome == "dead_lettered"]
    flagged = [outcome for outcome in ends.values() if outcome.outcome == "flagged"]
    return Books(
        posts=records,
        by_outcome=dict(Counter(outcome.outcome for outcome in ends.values())),
        by_label=dict(Counter(str(outcome.label) for outcome in flagged)),
        by_grade=dict(Counter(str(outcome.grade) for outcome in flagged)),
        live=live,
        tombstones=tombstones,
        dead_letters=dict(Counter(one.why.stage for one in letters)),
        repeats=repeats,
        sums=[
            Sum("records of [posts] = distinct outcomes", records, sum(map(still_there, ends))),
            Sum("uids flagged or withdrawn = documents + tombstones", len(uids) - missing, live + tombstones),
            Sum(
                "outcomes dead_lettered = classify's dead letters",
                sum(map(still_there, told_dead)),
                sum(map(still_there, origins)),
            ),
        ],
    )
