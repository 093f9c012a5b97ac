"""Impossible dates, clocks that are an hour off, and deletes that come early or for chatter; through real workers."""

from __future__ import annotations

import datetime as dt
import json

from pipeline.settings import Settings
from tests.faults.table import Fault
from tests.ledger import Ledger
from tests.worker_processes import WorkerProcesses

# Of whatever the model thinks, it must not doubt these.
HELP = "please help, a man with a knife is trying to get into my house right now, send police"
CHATTER = "lovely sunset over the bay tonight, chips on the front, happy days"

IMPOSSIBLE = (
    "1970-01-01T00:00:00Z",
    "1970-01-21T16:16:05.123Z",  # milliseconds taken for seconds
    "1999-12-31T23:59:59.999Z",
    "2106-02-07T06:28:15Z",  # the last second that 32 bits can count
    "9999-12-31T23:59:59Z",
)
HOUR = dt.timedelta(hours=1)


def test_impossible_dates_are_dead_lettered_and_their_neighbours_are_unhurt(ready: Settings, fault: Fault) -> None:
    ledger = Ledger(ready)
    bad = [record for date in IMPOSSIBLE for record in of_another_time(date)]
    for number in range(45):
        # Each bad record stands behind a good post of the same key, which it must neither replace nor take away.
        ledger.post(f"n{number}", f"{HELP} {number}")
        if number % 3 == 1:
            record = bad[number // 3]
            ledger.bad(json.dumps({**record, "source": "x", "id": f"n{number}"}).encode(), f"x:n{number}")
        ledger.post(f"c{number}", CHATTER)
    ledger.flush()
    with WorkerProcesses(ready):
        fault.survived(ready, ledger, "dates in 1970, 2106 and others", fired=len(bad))
    reasons = [one["reason"] for one in ledger.outcomes().values() if one["outcome"] == "dead_lettered"]
    assert reasons == ["bad_date"] * len(bad)
    assert len(bad) == 15
    assert len(ledger.documents()) == 45


def test_clocks_an_hour_off_lose_and_reorder_nothing(ready: Settings, fault: Fault) -> None:
    now = dt.datetime.now(dt.UTC)
    ledger = Ledger(ready)
    for name, off in (("fast", HOUR), ("slow", -HOUR), ("right", dt.timedelta())):
        ledger.post(name, HELP, created_at=(now + off).isoformat(), read_at=now.isoformat())
    ledger.post("corrected", HELP, created_at=(now - 2 * HOUR).isoformat())
    ledger.post("corrected", HELP + " he is inside", edited_at=(now + HOUR).isoformat())
    ledger.post("corrected", HELP + " older", edited_at=(now - HOUR).isoformat())
    ledger.post("gone", HELP, created_at="2026-08-15T21:00:00Z")
    ledger.delete("gone")  # dated an hour before the post itself
    ledger.flush()
    with WorkerProcesses(ready):
        fault.survived(ready, ledger, "clocks an hour off", fired=ledger.records - 2)
    found = {one["flagpost"]["post_id"]: one for one in ledger.documents().values()}
    assert set(found) == {"fast", "slow", "right", "corrected"}
    assert [name for name, one in found.items() if one["flagpost"].get("clock_skew")] == ["fast"]


def test_deletes_are_final_before_their_post_and_for_chatter(ready: Settings, fault: Fault) -> None:
    ledger = Ledger(ready)
    for number in range(20):
        ledger.delete(f"early{number}")
        ledger.post(f"early{number}", HELP)
        ledger.post(f"early{number}", HELP + " again", edited_at="2026-08-15T22:00:00Z")
        ledger.post(f"chatter{number}", CHATTER)
        ledger.delete(f"chatter{number}")
        ledger.post(f"kept{number}", f"{HELP} {number}")
    ledger.flush()
    with WorkerProcesses(ready):
        fault.survived(ready, ledger, "deletes before their post or of chatter", fired=len(ledger.deleted))
    assert {one["flagpost"]["post_id"] for one in ledger.documents().values()} == {f"kept{n}" for n in range(20)}


def of_another_time(date: str) -> list[dict[str, str]]:
    """A post, an edit and a delete dated so."""
    return [
        {"type": "post", "text": HELP, "created_at": date},
        {"type": "post", "text": HELP, "created_at": "2026-08-15T10:00:00Z", "edited_at": date},
        {"type": "post_deleted", "deleted_at": date},
    ]
