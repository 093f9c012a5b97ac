"""Exported files that `flagpost forget` takes rows out of."""

from __future__ import annotations

from pathlib import Path

from pipeline.retention.exports import Counted, Wanted, rows_of
from pipeline.retention.exports import take_out as taken_out
from pipeline.retention.forget import Plan
from pipeline.retention.seek import Author
from pipeline.retention.traces import Traces
from schemas.identity import document_id


def rows_in(exports: tuple[Path, ...], traces: Traces, author: Author | None) -> dict[Path, Counted]:
    """Exported file → its rows that are of the posts that were found, held ones too, or by the author."""
    return {path: rows_of(path, Wanted(_ids(traces.uids), author)) for path in exports}


def take_out(rows: dict[Path, Counted], doing: Plan, traces: Traces, author: Author | None) -> list[str]:
    """Takes the rows of what is not held out of the files; says so in a line for each file, and which rows stay."""
    wanted = Wanted(_ids(traces.uids), author, _ids(set(doing.held)))
    lines = []
    for path, one in rows.items():
        if not one.wanted:
            continue
        taken = taken_out(path, wanted)
        lines.append(f"{taken:,} rows taken out of {path}")
        if left := one.wanted - taken:
            lines.append(f"{left:,} rows of what is held stay in {path}: name it once more when that is forgotten.")
    return lines


def _ids(uids: set[str]) -> set[str]:
    return {document_id(*uid.split(":", 1)) for uid in uids}
