"""What the fine-tuned model must beat, trained and judged on the same posts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from models.evaluation.figures import macro_f1
from models.training.dataset import Row
from models.training.fine_tune import new_network
from models.training.network import judge_all
from models.training.recipe import Recipe
from schemas.labels import LABELS, Flagged

_KEYWORDS: Final[dict[Flagged, str]] = {
    "help_request": r"\b(help|please|missing|lost|how do i|where do i|what number|emergency|999|can someone|anyone know)\b",
    "complaint": r"\b(useless|disgrace|joke|never (?:came|turned|answer)|still waiting|no reply|rude|complain\w*|shame)\b",
    "intel": r"\b(seen|saw|dealing|selling|reg|plate|cctv|dashcam|suspicious|stolen|driving|outside|wearing)\b",
}
"""What somebody would write down in an afternoon; the first that is found decides."""


def baselines(train: Sequence[Row], test: Sequence[Row], recipe: Recipe) -> dict[str, float]:
    """Macro-F1 on ``test`` of each baseline."""
    truth = np.array([LABELS.index(row.label) for row in test])
    figures = {
        "keyword_rules": keyword_rules(test),
        "tfidf_logistic_regression": words_alone(train, test),
        "base_with_linear_layer": linear_layer_alone(train, test, recipe),
    }
    return {name: round(macro_f1(found, truth), 4) for name, found in figures.items()}


def words_alone(train: Sequence[Row], test: Sequence[Row]) -> np.ndarray:
    """TF-IDF of words (1–2) and characters (3–5), logistic regression."""
    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=2),
    )
    model = make_pipeline(features, LogisticRegression(C=10, max_iter=1_000))
    model.fit([row.text for row in train], [LABELS.index(row.label) for row in train])
    return np.asarray(model.predict([row.text for row in test]))


def linear_layer_alone(train: Sequence[Row], test: Sequence[Row], recipe: Recipe) -> np.ndarray:
    """The base encoder untouched, its mean over tokens, logistic regression."""
    network, tokenizer = new_network(recipe)
    seen, unseen = (judge_all(network, tokenizer, [row.text for row in rows]).pooled.numpy() for rows in (train, test))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=2_000))
    model.fit(seen, [LABELS.index(row.label) for row in train])
    return np.asarray(model.predict(unseen))


def keyword_rules(test: Sequence[Row]) -> np.ndarray:
    """The first of `_KEYWORDS` that the text has; chatter without one."""
    found = [
        next((label for label, words in _KEYWORDS.items() if re.search(words, row.text, re.IGNORECASE)), "chatter")
        for row in test
    ]
    return np.array([LABELS.index(label) for label in found])
