"""What the demo prints at its end: the table, the books, and how the verdicts compare with the writer's labels."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.books import Books
from pipeline.settings import Settings
from pipeline.topic_reader import read_topic
from schemas import codec
from schemas.identity import document_id
from schemas.labels import FLAGGED, GRADES, LABELS
from schemas.outcome import Outcomes
from schemas.topics import OUTCOMES


class Agreement(Struct, frozen=True):
    """Verdicts against the labels that the writer gave."""

    posts: int
    same: int
    macro_f1: float


def table(books: Books, sent: int, bad: int, seconds: float) -> RenderableType:
    """What became of the Saturday."""
    rows = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    rows.add_column(justify="left")
    rows.add_column(justify="right")
    rows.add_column(justify="left", style="dim")
    by_this_run = "" if sent == books.posts else f", {sent:,} of them by this run"
    rows.add_row("sent to Kafka", f"{books.posts:,}", f"posts, edits and deletes{by_this_run}")
    rows.add_row("chatter", f"{books.by_outcome.get('chatter', 0):,}", "counted; its text is not kept")
    flagged = books.by_outcome.get("flagged", 0)
    grades = ", ".join(f"{books.by_grade.get(grade, 0)} {grade}" for grade in GRADES)
    rows.add_row("flagged", f"{flagged:,}", grades)
    for label in FLAGGED:
        rows.add_row(f"  {label.replace('_', ' ')}", f"{books.by_label.get(label, 0):,}", "")
    rows.add_row("withdrawn", f"{books.by_outcome.get('withdrawn', 0):,}", "deleted, or edited into chatter")
    rows.add_row("searchable", f"{books.live:,}", f"items (an edited post is one), and {books.tombstones:,} tombstones")
    rows.add_row("dead-lettered", f"{sum(books.dead_letters.values()):,}", f"{bad} of this run's lines were no posts")
    rows.add_row("throughput", f"{sent / seconds:,.0f}", "posts/s, from the first sent to the last indexed")
    return rows


def sums(books: Books) -> RenderableType:
    """The books, each sum with ✓ or ✗."""
    lines = []
    for one in books.sums:
        mark = Text("✓ ", "bold green") if one.even else Text("✗ ", "bold red")
        lines.append(
            mark
            + Text(
                f"{one.about}: {one.expected:,} = {one.found:,}"
                if one.even
                else f"{one.about}: {one.expected:,} ≠ {one.found:,}"
            )
        )
    return Group(*lines)


def agreement(settings: Settings, labels: Path, posts: Path) -> Agreement:
    """Compares each post's last verdict with the label that its writer gave to its last wording."""
    wanted: dict[str, str] = {}
    lines = posts.read_bytes().splitlines()
    for row in map(json.loads, labels.read_text("utf-8").splitlines()):
        post = json.loads(lines[row["line"] - 1])
        wanted[document_id(post["source"], post["id"])] = row["label"]
    found = _last_labels(settings)
    pairs = Counter((label, found[uid]) for uid, label in wanted.items() if uid in found)
    return Agreement(
        posts=sum(pairs.values()),
        same=sum(number for (want, got), number in pairs.items() if want == got),
        macro_f1=_macro_f1(pairs),
    )


def _last_labels(settings: Settings) -> dict[str, str]:
    last: dict[str, tuple[int, str]] = {}
    for record in read_topic(settings, OUTCOMES):
        batch: Outcomes = codec.decode(OUTCOMES, record.value)
        for outcome in batch.outcomes:
            if outcome.uid_hash and outcome.label and outcome.offset >= last.get(outcome.uid_hash, (-1, ""))[0]:
                last[outcome.uid_hash] = (outcome.offset, outcome.label)
    return {uid: label for uid, (_, label) in last.items()}


def _macro_f1(pairs: Mapping[tuple[str, str], int]) -> float:
    """Mean over the labels of 2·hits / (wanted + given)."""
    scores = []
    for label in LABELS:
        hits = pairs.get((label, label), 0)
        wanted = sum(number for (want, _), number in pairs.items() if want == label)
        given = sum(number for (_, got), number in pairs.items() if got == label)
        scores.append(2 * hits / (wanted + given) if wanted + given else 0.0)
    return sum(scores) / len(scores)
