"""Tables as all reports have them: no frames, a bold title, numbers to the right."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table


def table(first: str, numbers: Sequence[str], title: str | None = None) -> Table:
    """An empty table with a column of names, which may wrap, and columns of numbers."""
    made = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        header_style="dim",
        padding=(0, 2, 0, 0),
    )
    made.add_column(first, overflow="fold")
    for name in numbers:
        made.add_column(name, justify="right", overflow="fold")
    return made
