"""What the fine-tuned model must beat, trained and judged on the same posts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from models.training import base
from models.training.dataset import Row
from models.training.evaluate import macro_f1
from models.training.network import Network, judge_all, serving_tokenizer
from schemas.labels import LABELS


def baselines(train: Sequence[Row], test: Sequence[Row], max_tokens: int) -> dict[str, float]:
    """Macro-F1 on ``test`` of each baseline."""
    truth = np.array([LABELS.index(row.label) for row in test])
    figures = {
        "tfidf_logistic_regression": words_alone(train, test),
        "base_with_linear_layer": linear_layer_alone(train, test, max_tokens),
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


def linear_layer_alone(train: Sequence[Row], test: Sequence[Row], max_tokens: int) -> np.ndarray:
    """The base encoder untouched, its mean over tokens, logistic regression."""
    weights = base.fetch()
    network = Network(base.load_encoder(weights), 0.0)
    tokenizer = serving_tokenizer(base.load_tokenizer(weights), max_tokens)
    seen, unseen = (judge_all(network, tokenizer, [row.text for row in rows]).pooled.numpy() for rows in (train, test))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=2_000))
    model.fit(seen, [LABELS.index(row.label) for row in train])
    return np.asarray(model.predict(unseen))
