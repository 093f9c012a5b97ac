"""The report of `flagpost probe` in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.cli.shown.post import block
from pipeline.cli.shown.table import table
from pipeline.evaluation.numbers import counted, percent, words
from pipeline.evaluation.probing import Probe, Surprise
from pipeline.safe_text import one_line


def show(probe: Probe, console: Console) -> None:
    """Prints all of it."""
    for part in _parts(probe):
        console.print(part)


def _parts(probe: Probe) -> Iterator[RenderableType]:
    head = Text(f"{one_line(probe.file)}: {counted(probe.posts, 'post')}", style="bold", overflow="fold")
    head.append(f" judged by {probe.model}", style="not bold")
    head.append(f"\nread: text from {one_line(probe.column)!r}", style="not bold dim")
    yield head
    yield Text()
    yield _shares(probe)
    yield Text(
        "95 % intervals (Wilson). As decided: thresholds applied. By score: the highest probability alone.", style="dim"
    )
    yield Text()
    if probe.expected is None:
        yield Text("Add --expect LABEL to see the posts that surprise.", style="dim")
    elif not probe.surprises:
        yield Text(f"Every post is decided to be {words(probe.expected)}.", style="bold")
    else:
        shown = probe.most_confident_surprises
        title = f"{counted(probe.surprises, 'post')} not decided to be {words(probe.expected)}"
        yield Text(
            title + (f"; the {len(shown):,} most confident" if 0 < len(shown) < probe.surprises else ""), style="bold"
        )
        for one in shown:
            yield block(_surprise_head(one), one.text, one.reasons)


def _shares(probe: Probe) -> Table:
    rendered = table("", ["posts", "as decided", "by score"])
    for label, share in probe.labels.items():
        name = words(label) + (" (expected)" if label == probe.expected else "")
        rendered.add_row(name, f"{probe.counts[label]:,}", percent(share), percent(probe.by_score[label]))
    rendered.add_row()
    for name, share in (
        ("flagged", probe.flagged),
        ("unsure", probe.unsure),
        ("graded immediate", probe.immediate),
        ("not English", probe.other_language),
    ):
        rendered.add_row(name, f"{round((share.value or 0) * probe.posts):,}", percent(share), "")
    return rendered


def _surprise_head(one: Surprise) -> Text:
    head = Text(f"line {one.line:,}", overflow="fold")
    if one.id != str(one.line):
        head.append(f" ({one_line(one.id)[:40]})", style="dim")
    head.append(": ")
    head.append(" + ".join(words(label) for label in (one.decided, *one.also)), style="red")
    head.append(f" {100 * one.score:.0f} %")
    if one.grade:
        head.append(f", {one.grade}")
    if one.decided != one.highest:
        head.append(f", by score {words(one.highest)}")
    if one.language:
        head.append(f" not English ({one_line(one.language)})", style="italic yellow")
    if one.unsure:
        head.append(" unsure", style="italic yellow")
    return head
