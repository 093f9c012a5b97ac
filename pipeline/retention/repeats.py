"""Items whose post came in, or was judged, once more: they count from the last time.

What is found of a post is decided by versions and not by age. An item that was decided, edited or judged by a newer model
stays what is found when its source repeats the post months later: what classify makes of the repeat has a lower version,
and stands in ``[flagged]`` alone, younger than the item. Went the item with its own time, the next replay would bring that
repeat, without the decision or in the old wording. (A repeat of the same version overwrites the item, which is as young
from then on.)

So before its time is over, an item takes the moment of its youngest repeat and goes to ``[flagged]`` once more, in its own
version: then it stays for as long as what would come in its place, and an index that is rebuilt finds the same. `AHEAD` of
time, because an index that is rebuilt knows only what ``[flagged]`` says at that moment.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from pipeline.message import Outgoing
from pipeline.retention.age import Ages
from pipeline.settings import Settings
from pipeline.topic_reader import read_topic
from schemas import codec
from schemas.item import Item, Withdrawn
from schemas.topics import FLAGGED

AHEAD: Final = dt.timedelta(days=7)
"""For so many days of nights on which `flagpost retain` did not run nothing is missed."""

AT_ONCE: Final = 1000
"""Items that are read and sent together: a week of all that is decided or edited may not fit into memory."""


def last_judged(settings: Settings, uids: Collection[str], ages: Ages, now: dt.datetime) -> dict[str, dt.datetime]:
    """`youngest` of all that ``[flagged]`` holds. Reads it from its beginning; blocks; raises as `TopicReader`."""
    return youngest((record.value for record in read_topic(settings, FLAGGED)), uids, ages, now)


def youngest(
    values: Iterable[bytes | None], uids: Collection[str], ages: Ages, now: dt.datetime
) -> dict[str, dt.datetime]:
    """uid → when it was judged last, by those of the items ``values`` that a replay ``now`` would store. Pure.

    What the index stage refuses or can't use does not count: it comes in nobody's place.
    """
    judged: dict[str, dt.datetime] = {}
    for value in values:
        try:
            record: Item | Withdrawn = codec.decode(FLAGGED, value)
        except codec.InvalidMessage:
            continue
        if isinstance(record, Item) and record.uid in uids and not ages.item_is_over(record, now):
            judged[record.uid] = max(record.judged_at, judged.get(record.uid, record.judged_at))
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
