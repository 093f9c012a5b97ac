"""Which items are held: `[holds]`, followed and written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from pipeline.errors import StageHalted
from pipeline.message import Outgoing
from pipeline.retention.holds import in_force
from pipeline.send import send
from pipeline.settings import Settings
from pipeline.topic_reader import Bounds, TopicReader
from schemas import codec
from schemas.hold import Hold
from schemas.topics import HOLDS

NOBODY = b"-"
"""Key of a record that is about no item: it makes Kafka close a file that nothing else is written to."""

RELIED_ON_FOR: Final = dt.timedelta(hours=12)
"""How long what was read is built upon. Kafka keeps the empty record of a release for 24 h (``delete.retention.ms``): who
looks again later than that may never see that a hold was released. Half of it is left for clocks that differ."""


class HoldBook:
    """The holds as `[holds]` has them. Each look reads what is new, and needs Kafka for no longer than that."""

    def __init__(self, settings: Settings, clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        self._settings = settings
        self._clock = clock
        self._looked_at = clock()
        self._holds: dict[str, Hold] = {}
        self._next: dict[int, int] = {}

    def look(self) -> Mapping[str, Hold]:
        """uid → its hold, lapsed ones too, as of now. Blocks.

        Raises `NotSetUp`, `KafkaUnavailable`, `AccessRefused`, and `StageHalted` for a record that this version can't read:
        not to know what is held must never count as nothing being held.
        """
        now = self._clock()
        with TopicReader(self._settings, HOLDS) as reader:
            bounds = reader.bounds()
            made_again = any(self._next.get(number, 0) > end for number, (_, end) in bounds.items())
            if made_again or abs(now - self._looked_at) >= RELIED_ON_FOR:
                self._holds, self._next = {}, {}
            take(self._holds, self._since(reader, bounds))
        self._next = {number: end for number, (_, end) in bounds.items()}
        self._looked_at = now
        return self._holds

    def held(self) -> Collection[str]:
        """uids of what is held now. Blocks, and raises as `look`."""
        return in_force(self.look(), self._clock())

    def write(self, records: Sequence[Outgoing], afterwards: str) -> None:
        """Sends ``records`` of `[holds]` that were made of what the last look saw, and undoes nobody's hold or release.

        Somebody may have written in the moment between that look and these records. A person's word counts: it is written
        once more behind them. Only where this process is killed, or loses Kafka, between the two it stays undone. Blocks;
        raises as `look` and `send`, see there for ``afterwards``.
        """
        came: list[tuple[bytes | None, bytes | None]] = []
        while records:
            send(self._settings, records, afterwards)
            seen = self._seen()
            records = undone(seen, records)
            came += seen
        try:
            take(self._holds, came)  # at the end: what can't be read must not keep us from putting right what can
        except StageHalted:
            self._holds, self._next = {}, {}  # the next look comes upon it, too
            raise

    def say(self, said: Callable[[Hold | None], Outgoing], before: Hold | None, afterwards: str) -> Hold | None:
        """Sends what a person says of the hold ``before``, as the last look saw it. What is said last counts; only a request
        to forget that was noted in the moment before is taken over. Returns the hold of which it was said. Blocks; raises as
        `write`.
        """
        while True:
            record = said(before)
            send(self._settings, [record], afterwards)
            asked = request_before(self._seen(), record)
            if asked is None or (before and before.to_forget):
                return before
            before = asked

    def _seen(self) -> list[tuple[bytes | None, bytes | None]]:
        """Key and value of what came since the last look or since this was asked last."""
        with TopicReader(self._settings, HOLDS) as reader:
            bounds = reader.bounds()
            seen = list(self._since(reader, bounds))
        self._next = {number: end for number, (_, end) in bounds.items()}
        return seen

    def _since(self, reader: TopicReader, bounds: Bounds) -> Iterator[tuple[bytes | None, bytes | None]]:
        """Key and value of what came since the last look."""
        new = {number: (max(begin, self._next.get(number, 0)), end) for number, (begin, end) in bounds.items()}
        return ((one.key, one.value) for one in reader.records(new))


def take(holds: dict[str, Hold], records: Iterable[tuple[bytes | None, bytes | None]]) -> None:
    """Takes records of the topic, key and value in their order, into ``holds``. Raises `StageHalted`."""
    for key, value in records:
        uid = (key or b"").decode("utf-8", "replace")
        if value is None:
            holds.pop(uid, None)
            continue
        try:
            holds[uid] = codec.decode(HOLDS, value)
        except codec.InvalidMessage as fault:
            raise StageHalted(
                f"A record of {HOLDS.name} can't be read ({fault.reason}: {fault.detail}).",
                "Run the version of flagpost that wrote it, or a later one.",
            ) from None


def undone(seen: Iterable[tuple[bytes | None, bytes | None]], ours: Iterable[Outgoing]) -> list[Outgoing]:
    """What somebody else said of the same items right before ``ours``, to be written again. ``seen`` is what the topic
    has taken in since ours were made, key and value, ours among it. Pure.

    What tells only another state of the item is nobody's word, but another `flagpost retain`: it may stand or not.
    """
    mine = {one.key: _word(one.value) for one in ours}
    others: dict[bytes | None, bytes | None] = {}
    lost: dict[bytes | None, bytes | None] = {}
    for key, value in seen:
        if key not in mine:
            continue
        if _word(value) != mine[key]:
            others[key] = value
            lost.pop(key, None)  # it came behind ours as well, and stands
        elif key in others:
            lost[key] = others[key]
    return [Outgoing(HOLDS, key, value) for key, value in lost.items()]


def _word(value: bytes | None) -> bytes | None:
    """What somebody said of a hold by writing ``value``, without the state of its item."""
    try:
        return value and codec.encode(msgspec.structs.replace(codec.decode(HOLDS, value), latest=None))
    except codec.InvalidMessage:
        return value


def request_before(seen: Iterable[tuple[bytes | None, bytes | None]], ours: Outgoing) -> Hold | None:
    """The last hold of the same item before ``ours`` that is to be forgotten, if there is one. Pure. Raises as `take`."""
    found: dict[str, Hold] = {}
    last: Hold | None = None
    for key, value in seen:
        if key != ours.key:
            continue
        if value == ours.value:
            break
        take(found, [(key, value)])
        last = next((hold for hold in found.values() if hold.to_forget), last)
    return last
