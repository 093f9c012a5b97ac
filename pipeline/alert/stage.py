"""The alert stage: `[flagged]` → `[alert-candidates]`.

It says of every item which rules match it, and keeps nothing in mind: what becomes of it is the page stage's to decide. So
there is a record for every item, also one that no rule matches: an open alert must learn that its item has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.alert.candidate import candidate_of
from pipeline.alert.match import Matcher
from pipeline.alert.rules import RulesFile
from pipeline.message import Message, Outgoing, Producer, RecordTooLarge, Sent, send_in_order
from pipeline.result import DeadLetter, Done, End, Result, Retry
from schemas import codec
from schemas.alert import Gone, Matched
from schemas.codec import InvalidMessage
from schemas.identity import VersionOutOfRange
from schemas.item import Item, Withdrawn
from schemas.topics import ALERT_CANDIDATES, FLAGGED


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
            if isinstance(record, Item) and record.label == "chatter":
                return DeadLetter("wrong_shape", "an item that is chatter")
            return candidate_of(record, self._matcher)
        except InvalidMessage as fault:
            return DeadLetter(fault.reason, fault.detail)
        except VersionOutOfRange as fault:
            return DeadLetter("version_out_of_range", str(fault))


def _result(record: Matched | Gone, sent: Sent) -> Result:
    if isinstance(sent, RecordTooLarge):
        return DeadLetter("too_large", "the candidate is larger than its topic takes")
    if sent is not None:
        return Retry("alert candidates are not acknowledged")
    if isinstance(record, Gone):
        return Done("gone")
    return Done("matched" if record.matches else "unmatched")
