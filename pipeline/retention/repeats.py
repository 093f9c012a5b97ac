"""Decided and edited items whose post came in once more: they count from the last time.

What is found of a post is decided by versions and not by age. An item that was decided or edited stays what is found when
its source repeats the post months later: what classify makes of the repeat has a lower version, and stands in
``[flagged]`` alone, younger than the item. Went the item with its own time, the next replay would bring that repeat,
without the decision or in the old wording. (Any other item is overwritten by the repeat, and as young from then on; but
for one that an older model judged, or that claims to be posted earlier, which comes back as what it is: undecided.)

So before its time is over, such an item takes the moment of its youngest repeat and goes to ``[flagged]`` once more, in its
own version: then it stays for as long as what would come in its place, and an index that is rebuilt finds the same.
`AHEAD` of time, because an index that is rebuilt knows only what ``[flagged]`` says at that moment. What comes while this
is read is followed until the item goes. What classify has not judged by then comes in anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec
from elasticsearch import Elasticsearch

from pipeline.audit import audited, record
from pipeline.message import Outgoing
from pipeline.retention.age import Ages, items_over, outlasting
from pipeline.retention.clocks import require_not_ahead
from pipeline.retention.keep import stored
from pipeline.retention.purge import Found, find
from pipeline.retention.tend import AGAIN
from pipeline.send import send
from pipeline.settings import Settings
from pipeline.topic_reader import Bounds, TopicReader
from schemas import codec
from schemas.item import Item, Withdrawn
from schemas.mapping import ITEMS
from schemas.topics import FLAGGED

AHEAD: Final = dt.timedelta(days=7)
"""For so many days of nights on which `flagpost retain` did not run nothing is missed."""

AT_ONCE: Final = 1000
"""Items that are read and sent together: a week of all that is decided or edited may not fit into memory."""

KeyAndValue = tuple[bytes | None, bytes | None]


class Repeats:
    """Of one run of `flagpost retain`, which begins ``now``. Blocks, and raises as `TopicReader`, `find` and `send`."""

    def __init__(self, settings: Settings, client: Elasticsearch, now: dt.datetime) -> None:
        self._settings = settings
        self._client = client
        self._now = now
        self._ages = Ages.of(settings)
        self._next: dict[int, int] = {}
        """Of `[flagged]` so much was read."""
        self._young: set[str] = set()
        """uids of items that must not go in this run: the index may not know yet how young they are."""

    def take(self, by: str, dry_run: bool) -> int:
        """Lets items whose time is over soon count from their repeats; how many these are. ``by`` is who asked for it."""
        soon = outlasting(items_over(self._ages, self._now + AHEAD))
        pages = find(self._client, self._settings, ITEMS.write_alias, soon)
        uids = frozenset(one.uid for page in pages for one in page)
        with TopicReader(self._settings, FLAGGED) as reader:
            bounds = reader.bounds()
            judged = youngest(_read(reader, bounds), uids, self._ages, self._now) if uids else {}
        self._next = {number: end for number, (_, end) in bounds.items()}
        again = sorted(judged)
        for start in range(0, len(again), AT_ONCE):
            items = younger(stored(self._client, self._settings, again[start : start + AT_ONCE]), judged)
            if items and not dry_run:
                self._renew(items, by)
            self._young |= {one.uid for one in items}
        return len(self._young)

    def stay(self, page: Sequence[Found]) -> set[str]:
        """Those ``_id`` of what is over that must not go now: they count from a repeat, or one has come this minute."""
        with TopicReader(self._settings, FLAGGED) as reader:
            bounds = reader.bounds()
            new = {number: (max(begin, self._next.get(number, 0)), end) for number, (begin, end) in bounds.items()}
            came = youngest(_read(reader, new), None, self._ages, self._now)
        self._next = {number: end for number, (_, end) in bounds.items()}
        self._young |= came.keys()
        return {one.id for one in page if one.uid in self._young}

    def _renew(self, items: Sequence[Item], by: str) -> None:
        line = audited("items-count-anew", ITEMS.alias, self._now, by, items=str(len(items)))
        require_not_ahead(self._now, record(self._settings, line))
        send(self._settings, records_of(items), AGAIN)


def _read(reader: TopicReader, bounds: Bounds) -> Iterator[KeyAndValue]:
    return ((one.key, one.value) for one in reader.records(bounds))


def youngest(
    records: Iterable[KeyAndValue], uids: Collection[str] | None, ages: Ages, now: dt.datetime
) -> dict[str, dt.datetime]:
    """uid → when it was judged last, by those items of ``records`` that a replay ``now`` would store; of all posts where no
    ``uids`` are given. Pure.

    What the index stage refuses or can't use does not count: it comes in nobody's place.
    """
    judged: dict[str, dt.datetime] = {}
    for key, value in records:
        if uids is not None and (key or b"").decode("utf-8", "replace") not in uids:
            continue  # decoding is most of the work
        try:
            found: Item | Withdrawn = codec.decode(FLAGGED, value)
        except codec.InvalidMessage:
            continue
        if isinstance(found, Item) and not ages.item_is_over(found, now):
            judged[found.uid] = max(found.judged_at, judged.get(found.uid, found.judged_at))
    return judged


def younger(stored: Mapping[str, Item | Withdrawn], judged: Mapping[str, dt.datetime]) -> list[Item]:
    """Of the items that the index has those that were ``judged`` once more since, as young as that. Pure."""
    return [
        msgspec.structs.replace(one, judged_at=judged[uid])
        for uid, one in stored.items()
        if isinstance(one, Item) and uid in judged and judged[uid] > one.judged_at
    ]


def records_of(items: Iterable[Item]) -> list[Outgoing]:
    return [Outgoing(FLAGGED, one.uid.encode(), codec.encode(one)) for one in items]
