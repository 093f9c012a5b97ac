"""How a message can end in a stage, and what may happen to it on the way.

``Done`` and ``DeadLetter`` are ends. ``Retry`` asks for the message to be handled again. ``Halt`` stops the process:
going on would lose or spoil messages.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """The message's effect is durable. ``note`` is a short code for the counters: indexed, stale, flagged …"""

    note: str = "done"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The message can never be used. ``detail`` says why without quoting the post."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now, but perhaps soon."""

    reason: str


@dataclass(frozen=True, slots=True)
class Halt:
    """Nothing must go on until an operator has acted."""

    reason: str
    hint: str = ""


Result = Done | DeadLetter | Retry | Halt
"""What a stage says of one message."""

End = Done | DeadLetter
"""A message's end."""
