"""What came in: a post of the public, or the news that it was deleted. Both travel on `[posts]`."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from schemas.fields import Moment, PostId, Short, Source, Url

MAX_POST_BYTES = 256 * 1024
"""Most bytes of an encoded post, checked at ingest and at decode."""

MAX_EXTRA_BYTES = 16 * 1024
"""Most bytes of `Post.extra`, encoded."""

EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""Nobody posted before; an older date is a broken clock or a wrong unit."""

MAX_AHEAD = dt.timedelta(hours=24)
"""Most that a post's own date may lie after the moment when it was read."""


class Author(Struct, frozen=True, omit_defaults=True):
    """Who wrote it, as far as the source tells."""

    id: Short | None = None
    handle: Short | None = None
    name: Short | None = None


class Place(Struct, frozen=True, omit_defaults=True):
    """Where the source says it was written."""

    name: Short | None = None
    lat: Annotated[float, Meta(ge=-90, le=90, description="WGS 84 degrees")] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180, description="WGS 84 degrees")] | None = None


class Media(Struct, frozen=True, omit_defaults=True):
    """A picture, film or recording that hangs on the post."""

    url: Url
    type: Annotated[str, Meta(max_length=64, description="image, video, audio or a MIME type")] | None = None
    alt: Annotated[str, Meta(max_length=8192, description="Its description for people who can't see it")] | None = None


class Post(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="post"):
    """One public post. ``source``, ``id``, ``text`` and ``created_at`` are needed; the rest may be missing."""

    source: Source
    id: PostId
    text: Annotated[str, Meta(description="As written. May be empty when the post is only a picture.")]
    created_at: Moment
    edited_at: Moment | None = None
    author: Author | None = None
    url: Url | None = None
    lang: Annotated[str, Meta(max_length=35, description="BCP 47 tag, as the source gave it")] | None = None
    reply_to: Short | None = None
    repost_of: Short | None = None
    place: Place | None = None
    media: Annotated[list[Media], Meta(max_length=64)] = []
    read_at: Moment | None = None
    extra: dict[str, Any] = {}

    @property
    def uid(self) -> str:
        """Key of everything about this post: ``source:id``."""
        return f"{self.source}:{self.id}"

    @property
    def revision(self) -> dt.datetime:
        """When this wording was made; the newest wins. Of two wordings of one moment the one that came last wins.

        Some sources give the edit's time in whole seconds, so that it seems to come before the post itself.
        """
        return max(self.edited_at or self.created_at, self.created_at)


class PostDeleted(Struct, frozen=True, kw_only=True, tag_field="type", tag="post_deleted"):
    """The author or the source took a post back. Final: no edit of that post comes after it."""

    source: Source
    id: PostId
    deleted_at: Moment

    @property
    def uid(self) -> str:
        return f"{self.source}:{self.id}"

    @property
    def revision(self) -> dt.datetime:
        return self.deleted_at


def date_fault(record: Post | PostDeleted, read_at: dt.datetime) -> str | None:
    """Says what is wrong with the dates of ``record``, read at ``read_at``, or None when they can be used."""
    dates = (
        {"created_at": record.created_at, "edited_at": record.edited_at}
        if isinstance(record, Post)
        else {"deleted_at": record.deleted_at}
    )
    for name, date in dates.items():
        if date is None:
            continue
        if date < EARLIEST:
            return f"{name} is before the year 2000"
        if date > read_at + MAX_AHEAD:
            return f"{name} is more than 24 hours after the post was read"
    return None


def size_of_extra(post: Post) -> int:
    """Bytes of ``post.extra`` as JSON."""
    return len(msgspec.json.encode(post.extra)) if post.extra else 0
