"""The review stage: `[reviews]` → `[flagged]`, and `[audit]`.

A decision that applies (`pipeline.review.numbering`) goes out as the item that it was made on, with the decision on
it and its number, which is part of the version: so it outlives every replay and re-run, and comes out the same
however often it is handled.

What was decided before is read from the topic itself, up to the message in hand. Nothing is remembered beyond that
and nothing depends on who else has worked: whatever this worker missed, or is given again, it reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from pipeline.audit import audited
from pipeline.message import Message, Outgoing, Place, Producer, RecordTooLarge, send_in_order
from pipeline.result import DeadLetter, Done, End, Result, Retry
from pipeline.review.log import Record
from pipeline.review.numbering import MOST, Applied, Fate, Numbering, Outdated, Overtaken, TooMany, review_of
from schemas import codec
from schemas.codec import InvalidMessage
from schemas.identity import document_id
from schemas.item import Item
from schemas.review import Review
from schemas.topics import FLAGGED

Read = Callable[[int, int], Iterable[Record]]
"""The records of `[reviews]` from one offset to before another, in order. May block; runs in a thread."""


@dataclass(frozen=True, slots=True)
class _Handled:
    """A decision and what becomes of it; kept until its batch is settled."""

    review: Review
    fate: Fate


class ReviewStage:
    """Applies decisions. See `pipeline.delivery.Stage` for what a stage promises."""

    name = "review"

    def __init__(self, read: Read, producer: Producer) -> None:
        self._read = read
        self._producer = producer
        self._numbering = Numbering()
        self._next = 0
        """Offset up to which the topic has been numbered."""
        self._handled: dict[Place, _Handled] = {}

    async def handle(self, messages: Sequence[Message]) -> Sequence[Result]:
        """Numbers what was not numbered yet, then publishes what applies. A repeat publishes only."""
        results: dict[Place, Result] = {}
        for message in messages:
            if message.place in self._handled:
                continue
            await self._catch_up(message.offset)
            try:
                self._handled[message.place] = self._number(message.offset, message.value)
            except InvalidMessage as fault:
                results[message.place] = DeadLetter(fault.reason, fault.detail)
        results |= await self._publish([message for message in messages if message.place not in results])
        return [results[message.place] for message in messages]

    async def settle(self, ends: Sequence[tuple[Message, End]]) -> Retry | None:
        """Writes down who decided what."""
        records = [
            _audit_of(message, self._handled[message.place])
            for message, end in ends
            if isinstance(end, Done) and message.place in self._handled
        ]
        if any(await send_in_order(self._producer, records)):
            return Retry("the audit is not acknowledged")
        self._handled.clear()
        return None

    # Number

    async def _catch_up(self, offset: int) -> None:
        """Numbers everything before ``offset`` that has not passed here; all of it anew where ``offset`` has."""
        if offset < self._next:
            self._numbering, self._next = Numbering(), 0
        if offset > self._next:
            await asyncio.to_thread(self._number_all, self._next, offset)

    def _number_all(self, begin: int, end: int) -> None:
        for offset, value in self._read(begin, end):
            try:
                self._number(offset, value)
            except InvalidMessage:
                continue  # it was dead-lettered when it was its turn
        self._next = end

    def _number(self, offset: int, value: bytes | None) -> _Handled:
        """Raises `InvalidMessage`."""
        self._next = offset + 1
        review = review_of(value)
        return _Handled(review, self._numbering.number(review, offset))

    # Publish

    async def _publish(self, messages: Sequence[Message]) -> dict[Place, Result]:
        results: dict[Place, Result] = {}
        senders: list[Message] = []
        records: list[Outgoing] = []
        for message in messages:
            handled = self._handled[message.place]
            match handled.fate:
                case Applied(number):
                    item = applied(handled.review, number)
                    senders.append(message)
                    records.append(Outgoing(FLAGGED, item.uid.encode(), codec.encode(item)))
                case Overtaken():
                    results[message.place] = Done("overtaken")
                case Outdated():
                    results[message.place] = Done("outdated")
                case TooMany():
                    results[message.place] = DeadLetter(
                        "too_many_reviews", f"there are {MOST:,} decisions on this wording already"
                    )
        for message, sent in zip(senders, await send_in_order(self._producer, records), strict=True):
            if sent is None:
                results[message.place] = Done("applied")
            elif isinstance(sent, RecordTooLarge):
                results[message.place] = DeadLetter("too_large", "the item is larger than its topic takes")
            else:
                results[message.place] = Retry("reviewed items are not acknowledged")
        return results


def applied(review: Review, number: int) -> Item:
    """The item with the decision on it, as the wording's ``number``-th."""
    return msgspec.structs.replace(review.item, reviews=number, review=review.decision)


def _audit_of(message: Message, handled: _Handled) -> Outgoing:
    """Every detail comes from the record itself, so a repeat is told in the same words."""
    review, decision = handled.review, handled.review.decision
    detail = {"record": f"{message.topic} {message.partition}:{message.offset}"}
    match handled.fate:
        case Applied(number):
            act = "review-decided"
            detail["number"] = str(number)
        case Overtaken(by) | Outdated(by):
            act = "review-overtaken"
            detail["by_record"] = f"{message.topic} {message.partition}:{by}"
            detail["because"] = "edited since" if isinstance(handled.fate, Outdated) else "decided before"
        case TooMany():
            raise AssertionError("such a decision is a dead letter")
    said = {
        "label": decision.label,
        "also": None if decision.also is None else ", ".join(decision.also) or "none",
        "grade": decision.grade,
        "dismissed": "yes" if decision.dismissed else None,
        "over": "yes" if review.over else None,
    }
    detail |= {name: value for name, value in said.items() if value is not None}
    return audited(act, document_id(review.source, review.id), decision.at, decision.by, **detail)
