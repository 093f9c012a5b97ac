"""Takes away what posts have left anywhere, so that no replay brings it back.

A forgotten post is one whose author has deleted it: its `PostDeleted` goes to ``[posts]`` under the post's own key, and
everything follows from that as it always does. Classify withdraws the item, the index keeps a tombstone, alerts show its
words no more, `flagpost review export` leaves it out; and in whatever order the topics are read again, a delete is final.
Four things do not follow and are done here:

* ``[chatter-sample]`` is read by people who measure the model. It is compacted: an empty record under the post's key
  takes the sample away within a day, and a reader meets the empty record until then. No list of forgotten posts has to
  be kept that every reader would have to know. Classify writes one, too, for a delete of what it samples: in a replay the
  post comes first, and its delete behind it.
* What is held is not forgotten, but its hold remembers that it is to be once nobody holds it any more (the processing of
  evidence is restricted, and it is erased afterwards: Data Protection Act 2018, s. 47).
* Files that were exported are rewritten without the rows.
* Whatever else Kafka holds of it can't be taken out of the middle of a topic. It goes with its time, and when that is,
  is told: from the records that are really there, and how long the topic really keeps them (`last_bytes`).

The author is named nowhere in what is written down. A line of ``[audit]`` names the post's document: a hash that the
tombstone and ``[outcomes]`` bear already, so who asks about a post can be answered for six years, and the log gives
nobody's posts away. A hash of the author's handle would: handles are public, and one hash is tried in no time.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from elasticsearch import Elasticsearch

from pipeline.audit import audited, record
from pipeline.errors import InvalidInput
from pipeline.message import Outgoing
from pipeline.retention.hold_book import HoldBook
from pipeline.retention.holds import held_record, in_force, put_off
from pipeline.retention.seek import states
from pipeline.retention.sight import is_uid
from pipeline.retention.traces import Traces
from pipeline.send import send
from pipeline.settings import Settings
from schemas import codec
from schemas.hold import Hold
from schemas.identity import document_id
from schemas.post import PostDeleted
from schemas.topics import CHATTER_SAMPLE, HOLDS, POSTS

AT_ONCE: Final = 500
"""Posts whose deletes are sent, and recorded, together."""

AGAIN: Final = "Then run the same command again: what is deleted already is left alone."

LOOK_EVERY: Final = 0.5


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done about the posts that were found."""

    deletes: list[str]
    """uids to be deleted."""
    already: list[str]
    """uids that are deleted already."""
    sampled: list[str]
    """uids to be taken out of ``[chatter-sample]``."""
    lapsed: list[str]
    """uids to be taken out of ``[holds]``: their hold has lapsed."""
    held: list[str]
    """uids that must not be forgotten."""
    put_off: list[str]
    """Those of them whose hold does not know yet that they are to be forgotten after it."""

    @property
    def empty(self) -> bool:
        return not (self.deletes or self.sampled or self.lapsed or self.put_off)

    @property
    def posts(self) -> list[str]:
        """uids that anything is done about."""
        return list(dict.fromkeys([*self.deletes, *self.sampled, *self.lapsed]))


def plan(traces: Traces, holds: Mapping[str, Hold], now: dt.datetime) -> Plan:
    """``holds`` are those that there are, lapsed ones too. Pure."""
    held = in_force(holds, now)
    free = sorted(uid for uid in traces.uids - held if is_uid(uid))
    already = traces.deleted - traces.live  # a delete that is on its way may never arrive; another one harms nobody
    return Plan(
        deletes=[uid for uid in free if uid not in already],
        already=[uid for uid in free if uid in already],
        sampled=[uid for uid in free if uid in traces.last.get(CHATTER_SAMPLE.name, ())],
        lapsed=[uid for uid in free if uid in traces.last.get(HOLDS.name, ())],
        held=sorted(traces.uids & held),
        put_off=sorted(uid for uid in traces.uids & held if holds[uid].to_forget is None),
    )


def require_free(held: Collection[str]) -> None:
    """Raises `InvalidInput` where something is held."""
    if held:
        first = min(held)
        others = f" and {len(held) - 1:,} more" if len(held) > 1 else ""
        raise InvalidInput(
            f"{first}{others} can't be forgotten: there is a hold on it, and nothing was done.",
            "`flagpost hold list` says whose and why. With --except-held the rest is forgotten, and its hold remembers it.",
        )


@dataclass(frozen=True, slots=True)
class Request:
    """Who asked for it. ``id`` ties the lines of one call together."""

    id: str
    by: str
    why: str
    at: dt.datetime


def forget(settings: Settings, doing: Plan, traces: Traces, request: Request) -> set[str]:
    """Returns when every in-sync replica has what takes the posts away, and has noted on the holds of others that these are
    to be forgotten later. What it returns are uids of these that nobody holds any more since ``doing`` was planned: nothing
    was done about them.

    Raises as `record` and `send` do; part of it may then be done, and the same again changes nothing.
    """
    posts, deletes = doing.posts, set(doing.deletes)
    for start in range(0, len(posts), AT_ONCE):
        part = posts[start : start + AT_ONCE]
        record(settings, *(line_of("post-forgotten", uid, traces, request) for uid in part))
        send(settings, [delete_of(uid, request.at) for uid in part if uid in deletes], AGAIN)
    send(settings, [Outgoing(CHATTER_SAMPLE, uid.encode(), None) for uid in doing.sampled], AGAIN)
    return _tell_holds(settings, doing, traces, request)


def _tell_holds(settings: Settings, doing: Plan, traces: Traces, request: Request) -> set[str]:
    """Takes lapsed holds away, and lets those in force remember what is to be forgotten after them."""
    if not doing.lapsed and not doing.put_off:
        return set()
    record(settings, *(line_of("forgetting-put-off", uid, traces, request) for uid in doing.put_off))
    book = HoldBook(settings)
    holds = book.look()  # somebody may have held one anew meanwhile, or released one
    held = in_force(holds, request.at)
    records = [Outgoing(HOLDS, uid.encode(), None) for uid in doing.lapsed if uid not in held]
    while records := [*records, *_reminders(holds, doing.put_off, request.at)]:
        book.write(records, AGAIN)
        holds, records = book.look(), []  # what somebody said in that moment counts, and knows of no request
    return {uid for uid in doing.put_off if uid not in holds or not holds[uid].to_forget}


def _reminders(holds: Mapping[str, Hold], uids: Iterable[str], at: dt.datetime) -> list[Outgoing]:
    """The holds of ``uids`` that are in force and do not know yet that these are to be forgotten, as they are to be."""
    held = in_force(holds, at)
    return [held_record(put_off(holds[uid], at)) for uid in uids if uid in held and not holds[uid].to_forget]


def delete_of(uid: str, now: dt.datetime) -> Outgoing:
    """The news that the post is deleted, as its source would have given it."""
    source, _, post_id = uid.partition(":")
    return Outgoing(POSTS, uid.encode(), codec.encode(PostDeleted(source=source, id=post_id, deleted_at=now)))


def line_of(act: str, uid: str, traces: Traces, request: Request) -> Outgoing:
    """The line of `[audit]`: which post, by its hash, and where something of it lay. Neither its id nor its author."""
    source, _, post_id = uid.partition(":")
    places = ", ".join(traces.places(uid)) or "nowhere any more"
    told = {"request": request.id, "source": source, "why": request.why, "places": places}
    return audited(act, document_id(source, post_id), request.at, request.by, **told)


def wait_for_tombstones(
    client: Elasticsearch,
    settings: Settings,
    uids: Iterable[str],
    seconds: float,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> set[str]:
    """Those of ``uids`` that the index still has no final tombstone of after ``seconds``: none, if all went well.

    Raises what `pipeline.elasticsearch_client.explained` raises.
    """
    pending = set(uids)
    deadline = monotonic() + seconds
    while pending:
        pending -= states(client, settings, sorted(pending))[1].keys()
        if not pending or monotonic() >= deadline:
            break
        sleep(LOOK_EVERY)
    return pending
