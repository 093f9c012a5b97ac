"""The rules file: which items page whom, through which channels, and when. Everything here is what a user may write.

Durations are plain numbers with their unit in the name. Times of day are those of ``timezone``.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from schemas.alert import RuleName, Severity
from schemas.fields import Short, Source
from schemas.labels import Flagged, Grade

Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9._-]{0,63}(?![\s\S])",
        description="Lower-case letters, digits, dots, dashes and underscores",
    ),
]
Minutes = Annotated[float, Meta(gt=0, le=7 * 24 * 60)]
Hours = Annotated[float, Meta(gt=0, le=7 * 24)]
TimeOfDay = Annotated[dt.time, Meta(tz=False, description="22:00, by the clock of `timezone`")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
GroupBy = Literal["label", "grade", "place", "source"]
MOST_RULES: Final = 64
"""One item may match all of them (schemas/alert.py bounds its matches)."""
DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class _Part(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of the file; a key that it does not know is a mistake, and is said."""


class Secret(_Part, frozen=True):
    """Where a secret is: the name of an environment variable, or the path of a file. Never the secret itself."""

    env: Annotated[str, Meta(pattern=r"^[A-Z_][A-Z0-9_]*(?![\s\S])")] | None = None
    file: str | None = None


class WebhookChannel(_Part, frozen=True, tag_field="type", tag="webhook"):
    """POST of JSON, signed after Standard Webhooks."""

    url: Secret | str
    secret: Annotated[Secret, Meta(description="Key to sign with: whsec_ and base64")]
    allow_private: Annotated[bool, Meta(description="May send to this machine and to private networks")] = False
    proxy: Annotated[
        Secret | str | None, Meta(description="HTTP proxy to go through; names are then looked up by it alone")
    ] = None


class AppriseChannel(_Part, frozen=True, tag_field="type", tag="apprise"):
    """Mail, Slack, Teams, SMS gateways …: whatever Apprise has a URL for. ``{address}`` in it is the recipient's."""

    url: Secret


class NotifyChannel(_Part, frozen=True, tag_field="type", tag="notify"):
    """SMS or mail by GOV.UK Notify. The template has the placeholders ``title``, ``text`` and ``link``."""

    api_key: Secret
    template: Annotated[str, Meta(description="Identifier of the template")]
    sends: Literal["sms", "email"] = "sms"
    url: str | None = None


class PagerDutyChannel(_Part, frozen=True, tag_field="type", tag="pagerduty"):
    """PagerDuty's Events API v2. PagerDuty escalates and repeats by itself."""

    routing_key: Secret
    url: str | None = None


class AlertmanagerChannel(_Part, frozen=True, tag_field="type", tag="alertmanager"):
    """Prometheus Alertmanager's API v2."""

    url: Secret | str


Channel = WebhookChannel | AppriseChannel | NotifyChannel | PagerDutyChannel | AlertmanagerChannel


class Person(_Part, frozen=True):
    """Somebody who can be paged. ``channels``: name of a channel → address in it, "" where the channel needs none.

    Who has no channel yet is on duty all the same, but no page reaches them; `flagpost rules check` says so.
    """

    channels: dict[Name, Short] = {}


class Shift(_Part, frozen=True, rename={"begin": "from", "end": "to"}):
    """Who is on duty on these days between two times; over midnight where ``to`` is not after ``from``."""

    who: Annotated[list[Name], Meta(min_length=1, description="People")]
    days: Annotated[list[Day], Meta(min_length=1)] = field(default_factory=lambda: list(DAYS))
    begin: TimeOfDay = dt.time(0)
    end: TimeOfDay = dt.time(0)


Shifts = Annotated[list[Shift], Meta(min_length=1, description="Of one rota; they may overlap")]


class Match(_Part, frozen=True):
    """What an item must have; everything that is named must hold, and any one of a list's values will do."""

    labels: list[Flagged] = []
    grades: list[Grade] = []
    least_score: Annotated[float, Meta(ge=0, le=1)] = 0.0
    words: Annotated[
        list[Short], Meta(description="Whole words or phrases; case doesn't matter, a * at the end does")
    ] = []
    places: Annotated[list[Short], Meta(description="As words, in the item's place or in its text")] = []
    sources: list[Source] = []
    unsure: Annotated[bool, Meta(description="Unsure items, too; those that may be immediate always count")] = False


class Step(_Part, frozen=True):
    """Who is paged next when nobody has acknowledged so long after the alert opened."""

    after_minutes: Minutes
    to: Annotated[list[Name], Meta(min_length=1, description="Rotas or people")]


class QuietHours(_Part, frozen=True, rename={"begin": "from", "end": "to"}):
    """Pages wait until these are over. Never those of an immediate item."""

    begin: TimeOfDay
    end: TimeOfDay


class Rule(_Part, frozen=True):
    """One rule."""

    name: RuleName
    when: Match
    to: Annotated[list[Name], Meta(min_length=1, description="Rotas or people")]
    about: Short = ""
    severity: Severity = "warning"
    group_by: Annotated[
        list[GroupBy], Meta(description="Items that are alike in these are one story; near-duplicates always are")
    ] = field(default_factory=lambda: ["label", "place"])
    group_wait_seconds: Annotated[
        float, Meta(ge=0, le=3600, description="A new story waits so long for more; immediate never")
    ] = 30
    group_interval_minutes: Annotated[Minutes, Meta(description="News of an open story come at most so often")] = 5
    repeat_minutes: Annotated[Minutes | None, Meta(description="Paged again until somebody acknowledges")] = 10
    escalate: list[Step] = []
    quiet: QuietHours | None = None
    most_an_hour: Annotated[
        int, Meta(ge=1, le=100_000, description="New alerts that page; the rest come in one digest at its end")
    ] = 20
    resolve_after_hours: Annotated[Hours, Meta(description="Without news it is resolved by itself")] = 12


class SystemRules(_Part, frozen=True):
    """When flagpost pages about itself, and whom."""

    to: Annotated[list[Name], Meta(min_length=1)]
    lag_seconds: Annotated[float, Meta(gt=0, le=24 * 60 * 60)] = 60
    dead_letter_share: Annotated[float, Meta(gt=0, le=1, description="Of the last 10 minutes' records")] = 0.02
    silent_minutes: Annotated[Minutes, Meta(description="Without a post from a source that is normally busy")] = 30
    repeat_minutes: Minutes = 30


class RulesFile(_Part, frozen=True):
    """The whole file."""

    version: Literal[1]
    timezone: str = "Europe/London"
    channels: dict[Name, Channel] = {}
    people: dict[Name, Person] = {}
    rota: dict[Name, Shifts] = {}
    rules: Annotated[list[Rule], Meta(max_length=MOST_RULES)] = []
    system: SystemRules | None = None
    digest_older_than_hours: Annotated[
        Hours, Meta(description="Posts older than that come in one digest and page nobody")
    ] = 6
