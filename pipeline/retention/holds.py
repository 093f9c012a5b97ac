"""Which items are held: `[holds]`, followed.

A hold carries its item, so it outlives the index, `[flagged]` and even the author's delete: a post that is taken back
leaves the searches, held or not, and what was held of it stays here, to be shown with ``flagpost hold show``. So a hold
keeps three things apart: the evidence (always kept), the document in the index (neither expires nor is forgotten), and
the source's own delete (which is obeyed).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence

from pipeline.errors import InvalidInput, StageHalted
from pipeline.message import Outgoing
from pipeline.review.log import is_named
from pipeline.settings import Settings
from pipeline.topic_reader import TopicReader
from schemas import codec
from schemas.hold import Hold
from schemas.topics import HOLDS

NOBODY = b"-"
"""Key of a record that is about no item: it makes Kafka close a file that nothing else is written to."""


class HoldBook:
    """The holds as `[holds]` has them. Each look reads what is new, and needs Kafka for no longer than that."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._holds: dict[str, Hold] = {}
        self._next: dict[int, int] = {}

    def look(self) -> Mapping[str, Hold]:
        """uid → its hold, lapsed ones too, as of now. Blocks.

        Raises `NotSetUp`, `KafkaUnavailable`, `AccessRefused`, and `StageHalted` for a record that this version can't read:
        not to know what is held must never count as nothing being held.
        """
        with TopicReader(self._settings, HOLDS) as reader:
            bounds = reader.bounds()
            if any(self._next.get(number, 0) > end for number, (_, end) in bounds.items()):
                self._holds, self._next = {}, {}  # the topic was made again
            new = {number: (max(begin, self._next.get(number, 0)), end) for number, (begin, end) in bounds.items()}
            take(self._holds, ((one.key, one.value) for one in reader.records(new)))
        self._next = {number: end for number, (_, end) in bounds.items()}
        return self._holds

    def held(self) -> Collection[str]:
        """uids of what is held now. Blocks, and raises as `look`."""
        return in_force(self.look(), dt.datetime.now(dt.UTC))


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


def in_force(holds: Mapping[str, Hold], now: dt.datetime) -> set[str]:
    """uids whose hold has not lapsed."""
    return {uid for uid, hold in holds.items() if hold.in_force(now)}


def named(holds: Mapping[str, Hold], name: str) -> Hold:
    """The one hold that a person names, by uid, ``_id`` or the beginning of that. Raises `InvalidInput`."""
    found = [hold for uid, hold in holds.items() if is_named(uid, name)]
    if not found:
        raise InvalidInput(f"Nothing that is held is named {name!r}.", "`flagpost hold list` shows what is.")
    if len(found) > 1:
        raise InvalidInput(f"The ids of {len(found)} held items begin with {name!r}.", "Give more of its characters.")
    return found[0]


def held_record(hold: Hold) -> Outgoing:
    """Raises `InvalidInput` for a hold that nobody could read: one such record stops all that looks up what is held."""
    try:
        value = codec.encode(hold)
        codec.decode(HOLDS, value)
    except (codec.InvalidMessage, UnicodeEncodeError) as fault:
        raise InvalidInput(f"It can't be held like this ({fault}).", "Shorten what you gave as --why.") from None
    return Outgoing(HOLDS, hold.uid.encode(), value)


def released_records(uids: Sequence[str]) -> list[Outgoing]:
    return [Outgoing(HOLDS, uid.encode(), None) for uid in uids]
