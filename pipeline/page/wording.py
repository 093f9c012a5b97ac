"""What a page says: a title of one line, and a text of a few. Pure.

It carries what somebody needs who must decide within seconds whether to act: how grave, what, where, when, the posts' first
words, and where to look. It names no author. The words of a post are anybody's: on their own lines, in quotation marks,
and without characters that a header, a terminal or a reader's eye would obey.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Final

from pipeline.page.calls import gathers
from pipeline.safe_text import one_line
from schemas.alert import Alert, AlertItem, Excerpt, ItemState, Page, PageKind
from schemas.labels import GRADES, Flagged, Grade

MOST_TITLE: Final = 200
MOST_SHOWN: Final = 3
"""Posts that are told one by one, the gravest and among them the newest; the rest is counted."""

MOST_LINK: Final = 500
"""Characters of a post's address; a longer one is left out."""

_TEXTLESS: Final[tuple[ItemState, ...]] = ("deleted", "withdrawn")
"""What became of posts whose words are told no more."""

_GRADES: Final[dict[Grade, str]] = {"immediate": "IMMEDIATE", "prompt": "PROMPT", "routine": "Routine"}
_LABELS: Final[dict[Flagged, str]] = {"intel": "intel", "help_request": "help request", "complaint": "complaint"}
_KINDS: Final[dict[PageKind, str]] = {
    "open": "",
    "more": "More posts: ",
    "changed": "Changed: ",
    "repeat": "Not acknowledged: ",
    "escalation": "Escalated: ",
    "reopened": "Reopened: ",
    "acknowledged": "Acknowledged: ",
    "resolved": "Resolved: ",
    "digest": "Digest: ",
}
"""What a title begins with, so that no page is taken for a new alert that is none."""


def words(alert: Alert, page: Page, zone: dt.tzinfo) -> tuple[str, str]:
    """Title and text of one page of ``alert``.

    The title is one line of at most `MOST_TITLE` characters. Times are those of ``zone``; ages are as of the page's try.
    """
    now = page.begun_at or page.due_at
    lines = [_news(alert, page, now, zone)]
    if alert.digest:
        lines += _counts(alert)
    lines += [*_posts(alert, page, now, zone), _what(alert)]
    return _cut(one_line(_KINDS[page.kind] + headline(alert)), MOST_TITLE), "\n".join(line for line in lines if line)


def words_of_a_test(channel: str, recipient: str, at: dt.datetime, zone: dt.tzinfo) -> tuple[str, str]:
    """Title and text of a page that only tests a channel."""
    title = f"[TEST] Nothing has happened: flagpost can page {one_line(recipient)} through {one_line(channel)}"
    text = (
        "This is a test of flagpost's alerts. Nothing has happened, and there is nothing to do.\n"
        f"Sent {_at(at, zone)} by an operator."
    )
    return _cut(title, MOST_TITLE), text


def headline(alert: Alert) -> str:
    """How grave, what, where, how many."""
    if alert.title is not None:
        return f"{alert.severity.upper()} · {alert.title}"
    excerpts = [one.excerpt for one in _by_gravity(alert.items) if one.excerpt]
    count = _counted(alert.count)
    if alert.digest:
        grave = "" if gathers(alert) else "IMMEDIATE · "
        return f"{grave}{count} · {alert.rule}"
    if not excerpts:
        return f"{alert.severity.upper()} · {alert.rule} · {count}"
    place = next((one.place for one in excerpts if one.place), None)
    return " · ".join(part for part in (_kind_of(excerpts[0]), place, count if alert.count > 1 else None) if part)


def _news(alert: Alert, page: Page, now: dt.datetime, zone: dt.tzinfo) -> str:
    """Why this page comes."""
    since = _at(alert.opened_at, zone)
    match page.kind:
        case "open":
            return ""
        case "more":
            return f"{_counted(alert.count)} by now; open since {since}."
        case "changed" if alert.title is not None:
            return f"It has become graver: {alert.severity} now."
        case "changed":
            return "What is known of its posts has changed, see below."
        case "repeat":
            return f"Not acknowledged since {since}."
        case "escalation" if alert.acknowledged_at:
            return f"Escalated, though {alert.acknowledged_by} acknowledged it {_at(alert.acknowledged_at, zone)}."
        case "escalation":
            minutes = max(round((now - alert.opened_at).total_seconds() / 60), 1)
            return f"Escalated: nobody acknowledged within {minutes:,} min; open since {since}."
        case "reopened":
            return "It had been resolved, and there is news."
        case "acknowledged":
            by = f" by {one_line(alert.acknowledged_by)}" if alert.acknowledged_by else ""
            return f"Acknowledged{by} {_at(alert.acknowledged_at or alert.updated_at, zone)}."
        case "resolved":
            by = f" by {one_line(alert.resolved_by)}" if alert.resolved_by else ""
            return f"Resolved{by} {_at(alert.resolved_at or alert.updated_at, zone)}. There is nothing more to do."
        case "digest":
            return "Too old, or too many, to page one by one."


def _what(alert: Alert) -> str:
    if alert.title is not None:
        return f"About flagpost itself: {one_line(alert.title)}"
    return f"Rule {alert.rule}, severity {alert.severity}, {_counted(alert.count)}."


def _counts(alert: Alert) -> Iterator[str]:
    """A digest's posts by what they are."""
    kinds = Counter((one.excerpt.grade, one.excerpt.label) for one in alert.items if one.excerpt)
    for (grade, label), number in sorted(kinds.items(), key=lambda one: (GRADES.index(one[0][0]), -one[1])):
        yield f"{number} × {_GRADES[grade]} {_LABELS[label]}"
    if (more := alert.count - kinds.total()) > 0 and kinds:
        yield f"{more:,} × not looked at here"


def _posts(alert: Alert, page: Page, now: dt.datetime, zone: dt.tzinfo) -> Iterator[str]:
    """The posts that matter most for this page."""
    items = _by_gravity(alert.items)
    if page.kind == "changed":  # what has changed comes first
        items = sorted(items, key=lambda one: (one.state == "live", not _is_edited(one)))
    shown = items[:MOST_SHOWN]
    for item in shown:
        yield f"- {_when(item, now, zone)}"
        if item.excerpt and item.state not in _TEXTLESS:
            text = one_line(item.excerpt.text)
            yield f"  “{text}”" if text else "  (no words)"
            if link := _link(item.excerpt.url):
                yield f"  {link}"
    if (more := alert.count - len(shown)) > 0 and shown:
        yield f"and {more:,} more."


def _when(item: AlertItem, now: dt.datetime, zone: dt.tzinfo) -> str:
    """One post's line: when, what, where, and what became of it."""
    excerpt, changed = item.excerpt, _at(item.revision, zone)
    match item.state:
        case "deleted":
            state = f"deleted at {changed}"
        case "withdrawn":
            state = f"edited at {changed}, and of no concern any more"
        case "unmatched":
            state = f"edited at {changed}, and the rule matches it no more"
        case "dismissed":
            state = "dismissed by an analyst"
        case "live":
            state = f"edited at {changed}" if _is_edited(item) else ""
    if excerpt is None:
        return state or "a post of which nothing is known any more"
    posted = f"{_at(excerpt.posted_at, zone)} ({_age(now - excerpt.posted_at)})"
    place = one_line(excerpt.place) if excerpt.place else ""
    return " · ".join(part for part in (posted, _kind_of(excerpt), place, state) if part)


def _kind_of(excerpt: Excerpt) -> str:
    unsure = " (unsure)" if excerpt.unsure else ""
    return f"{_GRADES[excerpt.grade]} {_LABELS[excerpt.label]}{unsure}"


def _by_gravity(items: list[AlertItem]) -> list[AlertItem]:
    """Live ones first, then the gravest, then the newest."""

    def rank(item: AlertItem) -> tuple[bool, int, float]:
        grade = GRADES.index(item.excerpt.grade) if item.excerpt else len(GRADES)
        return item.state != "live", grade, -(item.excerpt.posted_at if item.excerpt else item.revision).timestamp()

    return sorted(items, key=rank)


def _is_edited(item: AlertItem) -> bool:
    return item.excerpt is not None and item.revision > item.excerpt.posted_at


def _link(url: str | None) -> str:
    """A post's address, if it is one that a person may click on."""
    usable = url is not None and url.startswith(("https://", "http://")) and len(url) <= MOST_LINK
    return url if url and usable and url == one_line(url) and " " not in url else ""


def _at(moment: dt.datetime, zone: dt.tzinfo) -> str:
    return f"{moment.astimezone(zone):%a %d %b %H:%M}"


def _age(age: dt.timedelta) -> str:
    minutes = age.total_seconds() / 60
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes:.0f} min ago"
    if minutes < 48 * 60:
        return f"{minutes / 60:.0f} h ago"
    return f"{minutes / 60 / 24:.0f} days ago"


def _counted(number: int) -> str:
    return f"{number:,} post{'' if number == 1 else 's'}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
