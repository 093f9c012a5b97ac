"""An item that is held: neither its age nor a request to forget it takes it away. Travels on `[holds]`."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from msgspec import Meta, Struct

from schemas.fields import Moment, Short
from schemas.item import Item, Withdrawn


class Hold(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="hold"):
    """One item and who holds it. Carries the item itself: no topic and no index is sure to have it when it is needed.

    The record's key is the uid. A release is a record without a value; but where the post is to be forgotten, the hold
    lapses, and stays to remind of it.
    """

    item: Annotated[Item, Meta(description="As it was when it was held: the evidence")]
    by: Annotated[Short, Meta(min_length=1, description="Who holds it")]
    at: Annotated[Moment, Meta(description="Since when")]
    why: Annotated[str, Meta(min_length=1, max_length=1024, description="What for: a case, a disclosure schedule")]
    until: Annotated[Moment | None, Meta(description="When it lapses; never, where it is missing")] = None
    to_forget: Annotated[
        Moment | None,
        Meta(description="When it was first asked to forget the post, which waits for the end of the hold"),
    ] = None
    latest: Annotated[
        Item | Withdrawn | None,
        Meta(
            description="What the index had of it last, where that is newer: an edit, a decision, that it was deleted"
        ),
    ] = None

    @property
    def source(self) -> str:
        return self.item.source

    @property
    def id(self) -> str:
        return self.item.id

    @property
    def uid(self) -> str:
        return self.item.uid

    @property
    def known(self) -> Item | Withdrawn:
        """The newest of it that is known: what an index that has lost it is given again."""
        return self.latest or self.item

    def in_force(self, now: dt.datetime) -> bool:
        return self.until is None or now < self.until
