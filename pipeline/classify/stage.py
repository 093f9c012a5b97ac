"""The classify stage: `[posts]` → `[flagged]` and `[outcomes]`.

A batch goes through four steps, top to bottom: decode, judge, publish in offset order, and settle the outcomes.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.classify.figures import Figures
from pipeline.classify.judge import Judge
from pipeline.classify.outgoing import outgoing_of
from pipeline.message import Message, Outgoing, Place, Producer, RecordTooLarge, send_in_order
from pipeline.metrics import StageMetrics
from pipeline.result import DeadLetter, Done, End, Result, Retry
from schemas import codec
from schemas.codec import InvalidMessage
from schemas.identity import VersionOutOfRange, document_id, version_of
from schemas.item import Item, Withdrawn
from schemas.outcome import Outcome, OutcomeKind, Outcomes
from schemas.post import Post, PostDeleted
from schemas.topics import CHATTER_SAMPLE, FLAGGED, OUTCOMES, Topic
from schemas.verdict import Verdict

NOT_ENGLISH: Final = "not_english"
"""Why such a post is chatter; the outcome's reason has its language after it."""

TAKEOVER_SLACK: Final = dt.timedelta(minutes=5)
"""Allowance for clocks that differ between the broker and this machine, and for workers that end with the model before."""


@dataclass(frozen=True, slots=True)
class _Handled:
    """What a message held and what was made of it; kept until its batch is settled."""

    record: Post | PostDeleted
    verdict: Verdict | None
    outgoing: Item | Withdrawn | None

    @property
    def outcome(self) -> OutcomeKind:
        match self.outgoing:
            case Item():
                return "flagged"
            case Withdrawn():
                return "withdrawn"
            case None:
                return "chatter"


_Fresh = tuple[Message, Post | PostDeleted]


class ClassifyStage:
    """Judges posts. See `pipeline.delivery.Stage` for what a stage promises."""

    name = "classify"

    def __init__(
        self,
        judge: Judge,
        producer: Producer,
        sample_share: float = 0.005,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        took_over_at: dt.datetime | None = None,
    ) -> None:
        """``took_over_at``: see `pipeline.classify.takeover`."""
        self._judge = judge
        self._producer = producer
        self._sample_share = sample_share
        self._clock = clock
        self._took_over_at = took_over_at
        self._handled: dict[Place, _Handled] = {}
        self._foreseen: dict[Place, asyncio.Task[None]] = {}
        self._figures: Figures | None = None

    @property
    def model(self) -> str:
        """name@version of what judges."""
        return self._judge.classifier.model

    def measure(self, metrics: StageMetrics) -> None:
        """See `pipeline.delivery.MeasuredStage`."""
        self._figures = Figures(metrics.registry, self.model, self._judge.classifier.activation)
        self._judge.inferred = self._figures.inferred

    def foresee(self, messages: Sequence[Message]) -> asyncio.Future[None]:
        """Begins to judge the next batch, so that the model does not wait for Kafka's acknowledgements of this one."""
        fresh, _ = self._decode(messages)
        task = asyncio.create_task(self._judge_all(fresh))
        self._foreseen |= {message.place: task for message in messages}
        return task

    async def handle(self, messages: Sequence[Message]) -> Sequence[Result]:
        """Decodes and judges what was not judged yet, then publishes all of it. A repeat publishes only."""
        for task in {self._foreseen.pop(message.place, None) for message in messages} - {None}:
            await task  # type: ignore[misc]
        fresh, results = self._decode([message for message in messages if message.place not in self._handled])
        await self._judge_all(fresh)
        results |= await self._publish([message for message in messages if message.place not in results])
        return [results[message.place] for message in messages]

    async def settle(self, ends: Sequence[tuple[Message, End]]) -> Retry | None:
        """Publishes what became of every message: one record for each partition of the batch."""
        records = [
            Outgoing(OUTCOMES, str(outcomes.partition).encode(), codec.encode(outcomes))
            for outcomes in self._outcomes(ends)
        ]
        if any(await send_in_order(self._producer, records)):
            return Retry("outcomes are not acknowledged")
        for message, _ in ends:
            handled = self._handled.pop(message.place, None)
            if self._figures and handled and handled.verdict:
                self._figures.judged(handled.verdict)
        return None

    # Judge

    def _decode(self, messages: Sequence[Message]) -> tuple[list[_Fresh], dict[Place, Result]]:
        """What is to be judged, and the results of what can't be read."""
        fresh: list[_Fresh] = []
        results: dict[Place, Result] = {}
        for message in messages:
            try:
                fresh.append((message, codec.decode_post(message.value, message.timestamp)))
            except InvalidMessage as fault:
                results[message.place] = DeadLetter(fault.reason, fault.detail)
        return fresh, results

    async def _judge_all(self, fresh: Sequence[_Fresh]) -> None:
        texts = [record.text for _, record in fresh if isinstance(record, Post)]
        verdicts = iter(await self._judge.verdicts_async(texts) if texts else [])
        for message, record in fresh:
            verdict = next(verdicts) if isinstance(record, Post) else None
            self._handled[message.place] = self._handle(message, record, verdict)

    def _handle(self, message: Message, record: Post | PostDeleted, verdict: Verdict | None) -> _Handled:
        activation, before = self._judge.classifier.activation, self._judged_before(message)
        return _Handled(record, verdict, outgoing_of(record, verdict, activation, self._clock(), before))

    def _judged_before(self, message: Message) -> bool:
        """Whether another model may have judged this record. Where this says yes for nothing, the price is a tombstone."""
        since = self._took_over_at
        return since is not None and message.timestamp < since + TAKEOVER_SLACK

    # Publish

    async def _publish(self, messages: Sequence[Message]) -> dict[Place, Result]:
        results: dict[Place, Result] = {}
        senders: list[Message] = []
        records: list[Outgoing] = []
        for message in messages:
            handled = self._handled[message.place]
            topic, record = self._route(handled)
            if topic is None or record is None:
                results[message.place] = Done(handled.outcome)
                continue
            try:
                version_of(record)
            except VersionOutOfRange as fault:
                results[message.place] = DeadLetter("version_out_of_range", str(fault))
                continue
            senders.append(message)
            records.append(Outgoing(topic, record.uid.encode(), codec.encode(record)))
        for message, sent in zip(senders, await send_in_order(self._producer, records), strict=True):
            if sent is None:
                results[message.place] = Done(self._handled[message.place].outcome)
            elif isinstance(sent, RecordTooLarge):
                results[message.place] = DeadLetter("too_large", "the item is larger than its topic takes")
            else:
                results[message.place] = Retry("flagged items are not acknowledged")
        results |= await self._empty_samples([one for one in messages if isinstance(results[one.place], Done)])
        return results

    async def _empty_samples(self, messages: Sequence[Message]) -> dict[Place, Result]:
        """Takes what was deleted out of the sample, where its text would stand for days; after a replay it stood there anew.
        Returns the results of those where Kafka did not take that in.
        """
        records = {one.place: self._handled[one.place].record for one in messages}
        gone = {
            place: Outgoing(CHATTER_SAMPLE, record.uid.encode(), None)
            for place, record in records.items()
            if isinstance(record, PostDeleted) and self._sampled(record.uid)
        }
        sent = await send_in_order(self._producer, list(gone.values()))
        return {
            place: Retry("emptied samples are not acknowledged") for place, one in zip(gone, sent, strict=True) if one
        }

    def _route(self, handled: _Handled) -> tuple[Topic | None, Item | Withdrawn | None]:
        """Where a judged post goes. Chatter goes nowhere, but for a sample."""
        if handled.outgoing is not None:
            return FLAGGED, handled.outgoing
        if isinstance(handled.record, Post) and handled.verdict and self._sampled(handled.record.uid):
            return CHATTER_SAMPLE, Item(post=handled.record, verdict=handled.verdict, judged_at=self._clock())
        return None, None

    def _sampled(self, uid: str) -> bool:
        """Whether chatter with this uid is kept: by its hash, so that every replay chooses the same."""
        digest = int.from_bytes(hashlib.sha256(uid.encode()).digest()[:8], "big")
        return digest < self._sample_share * 2**64

    # Settle

    def _outcomes(self, ends: Sequence[tuple[Message, End]]) -> list[Outcomes]:
        by_partition: dict[int, list[Outcome]] = defaultdict(list)
        topic = ends[0][0].topic
        for message, end in ends:
            by_partition[message.partition].append(self._outcome(message, end))
        classifier = self._judge.classifier
        return [
            Outcomes(
                topic=topic,
                partition=partition,
                model=classifier.model,
                activation=classifier.activation,
                took_over_at=self._took_over_at,
                judged_at=self._clock(),
                outcomes=sorted(outcomes, key=lambda outcome: outcome.offset),
            )
            for partition, outcomes in by_partition.items()
        ]

    def _outcome(self, message: Message, end: End) -> Outcome:
        handled = self._handled.get(message.place)
        uid_hash = document_id(handled.record.source, handled.record.id) if handled else None
        if isinstance(end, DeadLetter):
            return Outcome(offset=message.offset, outcome="dead_lettered", uid_hash=uid_hash, reason=end.reason)
        if handled is None:
            raise RuntimeError("a message ended without having been handled")
        verdict = handled.verdict
        return Outcome(
            offset=message.offset,
            outcome=handled.outcome,
            uid_hash=uid_hash,
            label=verdict.label if verdict else None,
            also=verdict.also if verdict else [],
            grade=verdict.grade if verdict else None,
            scores=verdict.scores if verdict else None,
            reason=_reason(handled),
        )


def _reason(handled: _Handled) -> str | None:
    if isinstance(handled.outgoing, Withdrawn):
        return handled.outgoing.reason
    if handled.verdict and handled.verdict.language:
        return f"{NOT_ENGLISH}: {handled.verdict.language}"
    return None
