"""What a person is paged with, and all that leads there: candidates, alerts with their pages, and what people do about them.

`[alert-candidates]` says of every record of `[flagged]` which rules match it. `[alerts]` is the state of every alert, its
pages included, one record a change. `[alert-actions]` is what people do: acknowledge, escalate, resolve.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

from schemas.fields import Moment, PostId, Short, Source, Url
from schemas.item import WithdrawnReason
from schemas.labels import Flagged, Grade

Severity = Literal["critical", "error", "warning", "info"]
"""Those of PagerDuty's Events API v2, most severe first."""

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)

AlertState = Literal["open", "acknowledged", "resolved"]
ItemState = Literal["live", "deleted", "withdrawn", "dismissed", "unmatched"]
ActionKind = Literal["acknowledge", "escalate", "resolve"]
PageKind = Literal["open", "more", "changed", "repeat", "escalation", "reopened", "acknowledged", "resolved", "digest"]
PageEnd = Literal["delivered", "failed", "needless"]

AlertId = Annotated[str, Meta(pattern=r"^[a-z2-7]{16}(?![\s\S])", description="16 characters of base32, lower case")]
RuleName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}(?![\s\S])", description="Name of a rule")]
Version = Annotated[
    int, Meta(ge=0, le=2**63 - 1, description="Version of the item's document, see schemas/identity.py")
]

MOST_ITEMS = 50
"""Of an alert's items these many are told one by one; all are counted."""

MOST_EXCERPT = 280
"""Characters of a post's text that a page may carry: enough to act on, and no more of the public's data than that."""

FINGERPRINT: Final = 8
"""Bytes that tell an item which is counted and not told one by one."""

MOST_COUNTED: Final = 4096
"""Items that an alert counts beside those that it tells; then it is full, and the story's next item opens another."""


class Excerpt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a page tells of an item."""

    label: Flagged
    grade: Grade
    score: Annotated[float, Meta(ge=0, le=1, description="Probability of the label")]
    text: Annotated[str, Meta(max_length=MOST_EXCERPT, description="The post's first words")]
    posted_at: Moment
    unsure: bool = False
    place: Short | None = None
    url: Url | None = None


class Match(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule that matches an item."""

    rule: RuleName
    severity: Severity
    group: Annotated[Short, Meta(description="Items of one rule and group are one story's: label, place … by the rule")]


class Matched(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="matched"):
    """What the rules say of one version of an item. Without a match it tells an open alert that its item has changed."""

    source: Source
    id: PostId
    version: Version
    revision: Moment
    matches: Annotated[list[Match], Meta(max_length=64)] = []
    excerpt: Annotated[Excerpt | None, Meta(description="Only with a match")] = None
    likeness: Annotated[
        list[int], Meta(max_length=128, description="MinHash of the text's words: near-duplicates are one story")
    ] = []
    dismissed: Annotated[bool, Meta(description="An analyst decided that it matters to nobody")] = False

    @property
    def uid(self) -> str:
        return f"{self.source}:{self.id}"


class Gone(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="gone"):
    """An item was withdrawn."""

    source: Source
    id: PostId
    version: Version
    reason: WithdrawnReason
    revision: Moment

    @property
    def uid(self) -> str:
        return f"{self.source}:{self.id}"


class Page(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message to one recipient through one channel, from its intent to its end."""

    id: Annotated[Short, Meta(description="Delivery id: the same at every try, so that a receiver can tell repeats")]
    kind: PageKind
    channel: Annotated[Short, Meta(description="Name of the channel in the rules file")]
    recipient: Annotated[Short, Meta(description="Name of the recipient in the rules file")]
    due_at: Annotated[Moment, Meta(description="When it is to be sent, or tried again")]
    tries: Annotated[int, Meta(ge=0, description="Tries begun")] = 0
    begun_at: Annotated[Moment | None, Meta(description="When the last try began; written before it does")] = None
    ended_at: Moment | None = None
    end: PageEnd | None = None
    answer: Annotated[Short | None, Meta(description="What the channel said last; never a secret")] = None


class AlertItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One item of an alert."""

    source: Source
    id: PostId
    version: Version
    revision: Moment
    state: ItemState = "live"
    excerpt: Annotated[Excerpt | None, Meta(description="Gone with the item")] = None

    @property
    def uid(self) -> str:
        return f"{self.source}:{self.id}"


class Alert(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="alert"):
    """The whole state of one alert. Its record's key is ``id``; the record with the highest ``sequence`` counts."""

    id: AlertId
    sequence: Annotated[int, Meta(ge=1, le=2**63 - 1, description="Rises with every record of this alert")]
    rule: RuleName
    severity: Severity
    group: Short
    state: AlertState
    opened_at: Moment
    updated_at: Moment
    news_at: Annotated[Moment | None, Meta(description="When its last item came")] = None
    title: Annotated[Short | None, Meta(description="Of an alert about flagpost itself: what is wrong")] = None
    digest: Annotated[bool, Meta(description="Gathers what must not page one by one")] = False
    count: Annotated[int, Meta(ge=0, description="Items of the story, reposts and near-duplicates included")] = 0
    items: Annotated[list[AlertItem], Meta(max_length=MOST_ITEMS)] = []
    counted: Annotated[
        bytes,
        Meta(
            max_length=FINGERPRINT * MOST_COUNTED,
            description="Fingerprints of items that are counted only, base64: a repeat is none",
        ),
    ] = b""
    likeness: Annotated[list[int], Meta(max_length=128, description="Of its first item")] = []
    pages: Annotated[list[Page], Meta(max_length=512, description="Those to come, and the last that ended")] = []
    step: Annotated[int, Meta(ge=0, description="Escalation steps taken")] = 0
    next_step_at: Annotated[Moment | None, Meta(description="When it escalates by itself")] = None
    next_repeat_at: Annotated[Moment | None, Meta(description="When it is paged again if nobody acknowledges")] = None
    acknowledged_at: Moment | None = None
    acknowledged_by: Short | None = None
    resolved_at: Moment | None = None
    resolved_by: Short | None = None
    spent: Annotated[
        list[Short], Meta(max_length=512, description="Link tokens that were used, and marks of actions without one")
    ] = []
    too_late: Annotated[
        list[Short],
        Meta(max_length=512, description="Of those the ones whose action came too late and changed nothing"),
    ] = []


class Action(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="action"):
    """What a person did about an alert."""

    alert: AlertId
    kind: ActionKind
    by: Annotated[Short, Meta(description="Name of the person, or of the recipient whose link was used")]
    at: Moment
    via: Literal["cli", "link", "desk"]
    step: Annotated[
        Annotated[int, Meta(ge=0, le=2**63 - 1)] | None,
        Meta(description="Escalation steps that its author saw taken: once there are more, it changes nothing"),
    ] = None
    token: Annotated[Short | None, Meta(description="Of the link; it works once")] = None
    note: Annotated[str, Meta(max_length=1024)] = ""
