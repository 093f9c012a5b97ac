"""What can be wrong with flagpost itself."""

from __future__ import annotations

from typing import Final, Literal, Self

from msgspec import Struct

from schemas.alert import Severity

SystemRule = Literal[
    "system-lag",
    "system-paused",
    "system-restarts",
    "system-clock",
    "system-dead-letters",
    "system-silent-source",
    "system-rules",
    "system-channel-settings",
    "system-channel",
]

_MOST_TITLE: Final = 512


class Condition(Struct, frozen=True, kw_only=True):
    """One thing that is wrong now. ``rule`` and ``about`` name it; while it is reported its alert stays open."""

    rule: SystemRule
    about: str
    """The stage, source, file, channel or machine."""
    severity: Severity
    title: str
    """One sentence for an operator, with what to look at."""

    @classmethod
    def of(cls, rule: SystemRule, about: str, severity: Severity, title: str) -> Self:
        """With as much of ``title`` as an alert takes."""
        return cls(rule=rule, about=about, severity=severity, title=title[:_MOST_TITLE])
