"""A post with the words that carried its verdict."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from pipeline.evaluation.marking import parts
from pipeline.safe_text import one_line, safe
from schemas.verdict import Reason

MOST_CHARACTERS: Final = 400
"""Of a text; what is beyond is cut."""
_LINES: Final = re.compile(r"\s+")


def block(head: Text, text: str, reasons: Sequence[Reason]) -> Group:
    """``head``, the text with its reasons underlined, and the reasons once more for where nothing can be underlined."""
    lines = [Padding(marked(text, reasons), (0, 0, 0, 2), expand=False)]
    if why := [one_line(reason.text) for reason in reasons]:
        lines.append(Padding(Text(f"why: {' · '.join(why)}", style="dim", overflow="fold"), (0, 0, 0, 2), expand=False))
    return Group(head, *lines, Text())


def marked(text: str, reasons: Sequence[Reason]) -> Text:
    """``text`` without line breaks, cut where it is long, with its reasons underlined."""
    if not text.strip():
        return Text("(no words)", style="dim")
    rendered = Text(overflow="fold")
    left = MOST_CHARACTERS
    for piece, is_reason in parts(text, reasons):
        rendered.append(safe(_LINES.sub(" ", piece[:left])), style="bold underline" if is_reason else "")
        left -= len(piece)
        if left < 0:
            rendered.append(" …", style="dim")
            break
    return rendered
