"""What analysts search: a flagged post with its verdict, or the news that it is gone. Both travel on `[flagged]`."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from msgspec import Meta, Struct

from schemas.fields import Activation, Moment, PostId, Reviews, Source
from schemas.post import Post
from schemas.verdict import Verdict

WithdrawnReason = Literal["deleted", "edited_into_chatter", "judged_again_chatter"]


class Item(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="item"):
    """One flagged post."""

    post: Annotated[Post, Meta(description="As it came in")]
    verdict: Annotated[Verdict, Meta(description="What the model said of it")]
    judged_at: Annotated[Moment, Meta(description="When the model said so")]
    reviews: Reviews = 0

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
