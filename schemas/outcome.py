"""What became of every record of `[posts]`, without its text: `[outcomes]` carries one record a batch and partition."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from schemas.fields import Activation, Moment, Offset, Short
from schemas.labels import Flagged, Grade, Label
from schemas.verdict import Scores

OutcomeKind = Literal["flagged", "chatter", "withdrawn", "dead_lettered"]


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record's end."""

    offset: Offset
    outcome: OutcomeKind
    uid_hash: (
        Annotated[str, Meta(description="The document's _id; missing for a record that nobody could read")] | None
    ) = None
    label: Label | None = None
    also: list[Flagged] = []
    grade: Grade | None = None
    scores: Scores | None = None
    reason: Annotated[Short, Meta(description="Why it was withdrawn or dead-lettered")] | None = None


class Outcomes(Struct, frozen=True, kw_only=True, tag_field="type", tag="outcomes"):
    """The ends of one batch's records of one partition, in offset order."""

    topic: Short
    partition: Annotated[int, Meta(ge=0)]
    model: Short
    activation: Activation
    judged_at: Moment
    outcomes: Annotated[list[Outcome], Meta(min_length=1)]
