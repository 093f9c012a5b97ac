"""The posts that were judged wrongly, the surest first, with the words that led there."""

from __future__ import annotations

from msgspec import Struct

from pipeline.evaluation.judging import Judged, by_score
from pipeline.evaluation.posts import LabelledPost
from schemas.labels import Flagged, Grade, Label
from schemas.verdict import Reason, Scores, Verdict


class Mistake(Struct, frozen=True):
    """A post whose decided label is not its true one. ``reasons`` are for ``decided`` and have their places in ``text``."""

    line: int
    id: str
    text: str
    true: Label
    true_also: list[Flagged]
    true_grade: Grade | None
    decided: Label
    highest: Label
    score: float
    """Probability of ``decided``."""
    scores: Scores
    grade: Grade | None
    unsure: bool
    language: str | None
    """Where it is surely not English, and so could not be judged."""
    reasons: list[Reason]


def mistakes(judged: Judged) -> list[Mistake]:
    """All of them, the most confident first; equally confident ones in the file's order."""
    wrong = [
        _mistake(post, verdict)
        for post, verdict in zip(judged.posts, judged.verdicts, strict=True)
        if verdict.label != post.label
    ]
    return sorted(wrong, key=lambda one: -one.score)


def _mistake(post: LabelledPost, verdict: Verdict) -> Mistake:
    return Mistake(
        line=post.line,
        id=post.id,
        text=post.text,
        true=post.label,
        true_also=post.also,
        true_grade=post.grade,
        decided=verdict.label,
        highest=by_score(verdict),
        score=getattr(verdict.scores, verdict.label),
        scores=verdict.scores,
        grade=verdict.grade,
        unsure=verdict.unsure,
        language=verdict.language,
        reasons=verdict.reasons,
    )
