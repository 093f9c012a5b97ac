"""A post and what it should have been judged to be, wherever it was read from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from schemas.labels import Flagged, Grade, Label


class Labelled(Protocol):
    """What figures need to know of a post. ``grade`` is None for chatter, and where nobody has given one."""

    @property
    def id(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def label(self) -> Label: ...
    @property
    def also(self) -> Sequence[Flagged]: ...
    @property
    def grade(self) -> Grade | None: ...
    @property
    def theme(self) -> str: ...
