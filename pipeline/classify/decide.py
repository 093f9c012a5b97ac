"""Judgement → verdict. Pure: the same judgement always gives the same verdict.

* A post is flagged from the threshold ``flag`` on that it is not chatter, or that somebody is in danger now, whatever else
  it is. Its label is then the most probable of the flagged ones.
* ``also`` are the other flagged labels that it holds, by their own head, from the threshold ``also`` on.
* ``unsure`` is a flagged post whose label has less than the threshold ``unsure``: a person should look, and doubt.
* The grade of a flagged post is ``immediate`` from its threshold on (a missed danger costs more than a needless look),
  otherwise the more probable of prompt and routine. Chatter has no grade.
* A text that is surely not in English is chatter, and the verdict says so: the model can't read it. So is one without a word
  (a picture, a link or a handle alone).
"""

from __future__ import annotations

from models.classifier import Classifier, Judgement
from models.language import has_words
from models.prepare import Prepared
from pipeline.classify.reasons import reasons_for
from schemas.labels import FLAGGED, LABELS, Grade, Label
from schemas.verdict import Scores, Verdict


def decide(
    judgement: Judgement,
    prepared: Prepared,
    classifier: Classifier,
    language: str | None = None,
    explain_chatter: bool = True,
) -> Verdict:
    """The verdict on the text that ``judgement`` is of. ``language`` is the text's if it is surely not English; then it has
    no reasons, nor has chatter unless ``explain_chatter``.
    """
    thresholds = classifier.thresholds
    scores = judgement.scores
    danger = judgement.grades["immediate"]
    label: Label = "chatter"
    if has_words(prepared.text) and language is None and max(1 - scores["chatter"], danger) >= thresholds.flag:
        label = max(FLAGGED, key=lambda one: scores[one])
    flagged = label != "chatter"
    explained = language is None and (flagged or explain_chatter)
    return Verdict(
        label=label,
        also=[one for one in FLAGGED if flagged and one != label and judgement.holds[one] >= thresholds.also],
        scores=Scores(**{one: round(scores[one], 4) for one in LABELS}),
        grade=_grade(judgement, danger >= thresholds.immediate) if flagged else None,
        unsure=flagged and scores[label] < thresholds.unsure,
        reasons=reasons_for(label, judgement, prepared) if explained else [],
        language=language,
        model=classifier.model,
        activation=classifier.activation,
        thresholds=thresholds.as_dict(),
    )


def _grade(judgement: Judgement, immediate: bool) -> Grade:
    if immediate:
        return "immediate"
    return "prompt" if judgement.grades["prompt"] > judgement.grades["routine"] else "routine"
