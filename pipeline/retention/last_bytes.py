"""When the last of a post goes from Kafka. Pure.

By the records that are there, and by those that a stage may write yet: a post that stands in ``[posts]`` may not have
been judged, and lies in ``[flagged]`` for a year once it is. What may come counts as if it came now. A stage has done what
it had when what it writes says so: everything about one post is in order, its delete comes last, and each stage sends the
news of it on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from pipeline.retention.stay import Stay
from pipeline.retention.tombstones import SLACK
from pipeline.retention.traces import Traces
from schemas.topics import ALERT_CANDIDATES, ALERTS, CHATTER_SAMPLE, DEAD_LETTERS, FLAGGED, POSTS, REVIEWS


def last_bytes(traces: Traces, stays: Mapping[str, Stay], now: dt.datetime) -> dict[str, dt.datetime]:
    """Topic → when the last of the posts has gone from it at the latest, once the posts are forgotten ``now``, as far as
    no stage that has some of it to write yet (`may_come`) waits with that.
    """
    newest = {name: max(seen.values()) for name, seen in traces.last.items() if seen}
    newest |= dict.fromkeys(may_come(traces), now)
    gone = {name: stays[name].gone_once_replaced(moment, now) for name, moment in newest.items()}
    for name, emptied in traces.emptied.items():
        for written, taken in emptied.values():
            moment = stays[name].gone_once_replaced(written, taken)
            if moment <= now:  # it is there all the same: nothing was written since that closed its file
                moment = stays[name].gone_once_replaced(written, now)
            gone[name] = max(moment, gone.get(name, moment))
    return gone


def may_come(traces: Traces) -> set[str]:
    """Topics to which a stage may write something of the posts yet, for all that can be seen."""
    posts, flagged, reviews, candidates = (
        traces.last.get(topic.name, {}) for topic in (POSTS, FLAGGED, REVIEWS, ALERT_CANDIDATES)
    )
    coming = set[str]()
    if any(not _is_judged(traces, uid) for uid in posts):
        coming |= {topic.name for topic in (FLAGGED, CHATTER_SAMPLE, ALERT_CANDIDATES, ALERTS, DEAD_LETTERS)}
    if any(uid not in flagged or flagged[uid] < decided for uid, decided in reviews.items()):
        coming |= {topic.name for topic in (FLAGGED, ALERT_CANDIDATES, ALERTS, DEAD_LETTERS)}
    told = traces.told.get(ALERT_CANDIDATES.name, {})
    if any(uid not in told or told[uid] < moment for uid, moment in flagged.items()):
        coming |= {ALERT_CANDIDATES.name, ALERTS.name, DEAD_LETTERS.name}
    return coming | {ALERTS.name} if candidates else coming


def _is_judged(traces: Traces, uid: str) -> bool:
    """Whether classify has passed all that ``[posts]`` holds of it: the index has the delete that stands behind that."""
    deleted, buried = traces.told.get(POSTS.name, {}).get(uid), traces.buried.get(uid)
    return uid not in traces.again and deleted is not None and buried is not None and deleted - SLACK <= buried
