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

    id: Annotated[Short | None, Meta(description="The source's identifier of the account")] = None
    handle: Annotated[Short | None, Meta(description="Name by which others address the account, with or without @")] = (
        None
    )
    name: Annotated[Short | None, Meta(description="Name that the account shows")] = None


class Place(Struct, frozen=True, omit_defaults=True):
    """Where the source says it was written."""

    name: Annotated[Short | None, Meta(description="As people say it: Castle Sands, Foundry Road")] = None
    lat: Annotated[float, Meta(ge=-90, le=90, description="WGS 84 degrees")] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180, description="WGS 84 degrees")] | None = None


class Media(Struct, frozen=True, omit_defaults=True):
    """A picture, film or recording that hangs on the post."""

    url: Annotated[Url, Meta(description="Where it can be seen or heard")]
    type: Annotated[str, Meta(max_length=64, description="image, video, audio or a MIME type")] | None = None
    alt: Annotated[str, Meta(max_length=8192, description="Its description for people who can't see it")] | None = None


class Post(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="post"):
    """One public post. ``source``, ``id``, ``text`` and ``created_at`` are needed; the rest may be missing."""

    source: Source
    id: PostId
    text: Annotated[str, Meta(description="As written. May be empty when the post is only a picture.")]
    created_at: Annotated[Moment, Meta(description="When it was posted; RFC 3339 with a UTC offset")]
    edited_at: Annotated[Moment | None, Meta(description="When this wording was made, if it is not the first")] = None
    author: Annotated[Author | None, Meta(description="Who wrote it")] = None
    url: Annotated[Url | None, Meta(description="Where the post can be seen")] = None
    lang: Annotated[str, Meta(max_length=35, description="BCP 47 tag, as the source gave it")] | None = None
    reply_to: Annotated[Short | None, Meta(description="The post that this one answers")] = None
    repost_of: Annotated[Short | None, Meta(description="The post that this one passes on")] = None
    place: Annotated[Place | None, Meta(description="Where it was written, as the source says")] = None
    media: Annotated[list[Media], Meta(max_length=64, description="What hangs on it")] = []
    read_at: Annotated[Moment | None, Meta(description="When ingest read it")] = None
    extra: Annotated[dict[str, Any], Meta(description="What the source says besides; stored, not searched")] = {}

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
    deleted_at: Annotated[Moment, Meta(description="When it was taken back")]

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
