"""Text that may be shown: a post's is anybody's, and terminals, pages and mails obey control characters."""

from __future__ import annotations

import json
import re
from typing import Any, Final

# C0 and C1 controls, DEL, and what turns the direction of text around (Trojan Source, CVE-2021-42574).
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_WHITE: Final = re.compile(r"[ \t\r\n\v\f\u2028\u2029]+")


def safe(text: str) -> str:
    """``text`` with every control character shown instead of obeyed: ESC as ``␛``, others as ``�``; newlines stay."""
    return _UNSAFE.sub(_shown, text)


def one_line(text: str) -> str:
    """``text`` safe and on one line."""
    return safe(_WHITE.sub(" ", text).strip())


def json_line(value: Any) -> str:
    """``value`` as JSON on one line, with control characters escaped as JSON allows: the same data, safe to look at."""
    text = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    return _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _shown(match: re.Match[str]) -> str:
    character = match.group()
    if character in "\n\t":
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"
