"""The Elasticsearch documents of an item and of an alert, field by field. The mappings are generated from these structs.

Names follow the Elastic Common Schema where it has a word for it; ours sit under ``flagpost``. A field's mapping is
given by its annotation's ``extra={"es": …}``; a struct without one is an object whose properties are its own fields.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from msgspec import Meta, Struct

from schemas.alert import AlertState, ItemState, Page, Severity
from schemas.labels import Flagged, Grade
from schemas.post import Media
from schemas.verdict import Reason, Scores


def _es(**mapping: Any) -> Meta:
    return Meta(extra={"es": mapping})


# 8,191 characters of up to four bytes stay below Lucene's limit of 32,766 bytes a term; longer values are stored, not
# indexed.
Keyword = Annotated[str, _es(type="keyword", ignore_above=8191)]
Keywords = Annotated[list[str], _es(type="keyword", ignore_above=8191)]
Date = Annotated[dt.datetime, _es(type="date")]
Flag = Annotated[bool, _es(type="boolean")]
Long = Annotated[int, _es(type="long")]
Text = Annotated[
    str,
    _es(type="text", analyzer="flagpost_text", fields={"exact": {"type": "text", "analyzer": "standard"}}),
]


class Location(Struct, frozen=True):
    lat: float
    lon: float


Point = Annotated[Location, _es(type="geo_point")]


class EventFields(Struct, frozen=True, omit_defaults=True, kw_only=True):
    ingested: Date
    """When the index worker stored this version."""
    id: Keyword | None = None
    """The document's own ``_id``, so that it can be found by its first characters."""
    created: Date | None = None
    """When ingest read the post."""
    kind: Keyword | None = None
    """``alert``, as ECS calls what asks for somebody's attention."""
    reason: Keyword | None = None
    """The words that carried the verdict, joined by `` · ``."""
    url: Keyword | None = None


class UserFields(Struct, frozen=True, omit_defaults=True):
    id: Keyword | None = None
    name: Keyword | None = None
    """The author's handle."""
    full_name: Keyword | None = None


class MentionedFields(Struct, frozen=True):
    name: Keyword
    location: Point


class GeoFields(Struct, frozen=True, omit_defaults=True):
    """Where the source says that it was written, and beside it, never in its stead, what the text itself names."""

    name: Keyword | None = None
    location: Point | None = None
    mentioned: list[MentionedFields] = []
    """Those of ``related.places`` of which it is known where they are. A name may mean several towns: then it is not."""


class RelatedFields(Struct, frozen=True, omit_defaults=True):
    """What the text names and can be looked for, each once and in one way of writing it; see `pipeline.entities`."""

    user: Keywords = []
    """Handles: the author's and those that the text mentions."""
    registration_marks: Keywords = []
    """Of vehicles, without a space: ``AB12CDE``."""
    postcodes: Keywords = []
    """``SW1A 1AA``, or the outward code alone."""
    phones: Keywords = []
    """E.164: ``+447700900123``."""
    what3words: Keywords = []
    """``filled.count.soap``, without slashes."""
    roads: Keywords = []
    """``Foundry Road``, ``A27``; of a motorway's junction the road and both: ``M1``, ``M1 J12``."""
    places: Keywords = []
    """Towns and villages, as the gazetteer writes them."""


class ScoreFields(Scores, frozen=True):
    """Probabilities, each a float field."""


class VerdictFields(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the model said, whatever an analyst decided after it."""

    label: Annotated[Flagged, _es(type="keyword")]
    also: Annotated[list[Flagged], _es(type="keyword")] = []
    grade: Annotated[Grade, _es(type="keyword")] | None = None


class ReviewFields(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the last analyst decided on this wording. What is missing stays as the model said."""

    by: Keyword
    at: Date
    label: Annotated[Flagged, _es(type="keyword")] | None = None
    also: Annotated[list[Flagged], _es(type="keyword")] | None = None
    grade: Annotated[Grade, _es(type="keyword")] | None = None
    dismissed: Flag = False
    """It matters to nobody; the item stays, marked."""
    note: Text | None = None


class FlagpostFields(Struct, frozen=True, omit_defaults=True, kw_only=True):
    uid: Keyword
    source: Keyword
    post_id: Keyword
    version: Long
    """The document's own version number, for people who look at one by hand."""
    withdrawn: Flag = False
    """A tombstone: no text, hidden by the alias."""
    withdrawn_reason: Keyword | None = None
    label: Annotated[Flagged, _es(type="keyword")] | None = None
    """The analyst's, else the model's; so are ``also`` and ``grade``."""
    also: Annotated[list[Flagged], _es(type="keyword")] = []
    grade: Annotated[Grade, _es(type="keyword")] | None = None
    verdict: VerdictFields | None = None
    review: ReviewFields | None = None
    unsure: Flag = False
    scores: ScoreFields | None = None
    reasons: Annotated[list[Reason], _es(type="object", enabled=False)] = []
    thresholds: Annotated[dict[str, float], _es(type="object", enabled=False)] = {}
    model: Keyword | None = None
    activation: Long | None = None
    judged_at: Date | None = None
    edited_at: Date | None = None
    lang: Keyword | None = None
    reply_to: Keyword | None = None
    repost_of: Keyword | None = None
    media: Annotated[list[Media], _es(type="object", enabled=False)] = []
    extra: Annotated[dict[str, Any], _es(type="object", enabled=False)] = {}
    clock_skew: Flag = False
    """The post's own date lies after the moment when it was read."""
    reviews: Long = 0
    """Decisions that were made on this wording, and applied."""


class Document(Struct, frozen=True, omit_defaults=True, kw_only=True, rename={"timestamp": "@timestamp"}):
    """One document of the items' index. A tombstone has only ``timestamp``, ``event.ingested`` and ``flagpost``."""

    timestamp: Date
    """When the post was written, or its last edit or delete happened."""
    flagpost: FlagpostFields
    event: EventFields
    message: Text | None = None
    user: UserFields | None = None
    geo: GeoFields | None = None
    related: RelatedFields | None = None


class RuleFields(Struct, frozen=True):
    name: Keyword


class AlertEventFields(Struct, frozen=True, omit_defaults=True, kw_only=True):
    ingested: Date
    """When the index worker stored this state."""
    id: Keyword
    """The alert's, and the document's own ``_id``."""
    kind: Keyword | None = None
    """``alert``, as ECS calls it."""
    start: Date
    """When it was opened."""
    end: Date | None = None
    """When it was resolved."""


class AlertItemFields(Struct, frozen=True, kw_only=True):
    """One item of an alert, without anything that its post says: that stands in the items' index, for as long as it may."""

    document: str
    """``_id`` in the items' index."""
    uid: str
    state: ItemState


class AlertFields(Struct, frozen=True, omit_defaults=True, kw_only=True):
    sequence: Long
    """The document's own version number."""
    severity: Annotated[Severity, _es(type="keyword")]
    group: Keyword
    state: Annotated[AlertState, _es(type="keyword")]
    updated_at: Date
    digest: Flag = False
    count: Long = 0
    """Items of the story, reposts and near-duplicates too; ``items`` are the first of them."""
    uids: Keywords = []
    items: Annotated[list[AlertItemFields], _es(type="object", enabled=False)] = []
    channels: Keywords = []
    recipients: Keywords = []
    pages: Annotated[list[Page], _es(type="object", enabled=False)] = []
    failed: Long = 0
    """Pages that reached nobody."""
    step: Long = 0
    acknowledged_at: Date | None = None
    acknowledged_by: Keyword | None = None
    acknowledged_after: Long | None = None
    """Seconds from its opening to the acknowledgement: a dashboard can't subtract dates."""
    resolved_by: Keyword | None = None


class AlertFlagpostFields(Struct, frozen=True):
    alert: AlertFields


class AlertDocument(Struct, frozen=True, omit_defaults=True, kw_only=True, rename={"timestamp": "@timestamp"}):
    """One document of the alerts' index: an alert as it is now. Holds no text of a post, and no token of a link."""

    timestamp: Date
    """When it was opened."""
    message: Text
    """What it is about, in words: its title, or its rule and group."""
    event: AlertEventFields
    rule: RuleFields
    flagpost: AlertFlagpostFields
