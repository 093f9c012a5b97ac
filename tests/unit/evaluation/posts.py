"""Posts and verdicts that a test can foresee."""

from __future__ import annotations

from pathlib import Path

from models.classifier import Classifier
from pipeline.classify.judge import Judge
from pipeline.evaluation.columns import Asked
from pipeline.evaluation.judging import Judged, judged
from pipeline.evaluation.label_names import LabelNames
from pipeline.evaluation.posts import Labelled, LabelledPost, read_labelled
from pipeline.evaluation.table import Form
from schemas.labels import Flagged, Grade, Label
from tests.doubles.keyword_classifier import KeywordClassifier


def post(
    text: str,
    label: Label,
    grade: Grade | None = None,
    also: list[Flagged] | None = None,
    line: int = 1,
    source: str = "",
    theme: str = "",
) -> LabelledPost:
    return LabelledPost(line, f"id-{line}", text, label, also or [], grade, source, theme)


def labelled(*posts: LabelledPost, columns: tuple[str, ...] = ("text", "label")) -> Labelled:
    return Labelled("posts.jsonl", posts, {name: name for name in columns}, 0)


def judge(*posts: LabelledPost, classifier: Classifier | None = None) -> Judged:
    """By keywords: dealing is intel, help is help_request, useless is complaint; now is immediate."""
    return Judged(posts, judged(Judge(classifier or KeywordClassifier()), [one.text for one in posts]))


def read(path: Path, form: Form | None = None, maps: tuple[str, ...] = (), **asked: str) -> Labelled:
    return read_labelled(path, form or Form(), Asked(**asked), LabelNames(maps))
