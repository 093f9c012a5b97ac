"""Whether a released model does here what it did where it was released."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct

from models.classifier import Classifier, UnusableModel, load
from schemas.labels import LABELS, Label

REFERENCE: Final = "reference.jsonl"
"""Posts with the scores that full precision gave them at the release."""

LEAST_SAME: Final = 0.97
"""Share of reference posts whose label by score is that of full precision; measured at releases: 0.98 and more."""
MOST_APART: Final = 0.035
"""Mean of the largest difference among a post's scores. Measured at a release: 0.017; other processors round otherwise."""
MOST_APART_95: Final = 0.14
"""Its 95th percentile. Measured at a release: 0.070."""


LEAST_SAME_AT_START: Final = 0.9
"""The same share, of fewer posts, below which a worker refuses a model: far beyond rounding, and short of any damage."""
LOOKED_AT_AT_START: Final = 60


class Reference(Struct, frozen=True):
    """A line of the file; what else it holds is not looked at."""

    text: str
    scores: dict[Label, float]


@dataclass(frozen=True, slots=True)
class Verified:
    """A model that loaded, and how far its scores are from the reference's. ``failures`` are sentences; none is good."""

    model: str
    posts: int
    same_label: float
    apart: float
    apart_95: float
    failures: tuple[str, ...]


def verify(folder: Path, threads: int = 0) -> Verified:
    """Checks files, loads the model, and judges its reference posts.

    Raises `UnusableModel` when a file is missing or altered, the model can't be loaded, or the reference can't be read.
    """
    classifier = load(folder, threads)
    return against(classifier, read_reference(folder))


def require_sane(classifier: Classifier, folder: Path) -> None:
    """Lets the model judge some of its reference posts: a graph whose outputs are swapped or broken loads like any other.

    Raises `UnusableModel`.
    """
    reference = read_reference(folder)
    try:
        found = against(classifier, reference[:: max(1, len(reference) // LOOKED_AT_AT_START)])
    except ValueError as error:
        raise UnusableModel(f"The model in {folder} can't be used: {error}.") from None
    if found.same_label < LEAST_SAME_AT_START:
        raise UnusableModel(
            f"The model in {folder} is not what was released: {100 * found.same_label:.0f} % of its reference posts get the "
            f"label they had then."
        )


def read_reference(folder: Path) -> list[Reference]:
    """At least one. Raises `UnusableModel`."""
    try:
        rows = msgspec.json.Decoder(Reference).decode_lines((folder / REFERENCE).read_bytes())
    except OSError:
        raise UnusableModel(f"The model in {folder} can't be verified: it has no readable {REFERENCE}.") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnusableModel(f"{REFERENCE} in {folder} is damaged: {error}.") from None
    if not rows or any(set(row.scores) != set(LABELS) for row in rows):
        raise UnusableModel(f"{REFERENCE} in {folder} is damaged: it lacks posts or scores.")
    return rows


def against(classifier: Classifier, reference: list[Reference]) -> Verified:
    """``classifier`` judged by the scores of ``reference``."""
    judgements = classifier.judge([row.text for row in reference])
    found = np.array([[one.scores[label] for label in LABELS] for one in judgements])
    expected = np.array([[row.scores[label] for label in LABELS] for row in reference])
    distances = np.abs(found - expected).max(axis=1)
    same, apart = float((found.argmax(axis=1) == expected.argmax(axis=1)).mean()), float(distances.mean())
    apart_95 = float(np.percentile(distances, 95))
    failures = []
    if same < LEAST_SAME:
        failures.append(
            f"Only {100 * same:.1f} % of the reference posts get their label; at least {100 * LEAST_SAME:.0f} % should."
        )
    if apart > MOST_APART:
        failures.append(f"Scores are {apart:.3f} from the reference's in the mean; at most {MOST_APART} is usual.")
    if apart_95 > MOST_APART_95:
        failures.append(f"One post in twenty is {apart_95:.3f} or more from its reference; {MOST_APART_95} is usual.")
    return Verified(classifier.model, len(reference), same, apart, apart_95, tuple(failures))
