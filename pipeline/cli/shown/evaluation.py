"""The report of `flagpost evaluate` in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from models.evaluation.prevalence import CHATTER_IN_LIFE
from pipeline.cli.shown.post import block
from pipeline.cli.shown.table import table
from pipeline.evaluation.evaluation import Evaluation, Figures
from pipeline.evaluation.mistakes import Mistake
from pipeline.evaluation.numbers import NOTHING, counted, figure, listed, percent, share, words
from pipeline.evaluation.slices import Slice
from pipeline.safe_text import one_line
from schemas.labels import LABELS

LEAST_POSTS: Final = 10
"""Of a slice that is shown: of fewer a share says nothing."""
MOST_SLICES: Final = 12
"""Of sources or themes, the worst first; --json has all."""
MOST_OF_NAME: Final = 60
"""Characters of a source or theme."""

READINGS: Final = (
    "As decided is what the pipeline does with a post: the model's thresholds are applied, at which a missed danger "
    "counts more than a needless look. By score is the label with the highest probability alone."
)


def show(evaluation: Evaluation, console: Console) -> None:
    """Prints all of it."""
    for part in _parts(evaluation):
        console.print(part)


def _parts(evaluation: Evaluation) -> Iterator[RenderableType]:
    yield _head(evaluation)
    yield Text()
    yield _overview(evaluation)
    yield Text(_readings(evaluation), style="dim")
    yield Text()
    readings = [("as decided", evaluation.decided), ("by score", evaluation.highest)]
    for reading, figures in readings if evaluation.differ else readings[:1]:
        yield _labels(reading, figures)
        yield Text()
        yield _confusion(reading, figures)
        yield Text()
    for rendered in _slices(evaluation.slices):
        yield rendered
        yield Text()
    yield from _mistakes(evaluation)


def _head(evaluation: Evaluation) -> Text:
    counts = ", ".join(f"{one.posts:,} {words(label)}" for label, one in evaluation.decided.labels.items())
    head = Text(overflow="fold")
    head.append(f"{one_line(evaluation.file)}: {counted(evaluation.posts, 'post')}", style="bold")
    head.append(f" judged by {evaluation.model}\n{counts}")
    if evaluation.left_out:
        head.append(f"\n{counted(evaluation.left_out, 'post')} left out by --map")
    read = ", ".join(f"{field} from {one_line(name)!r}" for field, name in evaluation.columns.items())
    head.append(f"\nread: {read}", style="dim")
    return head


def _overview(evaluation: Evaluation) -> Table:
    decided, highest = evaluation.decided, evaluation.highest
    rows = [
        ("macro-F1", figure(decided.macro_f1), figure(highest.macro_f1)),
        ("accuracy", percent(decided.accuracy), percent(highest.accuracy)),
        ("Cohen's kappa", figure(decided.kappa), figure(highest.kappa)),
        ("flagged posts that are flagged", percent(decided.flagged_recall), percent(highest.flagged_recall)),
        ("chatter that is flagged", percent(decided.chatter_flagged), percent(highest.chatter_flagged)),
        (
            f"precision of flags at {share(CHATTER_IN_LIFE)} chatter",
            percent(decided.precision_in_life),
            percent(highest.precision_in_life),
        ),
        ("unsure", percent(evaluation.unsure), ""),
        ("calibration error (ECE)", "", f"{evaluation.ece:.3f}"),
        (
            f"ECE at {share(CHATTER_IN_LIFE)} chatter",
            "",
            NOTHING if evaluation.ece_in_life is None else f"{evaluation.ece_in_life:.3f}",
        ),
    ]
    if (immediate := evaluation.immediate) is not None:
        rows += [
            (f"immediate found, of {immediate.posts:,}", percent(immediate.recall), ""),
            ("others graded immediate", percent(immediate.false_rate), ""),
            ("immediate grades that are right", percent(immediate.precision), ""),
        ]
    if (also := evaluation.also) is not None:
        rows += [
            (f"also: found, of {also.labels:,}", percent(also.recall), ""),
            ("also: right, of those found", percent(also.precision), ""),
            ("label right, or one of the post's also", percent(also.accepted), ""),
        ]
    rendered = table("", ["as decided", "by score"] if evaluation.differ else ["95 % interval"])
    for name, as_decided, by_score in rows:
        rendered.add_row(name, *((as_decided, by_score) if evaluation.differ else (as_decided or by_score,)))
    return rendered


def _readings(evaluation: Evaluation) -> str:
    sentences = [
        f"{READINGS} They differ on {counted(evaluation.differ, 'post')}."
        if evaluation.differ
        else "The label as decided and the one with the highest score are the same for every post."
    ]
    missing = [words(label) for label, one in evaluation.decided.labels.items() if not one.posts]
    if missing:
        sentences.append(
            f"No post is labelled {listed(missing, 'or')}: macro-F1 is over the other labels, "
            f"and {NOTHING} stands where there is nothing to count."
        )
    sentences.append(f"Intervals draw whole {evaluation.drawn}." if evaluation.drawn == "themes" else "")
    if evaluation.columns.get("grade") and evaluation.immediate is None:
        sentences.append("No flagged post has a grade.")
    return " ".join(one for one in sentences if one)


def _labels(reading: str, figures: Figures) -> Table:
    rendered = table(reading, ["posts", "precision", "recall", "F1"], title="Labels")
    for label, one in figures.labels.items():
        rendered.add_row(words(label), f"{one.posts:,}", percent(one.precision), percent(one.recall), figure(one.f1))
    return rendered


def _confusion(reading: str, figures: Figures) -> Table:
    rendered = table(reading, [words(label) for label in LABELS], title="Found as …")
    for place, (label, row) in enumerate(zip(LABELS, figures.confusion, strict=True)):
        cells = (Text(f"{count:,}", style="bold" if column == place else "") for column, count in enumerate(row))
        rendered.add_row(f"is {words(label)}", *cells)
    return rendered


def _slices(slices: Sequence[Slice]) -> Iterator[Table]:
    for by, title in (("length", "By length"), ("source", "By source"), ("theme", "By theme")):
        whole = [one for one in slices if one.by == by]
        chosen = [one for one in whole if one.posts >= LEAST_POSTS]
        if by != "length":
            chosen = sorted(chosen, key=lambda one: one.accuracy.value or 0.0)[:MOST_SLICES]
        if not chosen:
            continue
        rendered = table("as decided", ["posts", "accuracy", "macro-F1", "flagged found", "chatter flagged"], title)
        for one in chosen:
            rendered.add_row(
                Text(one_line(one.name)[:MOST_OF_NAME]),
                f"{one.posts:,}",
                percent(one.accuracy),
                NOTHING if one.macro_f1 is None else f"{one.macro_f1:.2f}",
                share(one.flagged_recall),
                share(one.chatter_flagged),
            )
        if len(chosen) < len(whole):
            rendered.add_row(Text(f"({len(whole) - len(chosen):,} more in --json)", style="dim"))
        yield rendered


def _mistakes(evaluation: Evaluation) -> Iterator[RenderableType]:
    shown = evaluation.most_confident_mistakes
    if not evaluation.mistakes:
        yield Text("No mistakes.", style="bold")
        return
    yield Text(
        f"{counted(evaluation.mistakes, 'mistake')} as decided"
        + (f"; the {len(shown):,} most confident" if 0 < len(shown) < evaluation.mistakes else ""),
        style="bold",
    )
    for one in shown:
        yield block(_mistake_head(one), one.text, one.reasons)


def _mistake_head(one: Mistake) -> Text:
    head = Text(f"line {one.line:,}", overflow="fold")
    if one.id != str(one.line):
        head.append(f" ({one_line(one.id)[:40]})", style="dim")
    head.append(": is ")
    head.append(words(one.true), style="green")
    head.append(", decided ")
    head.append(words(one.decided), style="red")
    head.append(f" {100 * one.score:.0f} %")
    if one.grade:
        head.append(f", {one.grade}")
    if one.decided != one.highest:
        head.append(f", by score {words(one.highest)}")
    if one.decided in one.true_also:
        head.append(f" (its also has {words(one.decided)})", style="dim")
    if one.language:
        head.append(f" not English ({one_line(one.language)})", style="italic yellow")
    if one.unsure:
        head.append(" unsure", style="italic yellow")
    return head
