"""What somebody may write into a post so that a reader's terminal or log obeys, and what must not get through."""

from __future__ import annotations

import unicodedata
from typing import Final

HOSTILE: Final = {
    "clear screen": "\x1b[2J\x1b[H",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;https://evil.example/\x1b\\click me\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;Y3VybCBldmlsfHNo\x07",
    "answer back": "\x1b[6n\x1b[c\x05",
    "one-byte controls": "\x9b2J\x9d0;owned\x9c",
    "overwrite": "harmless\r\x1b[2Kowned\b\b\b",
    "new line of a log": 'x\n{"event": "stage started", "level": "info"}\r\n',
    "turned around": "\u202egnp.exe\u202c \u2066x\u2069 \u200f\u200e\u061c",
    "other line breaks": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "markup": "[red]not markup[/red] [link=https://evil.example]x[/link] {event} %s %(x)s",
    "nothing and erase": "\x00\x7f",
}
TEXT: Final = "help, a man with a knife is at my door right now " + " ".join(HOSTILE.values())

_DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def obeyed(output: str) -> set[str]:
    """Characters of ``output`` that a terminal would obey, other than the end of a line and a tab."""
    return {
        one
        for one in output
        if one not in "\n\t" and (unicodedata.category(one) in ("Cc", "Zl", "Zp", "Cs") or one in _DIRECTIONS)
    }
