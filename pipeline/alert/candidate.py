"""What the page stage is told of an item: which rules match it, and what a page may say of it. Pure."""

from __future__ import annotations

from typing import Final

from pipeline.alert.likeness import likeness
from pipeline.alert.match import Matcher, place_of
from schemas.alert import MOST_EXCERPT, Excerpt, Gone, Matched
from schemas.identity import version_of
from schemas.item import Item, Withdrawn

CUT: Final = "…"


def candidate_of(record: Item | Withdrawn, matcher: Matcher) -> Matched | Gone:
    """The candidate of a record of `[flagged]`; of no chatter. Raises `VersionOutOfRange`."""
    version = version_of(record)
    if isinstance(record, Withdrawn):
        return Gone(source=record.source, id=record.id, version=version, reason=record.reason, revision=record.revision)
    matches = matcher.matches(record)
    return Matched(
        source=record.source,
        id=record.id,
        version=version,
        revision=record.revision,
        matches=matches,
        excerpt=excerpt_of(record) if matches else None,
        likeness=likeness(record.post.text) if matches else [],
        dismissed=record.dismissed,
    )


def excerpt_of(item: Item) -> Excerpt:
    """What a page tells of a flagged ``item``."""
    label = item.label
    assert label != "chatter"  # no item is
    return Excerpt(
        label=label,
        grade=item.grade or "routine",
        score=getattr(item.verdict.scores, label),
        text=shortened(item.post.text),
        posted_at=item.post.created_at,
        unsure=item.verdict.unsure and item.review is None,
        place=place_of(item) or None,
        url=item.post.url,
    )


def shortened(text: str, most: int = MOST_EXCERPT) -> str:
    """The first words of ``text`` on one line, at most ``most`` characters; an … stands for what is left out."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    head = line[: most - len(CUT)]
    if line[len(head)] != " " and " " in head:
        head = head.rpartition(" ")[0]
    return head.rstrip() + CUT
