"""A line of the audit log as an auditor reads it."""

from __future__ import annotations

import datetime as dt
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from pipeline.index.audit_search import Line
from pipeline.safe_text import one_line

_WHENCE: Final = ("user", "uid", "host")
"""Details that vouch for a name: as whom the clusters know the person, the machine's number for them, the machine."""


def block(line: Line, zone: dt.tzinfo | None = None) -> RenderableType:
    """When, who, what and on what; below it, what for, the details and whence. Times are local, or in ``zone``."""
    entry = line.entry
    if entry is None:
        return Text(f" ALTERED  {one_line(line.id)} holds no line of the audit log.", style="bold red")
    head = Text(overflow="fold")
    if line.altered:
        head.append(" ALTERED ", style="bold white on red")
        head.append(" ")
    head.append(f"{entry.at.astimezone(zone):%Y-%m-%d %H:%M:%S}", style="bold")
    head.append(f"  {one_line(entry.by)}", style="cyan")
    head.append(f"  {one_line(entry.act).replace('-', ' ')}", style="magenta")
    head.append(f"  {one_line(entry.on)}", style="dim")
    details = [(name, words) for name, words in entry.detail.items() if name not in (*_WHENCE, "why")]
    parts: list[RenderableType] = [head]
    if written_down := line.written_down:
        parts.append(_below(f"written down {written_down.astimezone(zone):%Y-%m-%d %H:%M:%S}", style="bold red"))
    if why := entry.detail.get("why"):
        parts.append(_below(f"why: {one_line(why)}"))
    if details:
        parts.append(_below(" · ".join(f"{_words(name)}: {one_line(words)}" for name, words in details)))
    if whence := [f"{name} {one_line(entry.detail[name])}" for name in _WHENCE if entry.detail.get(name)]:
        parts.append(_below(", ".join(whence), style="dim"))
    return Group(*parts)


def _words(name: str) -> str:
    return one_line(name).removeprefix("asked_").replace("_", " ")


def _below(text: str, style: str = "") -> Padding:
    return Padding(Text(text, style=style, overflow="fold"), (0, 0, 0, 2))
