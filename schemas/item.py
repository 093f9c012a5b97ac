"""What analysts search: a flagged post with its verdict, or the news that it is gone. Both travel on `[flagged]`."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from msgspec import Meta, Struct

from schemas.fields import Activation, Moment, PostId, Reviews, Short, Source
from schemas.labels import Flagged, Grade, Label
from schemas.post import Post
from schemas.verdict import Verdict

WithdrawnReason = Literal["deleted", "edited_into_chatter", "judged_again_chatter"]


class Decision(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an analyst decided about an item. What is None stays as the model said."""

    by: Annotated[Short, Meta(min_length=1, description="Name of the analyst")]
    at: Annotated[Moment, Meta(description="When it was decided")]
    label: Annotated[Flagged | None, Meta(description="The right label")] = None
    also: Annotated[list[Flagged], Meta(max_length=2, description="The right other labels")] | None = None
    grade: Annotated[Grade | None, Meta(description="The right grade")] = None
    dismissed: Annotated[bool, Meta(description="It matters to nobody: chatter")] = False
    note: Annotated[str, Meta(max_length=1024, description="Why, in the analyst's words")] = ""


class Item(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="item"):
    """One flagged post."""

    post: Annotated[Post, Meta(description="As it came in")]
    verdict: Annotated[Verdict, Meta(description="What the model said of it")]
    judged_at: Annotated[Moment, Meta(description="When the model said so")]
    reviews: Reviews = 0
    review: Annotated[Decision | None, Meta(description="The last analyst's decision on this wording")] = None

    @property
    def label(self) -> Label:
        """The analyst's, else the model's. The model's of a dismissed one."""
        return (self.review and self.review.label) or self.verdict.label

    @property
    def also(self) -> list[Flagged]:
        """The analyst's, else the model's without what is the label now."""
        if self.review and self.review.also is not None:
            return self.review.also
        return [one for one in self.verdict.also if one != self.label]

    @property
    def grade(self) -> Grade | None:
        """The analyst's, else the model's."""
        return (self.review and self.review.grade) or self.verdict.grade

    @property
    def dismissed(self) -> bool:
        """Whether an analyst decided that it matters to nobody."""
        return self.review is not None and self.review.dismissed

    @property
    def source(self) -> str:
        return self.post.source

    @property
    def id(self) -> str:
        return self.post.id

    @property
    def uid(self) -> str:
        return self.post.uid

    @property
    def revision(self) -> dt.datetime:
        return self.post.revision

    @property
    def activation(self) -> int:
        return self.verdict.activation


class Withdrawn(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="withdrawn"):
    """A post that must no longer be found. Carries no text."""

    source: Source
    id: PostId
    reason: Annotated[WithdrawnReason, Meta(description="Why it is gone")]
    revision: Annotated[Moment, Meta(description="When it was deleted, or when the wording that is chatter was made")]
    withdrawn_at: Annotated[Moment, Meta(description="When the classify stage said so")]
    activation: Activation
    reviews: Reviews = 0

    @property
    def uid(self) -> str:
        return f"{self.source}:{self.id}"
