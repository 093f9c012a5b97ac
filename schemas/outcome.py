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
    outcome: Annotated[OutcomeKind, Meta(description="How it ended")]
    uid_hash: (
        Annotated[
            str, Meta(max_length=64, description="The document's _id; missing for a record that nobody could read")
        ]
        | None
    ) = None
    label: Annotated[Label | None, Meta(description="The verdict's label, if there was a verdict")] = None
    also: Annotated[list[Flagged], Meta(max_length=2, description="The verdict's other labels")] = []
    grade: Annotated[Grade | None, Meta(description="The verdict's grade")] = None
    scores: Annotated[Scores | None, Meta(description="The verdict's scores")] = None
    reason: Annotated[Short, Meta(description="Why it was withdrawn, dead-lettered or not judged")] | None = None


class Outcomes(Struct, frozen=True, kw_only=True, tag_field="type", tag="outcomes"):
    """The ends of one batch's records of one partition, in offset order."""

    topic: Annotated[Short, Meta(description="Topic of the records, without the namespace")]
    partition: Annotated[int, Meta(ge=0, description="Partition of the records")]
    model: Annotated[Short, Meta(description="name@version that judged them")]
    activation: Activation
    took_over_at: (
        Annotated[
            Moment, Meta(description="When this model took over from another; none where no other was here before")
        ]
        | None
    ) = None
    judged_at: Annotated[Moment, Meta(description="When the batch was settled")]
    outcomes: Annotated[list[Outcome], Meta(min_length=1)]
