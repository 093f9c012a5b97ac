"""The report of `flagpost compare` in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from models.evaluation.estimate import Estimate
from pipeline.cli.shown.post import marked
from pipeline.cli.shown.table import table
from pipeline.evaluation.comparison import Changed, Comparison
from pipeline.evaluation.numbers import NOTHING, change, counted, points, words
from pipeline.safe_text import one_line

_STYLES = {"repaired": "green", "broken": "red", "wrong either way": "yellow"}


def show(comparison: Comparison, changed: int, console: Console) -> None:
    """Prints all but the changed posts, and ``changed`` of those."""
    for part in _parts(comparison, changed):
        console.print(part)


def _parts(comparison: Comparison, changed: int) -> Iterator[RenderableType]:
    yield _head(comparison)
    yield Text()
    yield _figures(comparison)
    drawn = f", drawn by whole {comparison.drawn}" if comparison.drawn == "themes" else ""
    yield Text(
        f"As decided, but for the line by score; with the 95 % interval of a paired bootstrap{drawn}.",
        style="dim",
    )
    yield Text()
    yield _test(comparison)
    yield Text()
    if not comparison.changed:
        yield Text("Both judge every post alike.", style="bold")
        return
    yield _moves(comparison)
    if comparison.regraded:
        yield Text(f"{counted(comparison.regraded, 'post')} with the same label got another grade.")
    for one in comparison.changed[:changed]:
        yield Text()
        yield _post(one)
    if changed < len(comparison.changed):
        yield Text(f"\nTo see the posts: --changed {len(comparison.changed)}, or --json FILE.", style="dim")


def _head(comparison: Comparison) -> Text:
    head = Text(overflow="fold")
    head.append(f"{one_line(comparison.file)}: {counted(comparison.posts, 'post')}", style="bold")
    if comparison.left_out:
        head.append(f", {comparison.left_out:,} left out by --map")
    for name, side in (("A", comparison.first), ("B", comparison.second)):
        head.append(f"\n{name} ", style="bold")
        head.append(f"{side.model} in {one_line(side.folder)}, {side.posts_per_second:,.0f} posts/s")
    return head


def _figures(comparison: Comparison) -> Table:
    rendered = table("", ["A", "B", "B − A"])
    for name, attribute in (("macro-F1", "macro_f1"), ("macro-F1 by score", "macro_f1_by_score")):
        first, second, apart = _three(comparison, attribute)
        rendered.add_row(name, _plain(first, 1, 3), _plain(second, 1, 3), change(apart))
    for name, attribute in (
        ("accuracy, %", "accuracy"),
        ("flagged posts that are flagged, %", "flagged_recall"),
        ("chatter that is flagged, %", "chatter_flagged"),
    ):
        first, second, apart = _three(comparison, attribute)
        rendered.add_row(name, _plain(first, 100, 1), _plain(second, 100, 1), points(apart))
    return rendered


def _three(comparison: Comparison, name: str) -> tuple[Estimate, Estimate, Estimate]:
    first, second, apart = (getattr(one, name) for one in (comparison.first, comparison.second, comparison.difference))
    return first, second, apart


def _plain(one: Estimate, times: int, places: int) -> str:
    return NOTHING if one.value is None else f"{times * one.value:.{places}f}"


def _test(comparison: Comparison) -> Text:
    return Text(
        f"Both right {comparison.both_right:,}, both wrong {comparison.both_wrong:,}, "
        f"only A right {comparison.only_first_right:,}, only B right {comparison.only_second_right:,}. "
        f"McNemar's exact test: p = {comparison.mcnemar_p:.2g}, "
        + (
            "a difference that chance would seldom make, were all posts independent."
            if comparison.mcnemar_p < 0.05
            else "so chance could well have made the difference."
        )
    )


def _moves(comparison: Comparison) -> Table:
    rendered = table("A → B", ["posts", "repaired", "broken", "wrong either way"], title="Judged otherwise")
    for move in comparison.moves:
        rest = move.posts - move.repaired - move.broken
        rendered.add_row(
            f"{words(move.before)} → {words(move.after)}",
            *(f"{one:,}" for one in (move.posts, move.repaired, move.broken, rest)),
        )
    repaired, broken = (sum(getattr(move, name) for move in comparison.moves) for name in ("repaired", "broken"))
    whole = len(comparison.changed)
    rendered.add_row("all", *(f"{one:,}" for one in (whole, repaired, broken, whole - repaired - broken)), style="bold")
    return rendered


def _post(one: Changed) -> Group:
    head = Text(overflow="fold")
    head.append(one.outcome, style=_STYLES[one.outcome])
    head.append(f"  line {one.line:,}")
    if one.id != str(one.line):
        head.append(f" ({one_line(one.id)[:40]})", style="dim")
    head.append(f": is {words(one.true)}, A {words(one.before)} {100 * one.score_before:.0f} %")
    head.append(f", B {words(one.after)} {100 * one.score_after:.0f} %")
    lines: list[RenderableType] = [head, Padding(marked(one.text, one.reasons_after), (0, 0, 0, 2), expand=False)]
    for name, reasons in (("A", one.reasons_before), ("B", one.reasons_after)):
        if reasons:
            why = " · ".join(one_line(reason.text) for reason in reasons)
            lines.append(
                Padding(Text(f"{name}'s why: {why}", style="dim", overflow="fold"), (0, 0, 0, 2), expand=False)
            )
    return Group(*lines)
