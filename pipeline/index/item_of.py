"""The stored document → the item that it is of: the exact way back from document.py.

Three things of an item are not stored, so they do not come back: of a place, a latitude without a longitude or the
reverse, which is no place on a map, nor then a place without a name; a verdict's language, which only chatter has; and
the time zone in which a moment was given (the moment does). What was computed for searching (``related``,
``geo.mentioned``, ``event.reason``, ``clock_skew`` …) is not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from schemas.document import Document, FlagpostFields, GeoFields, ReviewFields, ScoreFields, UserFields, VerdictFields
from schemas.item import Decision, Item
from schemas.post import Author, Place, Post
from schemas.verdict import Scores, Verdict


class NoItem(ValueError):
    """The document is a tombstone, or not one of ours."""


def item_of(source: Mapping[str, Any]) -> Item:
    """The item of a document as Elasticsearch gives it back (``_source``). Raises `NoItem`."""
    try:
        document = msgspec.convert(source, Document)
    except msgspec.ValidationError:
        raise NoItem("it is no document of this version of flagpost") from None
    ours = document.flagpost
    if ours.withdrawn or ours.label is None or ours.scores is None or ours.judged_at is None:
        raise NoItem("it is a tombstone")
    return Item(
        post=_post(document, ours),
        verdict=_verdict(
            ours, ours.scores, ours.verdict or VerdictFields(label=ours.label, also=ours.also, grade=ours.grade)
        ),
        judged_at=ours.judged_at,
        reviews=ours.reviews,
        review=_decision(ours.review) if ours.review else None,
    )


def _post(document: Document, ours: FlagpostFields) -> Post:
    return Post(
        source=ours.source,
        id=ours.post_id,
        text=document.message or "",
        created_at=document.timestamp,
        edited_at=ours.edited_at,
        author=_author(document.user) if document.user else None,
        url=document.event.url,
        lang=ours.lang,
        reply_to=ours.reply_to,
        repost_of=ours.repost_of,
        place=_place(document.geo) if document.geo else None,
        media=ours.media,
        read_at=document.event.created,
        extra=ours.extra,
    )


def _verdict(ours: FlagpostFields, scores: ScoreFields, said: VerdictFields) -> Verdict:
    """``said`` is what the model said; in a document of the mapping's first revision that is all that there is."""
    return Verdict(
        label=said.label,
        scores=Scores(scores.intel, scores.help_request, scores.complaint, scores.chatter),
        model=ours.model or "",
        activation=ours.activation or 1,
        also=said.also,
        grade=said.grade,
        unsure=ours.unsure,
        reasons=ours.reasons,
        thresholds=ours.thresholds,
    )


def _decision(review: ReviewFields) -> Decision:
    return Decision(
        by=review.by,
        at=review.at,
        label=review.label,
        also=review.also,
        grade=review.grade,
        dismissed=review.dismissed,
        note=review.note or "",
    )


def _author(user: UserFields) -> Author:
    return Author(id=user.id, handle=user.name, name=user.full_name)


def _place(geo: GeoFields) -> Place | None:
    if geo.location:
        return Place(geo.name, geo.location.lat, geo.location.lon)
    return Place(geo.name) if geo.name is not None else None
