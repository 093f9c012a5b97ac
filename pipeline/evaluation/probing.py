"""What a model makes of posts that nobody has labelled. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from models.evaluation.estimate import Estimate, of_share
from pipeline.evaluation.judging import by_score
from pipeline.evaluation.posts import Text
from schemas.labels import LABELS, Flagged, Grade, Label
from schemas.verdict import Reason, Scores, Verdict


class Surprise(Struct, frozen=True):
    """A post that was not decided to be what all were expected to be. ``reasons`` have their places in ``text``."""

    line: int
    id: str
    text: str
    decided: Label
    also: list[Flagged]
    highest: Label
    score: float
    """Probability of ``decided``."""
    scores: Scores
    grade: Grade | None
    unsure: bool
    language: str | None
    reasons: list[Reason]


class Probe(Struct, frozen=True, kw_only=True):
    """Shares of all posts, as decided, with Wilson intervals; `--json` writes it as it stands."""

    file: str
    column: str
    model: str
    posts: int
    expected: Label | None
    labels: dict[Label, Estimate]
    counts: dict[Label, int]
    by_score: dict[Label, Estimate]
    """The same by the highest probability, before thresholds."""
    flagged: Estimate
    unsure: Estimate
    immediate: Estimate
    other_language: Estimate
    """Surely not English, and so not judged."""
    surprises: int
    most_confident_surprises: list[Surprise]


def probe(
    file: str, column: str, texts: Sequence[Text], verdicts: Sequence[Verdict], expected: Label | None, most: int
) -> Probe:
    """``verdicts[i]`` is on ``texts[i]``; there is at least one. Without ``expected`` nothing is a surprise."""
    posts = len(verdicts)
    counts = {label: sum(verdict.label == label for verdict in verdicts) for label in LABELS}
    highest = [by_score(verdict) for verdict in verdicts]
    surprises = [
        _surprise(text, verdict)
        for text, verdict in zip(texts, verdicts, strict=True)
        if expected is not None and verdict.label != expected
    ]
    return Probe(
        file=file,
        column=column,
        model=verdicts[0].model,
        posts=posts,
        expected=expected,
        labels={label: of_share(count, posts) for label, count in counts.items()},
        counts=counts,
        by_score={label: of_share(highest.count(label), posts) for label in LABELS},
        flagged=of_share(posts - counts["chatter"], posts),
        unsure=of_share(sum(verdict.unsure for verdict in verdicts), posts),
        immediate=of_share(sum(verdict.grade == "immediate" for verdict in verdicts), posts),
        other_language=of_share(sum(verdict.language is not None for verdict in verdicts), posts),
        surprises=len(surprises),
        most_confident_surprises=sorted(surprises, key=lambda one: -one.score)[:most],
    )


def _surprise(text: Text, verdict: Verdict) -> Surprise:
    return Surprise(
        line=text.line,
        id=text.id,
        text=text.text,
        decided=verdict.label,
        also=verdict.also,
        highest=by_score(verdict),
        score=getattr(verdict.scores, verdict.label),
        scores=verdict.scores,
        grade=verdict.grade,
        unsure=verdict.unsure,
        language=verdict.language,
        reasons=verdict.reasons,
    )
