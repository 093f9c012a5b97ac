"""What there is and how far it is: topics, lag, index, dead letters and workers. What is down is said; the rest is shown."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Mapping

from msgspec import Struct, structs

from pipeline.elasticsearch_client import connect, explained
from pipeline.errors import AccessRefused, FlagpostError, NotSetUp
from pipeline.lag import READERS, Offsets, group_of, lag_of
from pipeline.offsets import OffsetReader, oldest
from pipeline.settings import Settings
from pipeline.topic_reader import TopicReader
from pipeline.watch.ages import first_undone
from pipeline.watch.workers import read_lives
from pipeline.workers import Pause, Worker, elsewhere, pauses, workers
from schemas import mapping
from schemas.topics import DEAD_LETTERS, TOPICS

Committed = Mapping[str, Mapping[str, Mapping[int, int]]]
"""Group → topic → partition → next offset."""

STATUS_SECONDS = 10.0
"""How long Elasticsearch may take to answer a question of status."""


class Problem(Struct, frozen=True):
    """Something that is down or missing: what an error says, and the exit code that it gives the command."""

    part: str
    message: str
    hint: str
    code: int


class TopicStatus(Struct, frozen=True):
    """``messages`` are the records that are there now; retention takes the oldest away."""

    topic: str
    name: str
    partitions: int
    messages: int


class Lag(Struct, frozen=True):
    """How many messages of ``topic`` a stage has not done."""

    stage: str
    group: str
    topic: str
    lag: int
    oldest_seconds: float | None = None
    """Age of the oldest of them by its timestamp; null where there is none, or where we may not read the topic."""


class IndexStatus(Struct, frozen=True):
    """Documents of one generation of the index: all of them, and those that are tombstones."""

    index: str
    total: int
    tombstones: int


class Status(Struct, frozen=True):
    """The stable structure of ``flagpost status --json``. What could not be asked is empty or null; see ``problems``."""

    checked_at: dt.datetime
    kafka: str | None
    """Where it is; null where none is set and none runs here."""
    elasticsearch: str | None
    """The same."""
    topics: list[TopicStatus]
    lags: list[Lag]
    dead_letters: int | None
    items: int | None
    """Items that a search finds."""
    indices: list[IndexStatus]
    workers: list[Worker]
    """Of every machine that says how its workers are."""
    paused: list[Pause]
    """On this machine."""
    problems: list[Problem]
    open_alerts: int | None = None
    """Alerts that nobody has acknowledged."""
    heartbeat: bool = False
    """Whether a dead-man's switch is set."""


def gather(settings: Settings, now: dt.datetime) -> Status:
    """Asks Kafka, Elasticsearch and this machine's workers. Never raises for what is down."""
    problems: list[Problem] = []
    topics: list[TopicStatus] = []
    lags: list[Lag] = []
    items: int | None = None
    indices: list[IndexStatus] = []
    here = workers(settings.home)
    others: list[Worker] = []
    try:
        topics, lags = _kafka(settings, now)
        require_topics(settings, {status.name for status in topics})
        others = elsewhere(here, read_lives(settings, now), now)
    except FlagpostError as error:
        problems.append(_problem("kafka", error))
    try:
        items, indices = _elasticsearch(settings)
    except FlagpostError as error:
        problems.append(_problem("elasticsearch", error))
    dead = [status.messages for status in topics if status.topic == DEAD_LETTERS.name]
    return Status(
        checked_at=now,
        kafka=_where(settings.bootstrap),
        elasticsearch=_where(settings.elasticsearch),
        topics=topics,
        lags=lags,
        dead_letters=dead[0] if dead else None,
        items=items,
        indices=indices,
        workers=[*here, *others],
        paused=pauses(settings.home),
        problems=problems,
        open_alerts=None if items is None else _open_alerts(settings),
        heartbeat=settings.heartbeat_url is not None,
    )


def require_topics(settings: Settings, found: set[str]) -> None:
    """Raises `NotSetUp` when a topic of the table is missing."""
    missing = [settings.named(name) for name in TOPICS if settings.named(name) not in found]
    if missing:
        raise NotSetUp(
            f"Kafka at {settings.bootstrap()} has no topic {' and no topic '.join(missing)}.", "Run `flagpost setup`."
        )


def read_lags(reader: OffsetReader, settings: Settings) -> tuple[dict[str, Offsets], list[Lag]]:
    """Offsets of every topic that is there, and the lag of every stage in each of its topics that is there.

    The commits are read before the ends. So a lag of 0 everywhere means that all of it was done at one moment: what classify
    had committed by then it had published by then, and the end of [flagged], read later, counts it.
    """
    committed, offsets = _offsets(reader, settings)
    return offsets, lags_from(offsets, committed, settings)


def _offsets(reader: OffsetReader, settings: Settings) -> tuple[Committed, dict[str, Offsets]]:
    committed = reader.committed([settings.named(group_of(stage)) for stage in READERS])
    return committed, reader.offsets([settings.named(name) for name in TOPICS])


def lags_from(offsets: Mapping[str, Offsets], committed: Committed, settings: Settings) -> list[Lag]:
    """The lag of every stage in each of its topics that is among ``offsets``."""
    lags = []
    for stage, topics in READERS.items():
        group = settings.named(group_of(stage))
        for name in (settings.named(topic.name) for topic in topics):
            if name in offsets:
                lags.append(Lag(stage, group, name, lag_of(offsets[name], committed.get(group, {}).get(name, {}))))
    return lags


def _kafka(settings: Settings, now: dt.datetime) -> tuple[list[TopicStatus], list[Lag]]:
    with OffsetReader(settings) as reader:
        committed, offsets = _offsets(reader, settings)
    lags = lags_from(offsets, committed, settings)
    with contextlib.suppress(AccessRefused):  # who may only describe topics is not told any ages
        lags = [_with_age(lag, offsets[lag.topic], committed, settings, now) for lag in lags]
    topics = [
        TopicStatus(name, settings.named(name), len(found.end), found.messages)
        for name in TOPICS
        if (found := offsets.get(settings.named(name)))
    ]
    return topics, lags


def _with_age(lag: Lag, offsets: Offsets, committed: Committed, settings: Settings, now: dt.datetime) -> Lag:
    if not lag.lag:
        return lag
    undone = first_undone(offsets, committed.get(lag.group, {}).get(lag.topic, {}))
    topic = next(topic for topic in READERS[lag.stage] if settings.named(topic.name) == lag.topic)
    with TopicReader(settings, topic) as reader:
        made = oldest(reader, {number: (offset, offsets.end[number]) for number, offset in undone.items()})
    if not made:  # nothing but marks of transactions
        return structs.replace(lag, lag=0)
    return structs.replace(lag, oldest_seconds=round(max((now - min(made.values())).total_seconds(), 0), 1))


def _open_alerts(settings: Settings) -> int | None:
    """None where they can't be counted: not set up yet, or by a user without the right to."""
    with contextlib.suppress(FlagpostError), connect(settings) as plain, explained(settings):
        client = plain.options(request_timeout=STATUS_SECONDS)
        answer = client.count(
            index=settings.named(mapping.ALERTS.alias), query={"term": {"flagpost.alert.state": "open"}}
        )
        return int(answer["count"])
    return None


def _elasticsearch(settings: Settings) -> tuple[int, list[IndexStatus]]:
    with connect(settings) as plain, explained(settings):
        client = plain.options(request_timeout=STATUS_SECONDS)
        items = client.count(index=settings.named(mapping.INDEX))["count"]
        names = sorted(client.indices.get_settings(index=f"{settings.named(mapping.INDEX)}-v*").body)
        withdrawn = {"term": {"flagpost.withdrawn": True}}
        return items, [
            IndexStatus(name, client.count(index=name)["count"], client.count(index=name, query=withdrawn)["count"])
            for name in names
        ]


def _where(address: Callable[[], str]) -> str | None:
    try:
        return address()
    except FlagpostError:
        return None


def _problem(part: str, error: FlagpostError) -> Problem:
    return Problem(part, error.message, error.hint, error.exit_code)
