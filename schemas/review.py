"""What an analyst decided about an item, as it travels on `[reviews]`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from schemas.item import Decision, Item


class Review(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="review"):
    """A decision, with the item as the analyst saw it.

    Decisions on one post are numbered by their order in the topic. One that was made on an item that had had fewer decisions
    than that is overtaken: it stays as history and changes nothing, unless ``over`` says that its author knew.
    """

    item: Annotated[Item, Meta(description="As it was seen, with the number of decisions it had had")]
    decision: Decision
    over: Annotated[bool, Meta(description="Decided in the knowledge of whatever was decided before")] = False

    @property
    def source(self) -> str:
        return self.item.source

    @property
    def id(self) -> str:
        return self.item.id

    @property
    def uid(self) -> str:
        return self.item.uid
