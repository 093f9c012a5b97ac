"""Posts of a file as the alert stage would get them: read as ingest reads them, judged as classify judges them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pipeline.classify.outgoing import outgoing_of
from pipeline.cli.bad_lines import BadLines
from pipeline.cli.input_stream import open_input
from pipeline.evaluation.judging import judge_of, judged
from pipeline.ingest.canonical import Defaults, canonical
from pipeline.ingest.sources import Position
from pipeline.ingest.sources.jsonl import read_jsonl
from pipeline.ingest.sources.lines import split_lines
from pipeline.settings import Settings
from schemas.codec import InvalidMessage
from schemas.item import Item, Withdrawn
from schemas.post import MAX_POST_BYTES, Post, PostDeleted

SOURCE: Final = "file"
"""Source of posts that name none."""

Progress = Callable[[int, int], None]
"""Told how many of how many posts are judged."""


@dataclass(frozen=True, slots=True)
class JudgedPosts:
    """``records`` are what `[flagged]` would hold of so many posts, in the order of the file."""

    model: str
    posts: int
    undated: int
    """Posts without a time of their own; they count as posted now."""
    records: Sequence[Item | Withdrawn]


def judged_records(path: Path, settings: Settings, bad: BadLines, progress: Progress) -> JudgedPosts:
    """Reads ``path`` whole (``-``: standard input), noting in ``bad`` what can't be used, and judges it.

    A post without an id has its line number, one without a time was posted now. Raises `InvalidInput` and `ModelRefused`.
    """
    now = dt.datetime.now(dt.UTC)
    with open_input(path) as stream:
        read = list(_read(stream, now, bad))
    undated = sum(isinstance(one, Post) and one.created_at == now for one in read)
    texts = [one.text for one in read if isinstance(one, Post)]
    if not texts:
        return JudgedPosts("", 0, 0, [])
    judge = judge_of(settings.model, settings)
    done = 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        progress(done, len(texts))

    verdicts = iter(judged(judge, texts, advance))
    records = []
    for post in read:
        verdict = next(verdicts) if isinstance(post, Post) else None
        record = outgoing_of(post, verdict, judge.classifier.activation, now)
        if record is not None:
            records.append(record)
    return JudgedPosts(judge.classifier.model, len(texts), undated, records)


def _read(stream: BinaryIO, now: dt.datetime, bad: BadLines) -> Iterator[Post | PostDeleted]:
    for entry in read_jsonl(split_lines(stream.read, Position(), MAX_POST_BYTES), {}):
        try:
            if isinstance(entry.fields, InvalidMessage):
                raise entry.fields
            fields = {"id": str(entry.line), **entry.fields}
            yield canonical(fields, Defaults(source=SOURCE, created_at="now"), now)
        except InvalidMessage as fault:
            bad.note(entry.line, fault.detail or fault.reason.replace("_", " "))
