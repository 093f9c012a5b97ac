"""Test pages: whether a person can be reached through a channel, without an alert and without Kafka."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import secrets
from collections.abc import AsyncIterator, Sequence
from typing import Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from pipeline.alert.rules import RulesFile
from pipeline.errors import FlagpostError, InvalidInput
from pipeline.page.channels import open_channel
from pipeline.page.notice import Channel, ChannelFailed, ChannelRefused, Notice
from pipeline.page.wording import words_of_a_test
from schemas.alert import Alert, Page

SEND_WITHIN: Final = 60.0
"""Seconds after which a channel that has not answered has failed, whatever its own bounds are."""

RULE: Final = "flagpost-test"
"""Of the alert that a test page seems to be about."""


class Target(Struct, frozen=True):
    """A person, and a channel that the person has."""

    person: str
    channel: str


class Trial(Struct, frozen=True):
    """What came of one test page. ``answer`` holds no secret."""

    target: Target
    end: Literal["delivered", "refused", "failed"]
    answer: str


def targets(file: RulesFile, to: str | None = None, channel: str | None = None) -> list[Target]:
    """Every person and channel of the file; or only those of ``to``, a person or a rota, and only through ``channel``.

    Raises `InvalidInput` when that is nothing.
    """
    people = list(file.people)
    if to in file.rota:
        people = list(dict.fromkeys(who for shift in file.rota[to] for who in shift.who))
    elif to is not None:
        people = [_known(to, "person or rota", [*file.people, *file.rota])]
    if channel is not None:
        _known(channel, "channel", list(file.channels))
    found = [
        Target(person, name)
        for person in people
        if person in file.people
        for name in file.people[person].channels
        if channel in (None, name)
    ]
    if not found:
        raise InvalidInput(
            "There is nobody to page.",
            "In the rules file each of `people` has `channels`: the name of a channel and the address in it.",
        )
    return found


async def tried(file: RulesFile, wanted: Sequence[Target], at: dt.datetime) -> AsyncIterator[Trial]:
    """Sends a test page to every target, side by side; what came of each, in their order.

    A channel that can't be opened is refused with the reason.
    """
    channels: dict[str, Channel | str] = {}
    for name in dict.fromkeys(target.channel for target in wanted):
        try:
            if name not in file.channels:
                raise InvalidInput("the rules file has no such channel")
            channels[name] = open_channel(name, file.channels[name])
        except FlagpostError as error:
            channels[name] = error.message
    sends = [asyncio.create_task(_tried(file, target, channels[target.channel], at)) for target in wanted]
    try:
        for send in sends:
            yield await send
    finally:
        for send in sends:
            send.cancel()
        opened = [channel for channel in channels.values() if not isinstance(channel, str)]
        await asyncio.gather(*(channel.close() for channel in opened), return_exceptions=True)


async def _tried(file: RulesFile, target: Target, channel: Channel | str, at: dt.datetime) -> Trial:
    if isinstance(channel, str):
        return Trial(target, "refused", channel)
    try:
        async with asyncio.timeout(SEND_WITHIN):
            return Trial(target, "delivered", await channel.send(notice(file, target, at)))
    except ChannelRefused as refusal:
        return Trial(target, "refused", str(refusal))
    except ChannelFailed as failure:
        return Trial(target, "failed", str(failure))
    except TimeoutError:
        return Trial(target, "failed", f"no answer within {SEND_WITHIN:g} s")
    except Exception as error:  # a fault in one channel; the others are tested all the same
        return Trial(target, "failed", type(error).__name__)


def notice(file: RulesFile, target: Target, at: dt.datetime) -> Notice:
    """A page that says that it is a test, about an alert that there is none of."""
    title, text = words_of_a_test(target.channel, target.person, at, ZoneInfo(file.timezone))
    alert = Alert(
        id=base64.b32encode(secrets.token_bytes(10)).decode().lower(),
        sequence=1,
        rule=RULE,
        severity="info",
        group=RULE,
        state="open",
        opened_at=at,
        updated_at=at,
        title=title,
    )
    page = Page(
        id=f"test-{alert.id}",
        kind="open",
        channel=target.channel,
        recipient=target.person,
        due_at=at,
        begun_at=at,
        tries=1,
    )
    address = file.people[target.person].channels[target.channel]
    return Notice(page=page, alert=alert, title=title, text=text, link=None, address=address, test=True)


def _known(name: str, what: str, names: Sequence[str]) -> str:
    if name not in names:
        raise InvalidInput(
            f"The rules file has no {what} {name!r}.", f"It has: {', '.join(names)}." if names else "It has none."
        )
    return name
