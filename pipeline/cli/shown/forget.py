"""What `flagpost forget` has found, as people read it. Nothing of it says what a post says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from pipeline.retention.exports import Counted
from pipeline.retention.forget import Plan
from pipeline.retention.seek import Author
from pipeline.retention.traces import Traces
from pipeline.safe_text import one_line


def found(doing: Plan, traces: Traces) -> list[str]:
    """How many posts were found, and where."""
    places = Counter(place for uid in traces.uids for place in traces.places(uid))
    sources = ", ".join(f"{one_line(source)} {number:,}" for source, number in sorted(traces.sources.items()))
    lines = [
        f"{len(traces.uids):,} post{'' if len(traces.uids) == 1 else 's'} found{f' ({sources})' if sources else ''}."
    ]
    lines += [
        f"  {number:>6,} in {f'[{place}]' if place != 'index' else 'the index'}" for place, number in places.items()
    ]
    lines.append(f"{len(doing.deletes):,} to delete, {len(doing.already):,} deleted already, {len(doing.held):,} held.")
    return lines


def also_known(names: set[str]) -> list[str]:
    """A line about the author's other names, if there are any: what bears these alone was not looked for."""
    if not names:
        return []
    named = ", ".join(one_line(name) for name in sorted(names))
    return [
        f"These posts also name their author as {named}. An account's id finds what it posted under every handle; several"
        " ids with one handle are several accounts, maybe of different people."
    ]


def in_files(rows: Mapping[Path, Counted], author: Author | None) -> list[str]:
    """What was found in exported files, and which of their rows can't be told to be the author's or not."""
    lines = [f"{one.wanted:,} rows in {path}" for path, one in rows.items()]
    if author is None or not rows:
        return lines
    if author.source is None:
        lines.append("Without --source no row is found by the author that it names, only by the posts that were found.")
    for path, one in rows.items():
        if one.nameless:
            lines.append(
                f"{one.nameless:,} other rows in {path} name no author: of posts that have gone everywhere else nobody can"
                " tell whose they are. Export them anew, and delete this file."
            )
        if one.by_handle:
            lines.append(
                f"{one.by_handle:,} other rows in {path} name authors by handle alone: an account's id finds none of these."
                " Give each of its handles, too."
            )
    return lines
