"""Two models on the same posts: whether one is better by more than chance, and what it judges otherwise. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Literal

import numpy as np
from msgspec import Struct

from models.evaluation import matrix
from models.evaluation.arrays import Floats, Integers
from models.evaluation.bootstrap import resampled
from models.evaluation.estimate import Estimate, of_draws
from models.evaluation.mcnemar import exact_p
from pipeline.evaluation.judging import Drawn, Judged, groups
from pipeline.evaluation.posts import Labelled
from schemas.labels import LABELS, Grade, Label
from schemas.verdict import Reason, Verdict

_CELLS: Final = len(LABELS) ** 2

Outcome = Literal["repaired", "broken", "wrong either way"]
"""Of a post that the second model judges otherwise."""


class Side(Struct, frozen=True):
    """One of the two models. Its figures are as decided; ``posts_per_second`` is of this run, beside the other model."""

    model: str
    folder: str
    macro_f1: Estimate
    macro_f1_by_score: Estimate
    accuracy: Estimate
    flagged_recall: Estimate
    chatter_flagged: Estimate
    posts_per_second: float


class Difference(Struct, frozen=True):
    """Second minus first, with intervals of a paired bootstrap: both are judged on the same draws."""

    macro_f1: Estimate
    macro_f1_by_score: Estimate
    accuracy: Estimate
    flagged_recall: Estimate
    chatter_flagged: Estimate


class Move(Struct, frozen=True):
    """How many posts went from one label to another, and what became of them."""

    before: Label
    after: Label
    posts: int
    repaired: int
    broken: int


class Changed(Struct, frozen=True):
    """A post that the second model judges otherwise."""

    line: int
    id: str
    text: str
    true: Label
    before: Label
    after: Label
    outcome: Outcome
    score_before: float
    score_after: float
    grade_before: Grade | None
    grade_after: Grade | None
    reasons_before: list[Reason]
    reasons_after: list[Reason]


class Comparison(Struct, frozen=True, kw_only=True):
    """All that is reported of two models on one file; `--json` writes it as it stands."""

    file: str
    posts: int
    left_out: int
    drawn: Drawn
    first: Side
    second: Side
    difference: Difference
    both_right: int
    both_wrong: int
    only_first_right: int
    only_second_right: int
    mcnemar_p: float
    """Two-sided, exact."""
    moves: list[Move]
    regraded: int
    """Posts with the same label and another grade."""
    changed: list[Changed]


def compare(
    labelled: Labelled, first: Judged, second: Judged, folders: tuple[str, str], speeds: tuple[float, float]
) -> Comparison:
    """``first`` and ``second`` are on the posts of ``labelled``, in this order."""
    truth = first.truth
    by, drawn = groups(labelled.posts)
    sides, difference = _figures(truth, by, first, second)
    right = first.decided == truth, second.decided == truth
    only_first, only_second = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    changed = [
        _changed(post.line, post.id, post.text, post.label, before, after)
        for post, before, after in zip(labelled.posts, first.verdicts, second.verdicts, strict=True)
        if before.label != after.label
    ]
    return Comparison(
        file=labelled.name,
        posts=len(truth),
        left_out=labelled.left_out,
        drawn=drawn,
        first=Side(first.verdicts[0].model, folders[0], **sides[0], posts_per_second=speeds[0]),
        second=Side(second.verdicts[0].model, folders[1], **sides[1], posts_per_second=speeds[1]),
        difference=difference,
        both_right=int((right[0] & right[1]).sum()),
        both_wrong=int((~right[0] & ~right[1]).sum()),
        only_first_right=only_first,
        only_second_right=only_second,
        mcnemar_p=exact_p(only_first, only_second),
        moves=_moves(changed),
        regraded=sum(
            before.label == after.label and before.grade != after.grade
            for before, after in zip(first.verdicts, second.verdicts, strict=True)
        ),
        changed=sorted(changed, key=lambda one: (_ORDER[one.outcome], -one.score_after)),
    )


_ORDER: Final[dict[Outcome, int]] = {"broken": 0, "repaired": 1, "wrong either way": 2}


def _figures(
    truth: Integers, by: Integers, first: Judged, second: Judged
) -> tuple[list[dict[str, Estimate]], Difference]:
    """The figures of each, and their differences on the same draws."""
    decided, highest = (
        _paired(truth, by, *pair)
        for pair in (
            (first.decided, second.decided),
            (first.highest, second.highest),
        )
    )
    present = np.bincount(truth, minlength=len(LABELS)) > 0

    def macro_f1(counts: Integers) -> Floats:
        return matrix.macro_f1(counts, present)

    wanted: dict[str, tuple[list[Integers], Callable[[Integers], Floats]]] = {
        "macro_f1": (decided, macro_f1),
        "macro_f1_by_score": (highest, macro_f1),
        "accuracy": (decided, lambda counts: matrix.accuracy(counts).share),
        "flagged_recall": (decided, lambda counts: matrix.flagged_recall(counts).share),
        "chatter_flagged": (decided, lambda counts: matrix.chatter_flagged(counts).share),
    }
    values = {name: [figure(counts) for counts in pair] for name, (pair, figure) in wanted.items()}
    sides = [{name: of_draws(float(pair[side][0]), pair[side][1:]) for name, pair in values.items()} for side in (0, 1)]
    apart = {name: pair[1] - pair[0] for name, pair in values.items()}
    return sides, Difference(**{name: of_draws(float(one[0]), one[1:]) for name, one in apart.items()})


def _paired(truth: Integers, by: Integers, first: Integers, second: Integers) -> list[Integers]:
    """For each model its matrices (1 + resamples, 4, 4): of all posts, then of each draw, the same posts for both."""
    cells = matrix.cells(truth, first) * len(LABELS) + second
    whole = np.bincount(cells, minlength=_CELLS * len(LABELS))
    counts = np.vstack([whole, resampled(by, cells, len(whole))]).reshape(-1, len(LABELS), len(LABELS), len(LABELS))
    return [counts.sum(axis=3), counts.sum(axis=2)]


def _changed(line: int, identifier: str, text: str, true: Label, before: Verdict, after: Verdict) -> Changed:
    outcome: Outcome = "broken" if before.label == true else "repaired" if after.label == true else "wrong either way"
    return Changed(
        line=line,
        id=identifier,
        text=text,
        true=true,
        before=before.label,
        after=after.label,
        outcome=outcome,
        score_before=getattr(before.scores, before.label),
        score_after=getattr(after.scores, after.label),
        grade_before=before.grade,
        grade_after=after.grade,
        reasons_before=before.reasons,
        reasons_after=after.reasons,
    )


def _moves(changed: Sequence[Changed]) -> list[Move]:
    counts = Counter((one.before, one.after) for one in changed)
    outcomes = Counter((one.before, one.after, one.outcome) for one in changed)
    return [
        Move(before, after, posts, outcomes[before, after, "repaired"], outcomes[before, after, "broken"])
        for (before, after), posts in counts.most_common()
    ]
