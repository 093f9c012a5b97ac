"""The alert stage: `[flagged]` → `[alert-candidates]`.

It says of every item which rules match it, and keeps nothing in mind: what becomes of it is the page stage's to decide. So
there is a record for every item, also one that no rule matches: an open alert must learn that its item has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pipeline.alert.likeness import likeness
from pipeline.alert.match import Matcher
from pipeline.alert.rules import RulesFile
from pipeline.message import Message, Outgoing, Producer, RecordTooLarge, Sent, send_in_order
from pipeline.result import DeadLetter, Done, End, Result, Retry
from schemas import codec
from schemas.alert import MOST_EXCERPT, Excerpt, Gone, Matched
from schemas.codec import InvalidMessage
from schemas.identity import VersionOutOfRange, version_of
from schemas.item import Item, Withdrawn
from schemas.topics import ALERT_CANDIDATES, FLAGGED

CUT: Final = "…"


class AlertStage:
    """Matches items with the rules. See `pipeline.delivery.Stage` for what a stage promises."""

    name = "alert"

    def __init__(self, rules: Callable[[], RulesFile], producer: Producer) -> None:
        """``rules`` gives those in force, the same object for as long as they stay the same."""
        self._rules = rules
        self._producer = producer
        self._file = rules()
        self._matcher = Matcher(self._file.rules)

    async def handle(self, messages: Sequence[Message]) -> Sequence[Result]:
        """Publishes a candidate for every message that can be read, in the order of the messages."""
        self._take_rules()
        prepared = [self._prepare(message) for message in messages]
        records = [
            Outgoing(ALERT_CANDIDATES, one.uid.encode(), codec.encode(one))
            for one in prepared
            if not isinstance(one, DeadLetter)
        ]
        sent = iter(await send_in_order(self._producer, records))
        return [one if isinstance(one, DeadLetter) else _result(one, next(sent)) for one in prepared]

    async def settle(self, ends: Sequence[tuple[Message, End]]) -> Retry | None:
        """Nothing to settle: the candidates are the whole effect."""
        return None

    def _take_rules(self) -> None:
        file = self._rules()
        if file is not self._file:
            self._file = file
            self._matcher = Matcher(file.rules)

    def _prepare(self, message: Message) -> Matched | Gone | DeadLetter:
        try:
            record: Item | Withdrawn = codec.decode(FLAGGED, message.value)
            if isinstance(record, Withdrawn):
                return _gone(record)
            if record.label == "chatter":
                return DeadLetter("wrong_shape", "an item that is chatter")
            return self._matched(record)
        except InvalidMessage as fault:
            return DeadLetter(fault.reason, fault.detail)
        except VersionOutOfRange as fault:
            return DeadLetter("version_out_of_range", str(fault))

    def _matched(self, item: Item) -> Matched:
        matches = self._matcher.matches(item)
        return Matched(
            source=item.source,
            id=item.id,
            version=version_of(item),
            revision=item.revision,
            matches=matches,
            excerpt=excerpt_of(item) if matches else None,
            likeness=likeness(item.post.text) if matches else [],
            dismissed=item.dismissed,
        )


def excerpt_of(item: Item) -> Excerpt:
    """What a page tells of a flagged ``item``."""
    label = item.label
    assert label != "chatter"  # `_prepare` lets none through
    return Excerpt(
        label=label,
        grade=item.grade or "routine",
        score=getattr(item.verdict.scores, label),
        text=shortened(item.post.text),
        posted_at=item.post.created_at,
        unsure=item.verdict.unsure and item.review is None,
        place=(item.post.place and item.post.place.name) or None,
        url=item.post.url,
    )


def shortened(text: str, most: int = MOST_EXCERPT) -> str:
    """The first words of ``text`` on one line, at most ``most`` characters; an … stands for what is left out."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    head = line[: most - len(CUT)]
    if line[len(head)] != " " and " " in head:
        head = head.rpartition(" ")[0]
    return head.rstrip() + CUT


def _gone(record: Withdrawn) -> Gone:
    return Gone(
        source=record.source,
        id=record.id,
        version=version_of(record),
        reason=record.reason,
        revision=record.revision,
    )


def _result(record: Matched | Gone, sent: Sent) -> Result:
    if isinstance(sent, RecordTooLarge):
        return DeadLetter("too_large", "the candidate is larger than its topic takes")
    if sent is not None:
        return Retry("alert candidates are not acknowledged")
    if isinstance(record, Gone):
        return Done("gone")
    return Done("matched" if record.matches else "unmatched")
