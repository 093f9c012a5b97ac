"""`python -m models.training.audit`: whether the corpus could teach a model anything but what posts say. Needs no torch.

A model that can guess a label from the theme, from how a post looks, or from a sentence that it has seen before learns that
instead. Each audit is a figure with a bound; the corpus passes when all figures keep to theirs.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.evaluation.mess import EMOJI, HANDLE, LINK
from models.training.dataset import Row, read_corpus
from schemas.labels import LABELS

CHANCE: Final = 1 / len(LABELS)
_FOLDS: Final = 5
_RUN: Final = 8
_ALIKE: Final = 0.7
_LEAST_WORDS: Final = 5
"""Shorter posts are alike by nature."""
_MOST_OF_A_SKELETON: Final = 3
_LENGTHS: Final = (0, 4, 8, 12, 17, 24, 32, 45, 10_000)

_FUNCTION_WORDS: Final = frozenset(
    """a an the and or but so if of in on at to by for from with as into off out up down over is are was were be been am it
    he she they them their his her i me my we us our you your this that these those there here then than do does did has have
    had will would can could not no what who when where why how all any some just still now again""".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One audit's figure, its bound, and up to a few examples of what it is about."""

    name: str
    figure: float
    bound: float
    at_most: bool = True
    examples: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.figure <= self.bound if self.at_most else self.figure >= self.bound


def audit(rows: Sequence[Row]) -> list[Finding]:
    """All audits of `models/corpus/README.md`."""
    return [
        Finding("label guessed from the theme (balanced accuracy)", guessed_from_theme(rows), CHANCE + 0.05),
        Finding("label guessed from form (balanced accuracy)", guessed_from_form(rows), CHANCE + 0.05),
        _pairs("pairs that share eight words in a row", shared_runs(rows)),
        _pairs("pairs alike in their word triples (Jaccard above 0.7)", alike(rows)),
        _skeletons(rows),
        _most_used("most used first two words (share of posts)", rows, lambda words: words[:2]),
        _most_used("most used last two words (share of posts)", rows, lambda words: words[-2:]),
        Finding("least overlap of two labels' lengths", least_overlap_of_lengths(rows), 0.8, at_most=False),
    ]


def guessed_from_theme(rows: Sequence[Row]) -> float:
    """Each theme gets the label that is most over-represented among its other posts, fold by fold."""
    truth = _truth(rows)
    found = np.zeros(len(rows), dtype=int)
    for seen, unseen in _folds(truth):
        overall = np.bincount(truth[seen], minlength=len(LABELS))
        counts: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(len(LABELS)))
        for place in seen:
            counts[rows[place].theme][truth[place]] += 1
        for place in unseen:
            found[place] = (counts[rows[place].theme] / overall).argmax()
    return float(balanced_accuracy_score(truth, found))


def guessed_from_form(rows: Sequence[Row]) -> float:
    """A logistic regression on `form`, fold by fold."""
    truth = _truth(rows)
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=500))
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    found = cross_val_predict(model, np.array([form(row.text) for row in rows]), truth, cv=folds)
    return float(balanced_accuracy_score(truth, found))


def form(text: str) -> list[float]:
    """How a post looks, without a word of what it says: length, case, punctuation, emoji, hashtags, links, handles."""
    bare = LINK.sub(" ", HANDLE.sub(" ", text)).strip()
    words = bare.split()
    return [
        len(words),
        float(len(words) < 6),
        float(bare[:1].islower()),
        sum(len(word) > 2 and word.isupper() for word in words),
        float(bare[-1:] in ".!?…"),
        bare.count("."),
        float("!" in bare),
        len(HANDLE.findall(text)),
        len(LINK.findall(text)),
        len(EMOJI.findall(text)),
        bare.count("#"),
    ]


def shared_runs(rows: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Pairs with eight words in a row in common, twins apart."""
    holders: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    pairs: dict[tuple[str, str], tuple[Row, Row]] = {}
    for row in rows:
        for run in set(_grams(row, _RUN)):
            for other in holders[run]:
                if not _twins(row, other):
                    pairs[other.id, row.id] = (other, row)
            holders[run].append(row)
    return list(pairs.values())


def alike(rows: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Pairs whose sets of word triples have a Jaccard index above 0.7, twins apart. "Shame on you" may be said by many."""
    triples = {row.id: set(_grams(row, 3)) for row in rows if len(_words(row.text)) >= _LEAST_WORDS}
    places: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    common: Counter[tuple[str, str]] = Counter()
    for row in rows:
        for triple in triples.get(row.id, ()):
            common.update((other.id, row.id) for other in places[triple])
            places[triple].append(row)
    by_id = {row.id: row for row in rows}
    return [
        (by_id[one], by_id[other])
        for (one, other), count in common.items()
        if count / len(triples[one] | triples[other]) > _ALIKE and not _twins(by_id[one], by_id[other])
    ]


def skeleton(text: str) -> str:
    """The text with its words masked by class: names X, numbers 0, handles and links gone, function words as they are."""
    masked = []
    for word in re.findall(r"[\w']+|[.!?]", LINK.sub(" ", HANDLE.sub(" ", text))):
        if word.lower() in _FUNCTION_WORDS or not word[0].isalnum():
            masked.append(word.lower())
        elif word[0].isdigit():
            masked.append("0")
        else:
            masked.append("X" if word[0].isupper() else "w")
    return " ".join(masked)


def least_overlap_of_lengths(rows: Sequence[Row]) -> float:
    """Of any two labels: how much of their distributions over eight ranges of length is common (1 is all)."""
    shares = {}
    for label in LABELS:
        lengths = [len(_words(row.text)) for row in rows if row.label == label]
        counts, _ = np.histogram(lengths, _LENGTHS)
        shares[label] = counts / max(1, counts.sum())
    return float(min(np.minimum(shares[one], shares[other]).sum() for one, other in combinations(LABELS, 2)))


def _skeletons(rows: Sequence[Row]) -> Finding:
    found = Counter(
        skeleton(row.text) for row in rows if len(_words(row.text)) >= _LEAST_WORDS and _has_grammar(row.text)
    )
    often = [(one, count) for one, count in found.most_common(5) if count > 1]
    most = often[0][1] if often else 1
    examples = tuple(f"{count} × {one}" for one, count in often[:3])
    return Finding("most posts of one skeleton", most, _MOST_OF_A_SKELETON, examples=examples)


def _has_grammar(text: str) -> bool:
    """A row of names and nouns is no sentence that somebody could have filled in."""
    return any(word in _FUNCTION_WORDS for word in _words(text))


def _most_used(name: str, rows: Sequence[Row], part: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Finding:
    found = Counter(part(words) for row in rows if len(words := _words(row.text)) > 3)
    most = found.most_common(3)
    examples = tuple(f"{count} × {' '.join(words)}" for words, count in most)
    return Finding(name, most[0][1] / len(rows) if most else 0.0, 0.01, examples=examples)


def _pairs(name: str, pairs: Sequence[tuple[Row, Row]]) -> Finding:
    return Finding(name, len(pairs), 0, examples=tuple(f"{one.id} and {other.id}" for one, other in pairs[:20]))


def _twins(one: Row, other: Row) -> bool:
    """Twins are written to differ in few words and in the label; they stand in the same theme."""
    return one.theme == other.theme and one.label != other.label


def _truth(rows: Sequence[Row]) -> np.ndarray:
    return np.array([LABELS.index(row.label) for row in rows])


def _folds(truth: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    yield from StratifiedKFold(_FOLDS, shuffle=True, random_state=0).split(truth, truth)


@cache
def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[\w']+", LINK.sub(" ", HANDLE.sub(" ", text.lower()))))


def _grams(row: Row, length: int) -> list[tuple[str, ...]]:
    words = _words(row.text)
    return [words[start : start + length] for start in range(len(words) - length + 1)]


def main() -> int:
    """Prints the findings. Returns 1 when one does not pass."""
    console = Console()
    findings = audit(read_corpus())
    table = Table("", "audit", "figure", "bound", "seen")
    for one in findings:
        bound = f"{'≤' if one.at_most else '≥'} {one.bound:g}"
        table.add_row("✓" if one.passed else "✗", one.name, f"{one.figure:.3g}", bound, "; ".join(one.examples[:3]))
    console.print(table)
    return 0 if all(one.passed for one in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
