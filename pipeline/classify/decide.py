"""Scores → verdict. Pure: the same judgement always gives the same verdict.

* The label is the one with the highest probability.
* ``also`` are the other flagged labels from the model's threshold ``also`` on. A post whose label is chatter has none.
* ``unsure`` is a verdict whose label has less than the threshold ``unsure``. An unsure chatter is flagged instead with its
  best flagged label, so that a person looks at it.
* The grade is ``immediate`` from the threshold ``immediate`` on (a missed danger costs more than a needless look),
  otherwise the more probable of prompt and routine. Chatter has no grade.
"""

from __future__ import annotations

from models.classifier import Classifier, Judgement
from pipeline.classify.prepare import Prepared
from pipeline.classify.reasons import reasons_for
from schemas.labels import FLAGGED, LABELS, Flagged, Grade, Label
from schemas.verdict import Scores, Verdict


def decide(judgement: Judgement, prepared: Prepared, classifier: Classifier) -> Verdict:
    """The verdict on the text that ``judgement`` is of."""
    thresholds = classifier.thresholds
    scores = judgement.scores
    label: Label = max(LABELS, key=lambda one: scores[one])
    unsure = scores[label] < thresholds.unsure
    if unsure and label == "chatter":
        label = max(FLAGGED, key=lambda one: scores[one])
    also: list[Flagged] = (
        [] if label == "chatter" else [one for one in FLAGGED if one != label and scores[one] >= thresholds.also]
    )
    return Verdict(
        label=label,
        also=also,
        scores=Scores(**{one: round(scores[one], 4) for one in LABELS}),
        grade=None if label == "chatter" else _grade(judgement, thresholds.immediate),
        unsure=unsure,
        reasons=reasons_for(label, judgement, prepared),
        model=classifier.model,
        activation=classifier.activation,
        thresholds=thresholds.as_dict(),
    )


def _grade(judgement: Judgement, immediate: float) -> Grade:
    if judgement.grades["immediate"] >= immediate:
        return "immediate"
    return "prompt" if judgement.grades["prompt"] > judgement.grades["routine"] else "routine"
