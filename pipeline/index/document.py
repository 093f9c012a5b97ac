"""Item or withdrawal → the document that is stored. item_of.py is the way back."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from pipeline.circle import Circle
from pipeline.entities.entities import Entities, entities_of
from schemas.document import (
    Document,
    EventFields,
    FlagpostFields,
    GeoFields,
    Location,
    MentionedFields,
    RelatedFields,
    ReviewFields,
    ScoreFields,
    UserFields,
    VerdictFields,
)
from schemas.identity import document_id, version_of
from schemas.item import Decision, Item, Withdrawn
from schemas.post import Author, Place, Post

_HANDLE: Final = re.compile(r"(?<![\w@])@([A-Za-z0-9_][\w.-]*\w)")
MOST_HANDLES: Final = 50


AROUND_A_POST_KM: Final = 50.0
"""A town that a post mentions is taken for one so near to where it was written, if there is one of that name."""


def document_of(record: Item | Withdrawn, now: dt.datetime, area: Circle | None = None) -> Document:
    """The document of ``record``, stored ``now``. Raises `schemas.identity.VersionOutOfRange`.

    ``area`` is where a post is likely to speak of that does not say where it was written.
    """
    return _tombstone(record, now) if isinstance(record, Withdrawn) else _item(record, now, area)


def _tombstone(record: Withdrawn, now: dt.datetime) -> Document:
    """Keeps the id and the version so that nothing older can come back; holds nothing that the post said."""
    return Document(
        timestamp=record.revision,
        event=EventFields(ingested=now, id=document_id(record.source, record.id)),
        flagpost=FlagpostFields(
            uid=record.uid,
            source=record.source,
            post_id=record.id,
            version=version_of(record),
            withdrawn=True,
            withdrawn_reason=record.reason,
            activation=record.activation,
            reviews=record.reviews,
        ),
    )


def _item(item: Item, now: dt.datetime, area: Circle | None) -> Document:
    post, verdict, label = item.post, item.verdict, item.label
    if verdict.label == "chatter" or label == "chatter":
        raise ValueError("an item on [flagged] can't be chatter")
    scores = verdict.scores
    named = entities_of(post.text, _around(post.place) or area)
    return Document(
        timestamp=post.created_at,
        message=post.text,
        event=EventFields(
            kind="alert",
            id=document_id(post.source, post.id),
            created=post.read_at,
            ingested=now,
            reason=" · ".join(reason.text for reason in verdict.reasons) or None,
            url=post.url,
        ),
        user=_user(post.author),
        geo=_geo(post.place, named),
        related=_related(post, named),
        flagpost=FlagpostFields(
            uid=post.uid,
            source=post.source,
            post_id=post.id,
            version=version_of(item),
            label=label,
            also=item.also,
            grade=item.grade,
            verdict=VerdictFields(label=verdict.label, also=verdict.also, grade=verdict.grade),
            review=_review(item.review) if item.review else None,
            unsure=verdict.unsure,
            scores=ScoreFields(scores.intel, scores.help_request, scores.complaint, scores.chatter),
            reasons=verdict.reasons,
            thresholds=verdict.thresholds,
            model=verdict.model,
            activation=verdict.activation,
            judged_at=item.judged_at,
            edited_at=post.edited_at,
            lang=post.lang,
            reply_to=post.reply_to,
            repost_of=post.repost_of,
            media=post.media,
            extra=post.extra,
            clock_skew=post.read_at is not None and post.revision > post.read_at,
            reviews=item.reviews,
        ),
    )


def _review(decision: Decision) -> ReviewFields:
    return ReviewFields(
        by=decision.by,
        at=decision.at,
        label=decision.label,
        also=decision.also,
        grade=decision.grade,
        dismissed=decision.dismissed,
        note=decision.note or None,
    )


def _user(author: Author | None) -> UserFields | None:
    return UserFields(id=author.id, name=author.handle, full_name=author.name) if author else None


def _around(place: Place | None) -> Circle | None:
    if place is None or place.lat is None or place.lon is None:
        return None
    return Circle(place.lat, place.lon, AROUND_A_POST_KM)


def _geo(place: Place | None, named: Entities) -> GeoFields | None:
    centre = _around(place)
    fields = GeoFields(
        name=place.name if place else None,
        location=Location(centre.lat, centre.lon) if centre else None,
        mentioned=[MentionedFields(name, Location(*point)) for name, point in named.located],
    )
    return fields if fields != GeoFields() else None


def _related(post: Post, named: Entities) -> RelatedFields:
    return RelatedFields(
        user=_handles(post.text, post.author),
        registration_marks=list(named.registration_marks),
        postcodes=list(named.postcodes),
        phones=list(named.phones),
        what3words=list(named.what3words),
        roads=list(named.roads),
        places=list(named.places),
    )


def _handles(text: str, author: Author | None) -> list[str]:
    """Handles without their @, the author's first, each once."""
    handles = [author.handle.lstrip("@")] if author and author.handle else []
    handles += _HANDLE.findall(text)
    return list(dict.fromkeys(handles))[:MOST_HANDLES]
