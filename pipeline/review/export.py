"""Decisions → rows to train and to measure on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from elasticsearch import Elasticsearch
from msgspec import Struct

from pipeline.elasticsearch_client import explained
from pipeline.index.item_of import item_of
from pipeline.review.log import Entry
from pipeline.review.numbering import Applied
from pipeline.review.stage import applied
from pipeline.settings import Settings
from schemas import mapping
from schemas.identity import document_id, milliseconds
from schemas.item import Item
from schemas.labels import Flagged, Grade, Label
from schemas.verdict import Scores

AT_ONCE: Final = 500
"""Documents that Elasticsearch is asked for in one request."""


class Row(Struct, frozen=True, kw_only=True):
    """One post with what an analyst decided, and what the model had said. Tells nothing of who decided, nor of who
    wrote it.

    `flagpost evaluate` finds text, label, also, grade, source and id under these names; so does a corpus.
    """

    id: str
    """Hash of the post's uid: the ``_id`` of its document."""
    text: str
    label: Label
    """``chatter`` where it was dismissed."""
    also: list[Flagged]
    grade: Grade | None
    source: str
    reviewed_at: dt.datetime
    model: str
    """name@version"""
    model_label: Label
    model_also: list[Flagged]
    model_grade: Grade | None
    model_scores: Scores


@dataclass(frozen=True, slots=True)
class Decided:
    """A post's row, and the wording that it is of: its revision in ms."""

    row: Row
    revision: int


@dataclass(slots=True)
class Exported:
    """The rows, and how many decided posts were left out: no longer there, or worded anew since."""

    rows: list[Row]
    gone: int = 0
    edited: int = 0


def export(client: Elasticsearch, settings: Settings, entries: Iterable[Entry], since: dt.datetime | None) -> Exported:
    """The last decision that was applied to each post, if it was made ``since`` then, in the order in which they were
    made.

    What the index does not show any more is left out: a post that was deleted or turned into chatter, and a wording
    that its author has replaced, were taken back, and a decision keeps neither. Raises what `explained` raises.
    """
    exported = Exported([])
    decided = [one for one in last_applied(entries) if since is None or one.row.reviewed_at >= since]
    for start in range(0, len(decided), AT_ONCE):
        part = decided[start : start + AT_ONCE]
        shown = _revisions(client, settings, [one.row.id for one in part])
        for one in part:
            revision = shown.get(one.row.id)
            if revision is None:
                exported.gone += 1
            elif revision != one.revision:
                exported.edited += 1
            else:
                exported.rows.append(one.row)
    return exported


def last_applied(entries: Iterable[Entry]) -> list[Decided]:
    """The last decision that was applied to each post, in the order in which those were made."""
    last: dict[str, Decided] = {}
    for entry in entries:
        if isinstance(entry.fate, Applied):
            item = applied(entry.review, entry.fate.number)
            last.pop(item.uid, None)
            last[item.uid] = Decided(row_of(item), milliseconds(item.revision))
    return list(last.values())


def row_of(item: Item) -> Row:
    """The row of an item that was decided on. Its label is the analyst's, else the model's, which the analyst let
    stand."""
    assert item.review is not None
    return Row(
        id=document_id(item.source, item.id),
        text=item.post.text,
        label="chatter" if item.dismissed else item.label,
        also=[] if item.dismissed else item.also,
        grade=None if item.dismissed else item.grade,
        source=item.source,
        reviewed_at=item.review.at,
        model=item.verdict.model,
        model_label=item.verdict.label,
        model_also=item.verdict.also,
        model_grade=item.verdict.grade,
        model_scores=item.verdict.scores,
    )


def _revisions(client: Elasticsearch, settings: Settings, ids: Sequence[str]) -> dict[str, int]:
    """``_id`` → revision in ms of those that a search finds."""
    with explained(settings):
        answer = client.search(index=settings.named(mapping.INDEX), query={"ids": {"values": ids}}, size=len(ids))
    return {hit["_id"]: milliseconds(item_of(hit["_source"]).revision) for hit in answer["hits"]["hits"]}
