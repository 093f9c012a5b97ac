"""What can be wrong with flagpost itself."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from schemas.alert import Severity

SystemRule = Literal[
    "system-lag",
    "system-paused",
    "system-restarts",
    "system-dead-letters",
    "system-silent-source",
    "system-rules",
    "system-channel-settings",
    "system-channel",
]


class Condition(Struct, frozen=True, kw_only=True):
    """One thing that is wrong now. ``rule`` and ``about`` name it; while it is reported its alert stays open."""

    rule: SystemRule
    about: str
    """The stage, source, file or channel."""
    severity: Severity
    title: str
    """One sentence for an operator, with what to look at."""
