"""Sends pages, side by side and bounded, and keeps what came of each until it is written down."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from pipeline.alert.rules import Channel as ChannelSettings
from pipeline.alert.rules import RulesFile
from pipeline.errors import FlagpostError
from pipeline.log import get_logger
from pipeline.page.notice import Channel, ChannelFailed, ChannelRefused, Notice
from pipeline.page.tries import Outcome, Try, address_of
from pipeline.page.wording import words

log = get_logger(__name__)

AT_ONCE: Final = 4
"""Pages under way in one channel."""

OPENED_AGAIN: Final = dt.timedelta(minutes=1)
"""After so long a channel that could not be opened is tried again: its secret may have been put right."""

SEND_WITHIN: Final = 60.0
"""Seconds after which a channel that has not answered has failed, whatever its own bounds are."""


class LinkMaker(Protocol):
    """`pipeline.page.links.Links`."""

    def url(self, alert: str, recipient: str, page: str, now: dt.datetime) -> str: ...


class _Unusable:
    """Stands for a channel whose settings can't be used: its pages fail and say why, the other channels go on."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    async def send(self, notice: Notice) -> str:
        raise ChannelRefused(self.reason)

    async def close(self) -> None:
        pass


class Sender:
    """The channels of the rules file, and the pages that are under way in them."""

    def __init__(
        self,
        open_channel: Callable[[str, ChannelSettings], Channel],
        links: LinkMaker | None = None,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        woken: Callable[[], None] = lambda: None,
    ) -> None:
        """``woken`` is called when a page has come to an outcome."""
        self._open_channel = open_channel
        self._links = links
        self._clock = clock
        self._woken = woken
        self._settings: Mapping[str, ChannelSettings] | None = None
        self._channels: dict[str, Channel] = {}
        self._under_way: dict[str, tuple[str, asyncio.Task[None]]] = {}
        """Page → its channel and its task."""
        self._outcomes: list[Outcome] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._open = True
        self._again_at: dt.datetime | None = None

    def use(self, rules: RulesFile) -> None:
        """Opens the file's channels; those of the file before are closed when nothing is under way in them. What can't be
        opened is tried again now and then.
        """
        if self._settings == rules.channels:
            self._open_again(rules)
            return
        if self._channels:
            closing = asyncio.create_task(_close_after(self._tasks(), self._channels))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
        self._settings = rules.channels
        self._channels = {name: self._opened(name, channel) for name, channel in rules.channels.items()}
        self._again_at = self._clock() + OPENED_AGAIN

    def unusable(self) -> dict[str, str]:
        """Channels that could not be opened, and why."""
        return {name: one.reason for name, one in self._channels.items() if isinstance(one, _Unusable)}

    def free(self) -> dict[str, int]:
        """Channel → how many pages more it may send now."""
        busy = Counter(channel for channel, _ in self._under_way.values())
        return {name: max(AT_ONCE - busy[name], 0) if self._open else 0 for name in self._channels}

    @property
    def sending(self) -> frozenset[str]:
        """Pages that are under way."""
        return frozenset(self._under_way)

    def launch(self, tries: Sequence[Try], rules: RulesFile) -> None:
        """Begins to send. That each try begins has been written down."""
        for one in tries:
            channel = self._channels[one.page.channel]
            task = asyncio.create_task(self._send(one, channel, rules))
            self._under_way[one.page.id] = one.page.channel, task

    def outcomes(self) -> list[Outcome]:
        """What has come of pages and is not written down yet, in order."""
        return list(self._outcomes)

    def settled(self, outcomes: Sequence[Outcome]) -> None:
        """These first of `outcomes` are written down."""
        del self._outcomes[: len(outcomes)]

    async def drain(self) -> None:
        """Begins nothing more, and returns when nothing is under way."""
        self._open = False
        if tasks := self._tasks():
            await asyncio.wait(tasks)

    async def abandon(self) -> None:
        """Gives up what is under way: it may have been delivered, and whoever comes after sends it again. Then all is
        as new.
        """
        tasks = self._tasks()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._under_way.clear()
        self._outcomes.clear()
        self._open = True

    async def close(self) -> None:
        """Closes the channels."""
        await self.abandon()
        await asyncio.gather(*self._closing, *(one.close() for one in self._channels.values()), return_exceptions=True)
        self._channels.clear()
        self._settings = None

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [task for _, task in self._under_way.values()]

    def _open_again(self, rules: RulesFile) -> None:
        if self._again_at is None or self._clock() < self._again_at:
            return
        self._again_at = self._clock() + OPENED_AGAIN
        self._channels |= {name: self._opened(name, rules.channels[name]) for name in self.unusable()}

    def _opened(self, name: str, channel: ChannelSettings) -> Channel:
        try:
            return self._open_channel(name, channel)
        except FlagpostError as error:
            log.error("a channel can't be used", channel=name, reason=error.message, hint=error.hint)
            return _Unusable(error.message)

    async def _send(self, one: Try, channel: Channel, rules: RulesFile) -> None:
        page = one.page
        try:
            async with asyncio.timeout(SEND_WITHIN):
                answer = await channel.send(self._notice(one, rules))
            outcome = Outcome(alert=one.alert.id, page=page.id, channel=page.channel, end="delivered", answer=answer)
        except ChannelRefused as refusal:
            outcome = _failure(one, "refused", str(refusal))
        except ChannelFailed as failure:
            outcome = _failure(one, "failed", str(failure), failure.retry_after)
        except TimeoutError:
            outcome = _failure(one, "failed", f"no answer within {SEND_WITHIN:g} s")
        except Exception as error:
            # A fault in one channel must not end the process: the other channels page on. What it says may quote the
            # page, so only its kind is logged.
            log.error("a channel broke", channel=page.channel, page=page.id, reason=type(error).__name__)
            outcome = _failure(one, "failed", type(error).__name__)
        if outcome.end != "delivered":
            log.warning(
                "page not delivered", channel=page.channel, page=page.id, tries=page.tries, reason=outcome.answer
            )
        del self._under_way[page.id]
        self._outcomes.append(outcome)
        self._woken()

    def _notice(self, one: Try, rules: RulesFile) -> Notice:
        alert, page = one.alert, one.page
        title, text = words(alert, page, ZoneInfo(rules.timezone))
        link = self._links.url(alert.id, page.recipient, page.id, self._clock()) if self._links else None
        return Notice(page=page, alert=alert, title=title, text=text, link=link, address=address_of(rules, page) or "")


def _failure(one: Try, end: str, answer: str, retry_after: float | None = None) -> Outcome:
    return Outcome(
        alert=one.alert.id,
        page=one.page.id,
        channel=one.page.channel,
        end="refused" if end == "refused" else "failed",
        answer=answer,
        retry_after=retry_after,
    )


async def _close_after(tasks: Sequence[asyncio.Task[None]], channels: Mapping[str, Channel]) -> None:
    if tasks:
        await asyncio.wait(tasks)
    await asyncio.gather(*(channel.close() for channel in channels.values()), return_exceptions=True)
