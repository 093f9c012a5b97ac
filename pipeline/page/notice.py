"""What a channel is given to send, and how a channel answers. Every channel is one file in ``channels/``."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from schemas.alert import Alert, Page


class Notice(Struct, frozen=True, kw_only=True):
    """One page, worded. ``alert`` is there for channels that send fields instead of words."""

    page: Page
    alert: Alert
    title: str
    """One line, at most 200 characters."""
    text: str
    """Lines of plain text."""
    link: str | None
    """Where a person acknowledges, escalates or resolves."""
    address: str
    """The recipient's in this channel; empty where it needs none."""
    test: bool = False
    """A test page, marked so in ``title``."""


class ChannelFailed(Exception):
    """It was not delivered and may be tried again. The message holds no secret and no text of a post."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        """Seconds that the channel asks to be left alone."""


class ChannelRefused(Exception):
    """It will never be delivered this way: a wrong key, an unknown address, a forbidden target."""


class Channel(Protocol):
    """Delivers notices. Sends are bounded in time, run side by side and may repeat: ``notice.page.id`` tells repeats."""

    async def send(self, notice: Notice) -> str:
        """Delivers and returns a short answer for the log. Raises `ChannelFailed` or `ChannelRefused`."""
        ...

    async def close(self) -> None: ...
