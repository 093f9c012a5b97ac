"""Holds: whose they are, how long they last, and what is said of them. Pure; hold_book.py follows `[holds]`.

A hold carries its item, so it outlives the index, `[flagged]` and even the author's delete: a post that is taken back
leaves the searches, held or not, and what was held of it stays here, to be shown with ``flagpost hold show``. So a hold
keeps three things apart: the evidence (always kept), the document in the index (neither expires nor is forgotten), and
the source's own delete (which is obeyed).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import msgspec

from pipeline.errors import InvalidInput
from pipeline.message import Outgoing
from pipeline.review.log import is_named
from schemas import codec
from schemas.hold import Hold
from schemas.topics import HOLDS

SURE: Final = 8
"""Characters of an ``_id`` that `flagpost hold list` shows: enough that no other item's id begins so."""


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


def standing(holds: Mapping[str, Hold], name: str) -> Hold | None:
    """The hold, maybe a lapsed one, of the item that a person names; None where there is none. Asks no index.

    Raises `InvalidInput` for so few characters of an ``_id`` that an item which nobody holds may be meant.
    """
    if not any(is_named(uid, name) for uid in holds):
        return None
    if name not in holds and len(name) < SURE:
        raise InvalidInput(
            f"The id of a held item begins with {name!r}, and another item's may, too.",
            f"Give at least {SURE} characters of the id that is meant, or source:id.",
        )
    return named(holds, name)


def put_off(hold: Hold, at: dt.datetime) -> Hold:
    """It was asked ``at`` to forget what is held. The first request counts. Pure."""
    return hold if hold.to_forget else msgspec.structs.replace(hold, to_forget=at)


def ended(hold: Hold) -> Outgoing:
    """The record by which a hold ends. Where the post is to be forgotten it lapses, so that this is remembered. Pure."""
    if hold.to_forget is None:
        return Outgoing(HOLDS, hold.uid.encode(), None)
    until = min(hold.at, hold.until or hold.at)  # over by every clock that differs
    return held_record(msgspec.structs.replace(hold, until=until))


def extended(hold: Hold, by: str, at: dt.datetime, why: str, until: dt.datetime | None) -> Hold:
    """Holds on, or again: the same evidence, for whoever needs it now. Pure."""
    return msgspec.structs.replace(hold, by=by, at=at, why=why, until=until)


def ends_sooner(hold: Hold, until: dt.datetime | None) -> bool:
    """Whether a hold ``until`` then would end before ``hold`` does. Pure."""
    return until is not None and (hold.until is None or until < hold.until)


def held_record(hold: Hold) -> Outgoing:
    """Raises `InvalidInput` for a hold that nobody could read: one such record stops all that looks up what is held."""
    try:
        value = codec.encode(hold)
        codec.decode(HOLDS, value)
    except (codec.InvalidMessage, UnicodeEncodeError) as fault:
        raise InvalidInput(f"It can't be held like this ({fault}).", "Shorten what you gave as --why.") from None
    return Outgoing(HOLDS, hold.uid.encode(), value)
