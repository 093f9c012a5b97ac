"""From posts and verdicts to everything that is reported of them. Pure.

There are two readings of a verdict, and both are measured: *decided* is its label, which is what the pipeline does with the
post; *highest* is the label with the highest probability, before the model's thresholds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from msgspec import Struct

from models.evaluation import matrix
from models.evaluation.arrays import Bools, Floats, Integers
from models.evaluation.bootstrap import resampled
from models.evaluation.curves import Bin, Curve, precision_recall, reliability
from models.evaluation.estimate import Estimate, of_draws, of_share, of_share_with_draws
from models.evaluation.figures import calibration_error
from models.evaluation.prevalence import weights_of_life
from pipeline.evaluation.judging import Drawn, Judged, groups
from pipeline.evaluation.mistakes import Mistake, mistakes
from pipeline.evaluation.posts import Labelled
from pipeline.evaluation.slices import Slice, slices
from schemas.labels import LABELS, Label

_CHATTER: Final = LABELS.index("chatter")


class LabelFigures(Struct, frozen=True):
    """Of one label: how many posts have it, on how many it was found, and how well."""

    posts: int
    found: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


class Figures(Struct, frozen=True):
    """Of one reading. ``macro_f1`` is over the labels that occur; ``confusion`` has the true labels in its rows."""

    macro_f1: Estimate
    accuracy: Estimate
    kappa: Estimate
    flagged_recall: Estimate
    chatter_flagged: Estimate
    precision_in_life: Estimate
    labels: dict[Label, LabelFigures]
    confusion: list[list[int]]


class Immediate(Struct, frozen=True):
    """Of the posts that have a grade, and of chatter, which is never immediate."""

    posts: int
    recall: Estimate
    precision: Estimate
    false_rate: Estimate
    """Share of the posts that are not immediate which are graded so."""


class Also(Struct, frozen=True):
    """The labels beside the first. ``accepted`` is the share of verdicts whose label is the post's or one of its also."""

    labels: int
    recall: Estimate
    precision: Estimate
    accepted: Estimate


class Evaluation(Struct, frozen=True, kw_only=True):
    """All that is reported of one model on one file; `--json` writes it as it stands."""

    file: str
    columns: dict[str, str]
    model: str
    thresholds: dict[str, float]
    posts: int
    left_out: int
    drawn: Drawn
    differ: int
    """Posts of which the two readings differ."""
    decided: Figures
    highest: Figures
    ece: float
    """Expected calibration error of the highest probability."""
    ece_in_life: float | None
    """The same with chatter weighted to its share of a real stream; None unless both chatter and others are there."""
    unsure: Estimate
    immediate: Immediate | None
    also: Also | None
    reliability: list[Bin]
    curves: dict[Label, Curve | None]
    slices: list[Slice]
    mistakes: int
    most_confident_mistakes: list[Mistake]


def evaluate(labelled: Labelled, judged: Judged, most_mistakes: int) -> Evaluation:
    """``judged`` are the posts of ``labelled``, of which there is at least one."""
    truth, decided, highest, scores = judged.truth, judged.decided, judged.highest, judged.scores
    by, drawn = groups(judged.posts)
    chatter = truth == _CHATTER
    wrong = mistakes(judged)
    return Evaluation(
        file=labelled.name,
        columns=dict(labelled.columns),
        model=judged.verdicts[0].model,
        thresholds=judged.verdicts[0].thresholds,
        posts=len(truth),
        left_out=labelled.left_out,
        drawn=drawn,
        differ=int((decided != highest).sum()),
        decided=figures(truth, decided, by),
        highest=figures(truth, highest, by),
        ece=round(calibration_error(scores, truth), 4),
        ece_in_life=(
            round(calibration_error(scores, truth, weights_of_life(truth)), 4)
            if chatter.any() and not chatter.all()
            else None
        ),
        unsure=of_share(sum(verdict.unsure for verdict in judged.verdicts), len(truth)),
        immediate=immediate(judged, by) if "grade" in labelled.columns else None,
        also=also(judged) if "also" in labelled.columns else None,
        reliability=reliability(scores, truth),
        curves={label: precision_recall(scores[:, place], truth == place) for place, label in enumerate(LABELS)},
        slices=slices(judged),
        mistakes=len(wrong),
        most_confident_mistakes=wrong[:most_mistakes],
    )


def figures(truth: Integers, found: Integers, by: Integers) -> Figures:
    """``by`` says whom each post is drawn with for the intervals."""
    whole = matrix.of(truth, found)
    drawn = matrix.matrices(resampled(by, matrix.cells(truth, found), whole.size))
    present: Bools = whole.sum(axis=1) > 0

    def estimate(figure: Callable[[Integers], Floats]) -> Estimate:
        return of_draws(float(figure(whole)), figure(drawn))

    def share(figure: Callable[[Integers], matrix.Counted]) -> Estimate:
        return _share(figure(whole), figure(drawn))

    def label(place: int) -> LabelFigures:
        return LabelFigures(
            posts=int(whole[place].sum()),
            found=int(whole[:, place].sum()),
            precision=share(lambda counts: matrix.precision(counts).of(place)),
            recall=share(lambda counts: matrix.recall(counts).of(place)),
            f1=estimate(lambda counts: matrix.f1(counts)[..., place]) if present[place] else Estimate(None),
        )

    return Figures(
        macro_f1=estimate(lambda counts: matrix.macro_f1(counts, present)),
        accuracy=share(matrix.accuracy),
        kappa=estimate(matrix.kappa) if present.sum() > 1 else Estimate(None),
        flagged_recall=share(matrix.flagged_recall),
        chatter_flagged=share(matrix.chatter_flagged),
        precision_in_life=estimate(matrix.precision_in_life),
        labels={name: label(place) for place, name in enumerate(LABELS)},
        confusion=whole.tolist(),
    )


def immediate(judged: Judged, by: Integers) -> Immediate | None:
    """None where no post has a grade."""
    if not any(post.grade is not None for post in judged.posts):
        return None
    known = np.array([post.grade is not None or post.label == "chatter" for post in judged.posts], dtype=np.bool_)
    truth = np.array([post.grade == "immediate" for post in judged.posts], dtype=np.int64)[known]
    cells = 2 * truth + judged.immediate[known]
    neither, only_found, only_there, both = range(4)
    whole, drawn = np.bincount(cells, minlength=4), resampled(by[known], cells, 4)

    def share(part: int, other: int) -> Estimate:
        """Cell ``part`` of itself and ``other``."""
        counted, draws = (matrix.Counted(one[..., part], one[..., part] + one[..., other]) for one in (whole, drawn))
        return _share(counted, draws)

    return Immediate(
        posts=int(truth.sum()),
        recall=share(both, only_there),
        precision=share(both, only_found),
        false_rate=share(only_found, neither),
    )


def _share(counted: matrix.Counted, draws: matrix.Counted) -> Estimate:
    return of_share_with_draws(int(counted.part), int(counted.whole), draws.share)


def also(judged: Judged) -> Also:
    """Counted over pairs of a post and a label."""
    pairs = [(set(post.also), set(verdict.also)) for post, verdict in zip(judged.posts, judged.verdicts, strict=True)]
    both = sum(len(truth & found) for truth, found in pairs)
    there, found = (sum(len(pair[place]) for pair in pairs) for place in (0, 1))
    accepted = sum(
        verdict.label == post.label or verdict.label in post.also
        for post, verdict in zip(judged.posts, judged.verdicts, strict=True)
    )
    return Also(there, of_share(both, there), of_share(both, found), of_share(accepted, len(pairs)))
