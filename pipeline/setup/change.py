"""What `flagpost setup` did to one thing, or would do."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["topic", "template", "index", "alias", "data view", "search", "dashboard"]
State = Literal["created", "updated", "unchanged"]


class Change(Struct, frozen=True):
    """``detail`` says what was changed, or how it was made; ``attention`` what only a person can change."""

    kind: Kind
    name: str
    state: State
    detail: str = ""
    attention: str = ""
