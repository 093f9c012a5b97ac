"""`python -m models.training.corpus_card`: writes the counted part of models/corpus/README.md anew. Needs no torch."""

from __future__ import annotations

import re
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct
from sklearn.metrics import cohen_kappa_score

from models.evaluation.mess import EMOJI, HANDLE, LINK
from models.training.dataset import CORPUS, Row, read_corpus, split
from schemas.labels import GRADES, LABELS, Flagged, Grade, Label

CARD: Final = CORPUS / "README.md"
TRIES: Final = Path(__file__).with_name("fooling.jsonl")
SECOND: Final = Path(__file__).with_name("second_reading.jsonl")
_T = TypeVar("_T")
_BEGIN, _END = "<!-- counted: make corpus-card -->\n", "<!-- end of what is counted -->\n"

_FORMS: Final[dict[str, Callable[[str], bool]]] = {
    "handle": lambda text: bool(HANDLE.search(text)),
    "two or more": lambda text: len(HANDLE.findall(text)) > 1,
    "link": lambda text: bool(LINK.search(text)),
    "hashtag": lambda text: bool(re.search(r"#\w", text)),
    "?": lambda text: "?" in text,
    "!": lambda text: "!" in text,
    "ends in punctuation": lambda text: _bare(text)[-1:] in tuple(".!?…"),
    "starts lower case": lambda text: _bare(text)[:1].islower(),
    "emoji": lambda text: bool(EMOJI.search(text)),
}


class Try(Struct, frozen=True):
    """A post written to fool the model of its time, and what that made of it."""

    id: str
    round: int
    writer: str
    label: Label
    decided: Label
    grade: Grade | None
    decided_grade: Grade | None


class SecondReading(Struct, frozen=True):
    """What a second reader, who saw the text and LABELS.md alone, made of a post; ``first`` is what its writer had said."""

    id: str
    first: Label
    second: Label
    first_grade: Grade | None
    second_grade: Grade | None
    second_also: list[Flagged]
    settled: Label
    """What the corpus says since the two were compared."""


def counted(rows: Sequence[Row], tries: Sequence[Try], readings: Sequence[SecondReading]) -> str:
    """The counted part, in Markdown."""
    return (
        "\n\n".join([_labels(rows), _forms(rows), _sets(rows), _fooling(tries), _agreement(readings), _writers(rows)])
        + "\n"
    )


def _labels(rows: Sequence[Row]) -> str:
    lines = [
        f"{len(rows):,} posts, {len({row.theme for row in rows})} themes, {len({row.writer for row in rows})} writers.",
        "",
        "| label | posts | immediate | prompt | routine | with another label in `also` | words: 5 / 25 / 50 / 75 / 95 % |",
        "|---|---|---|---|---|---|---|",
    ]
    for label in LABELS:
        of = [row for row in rows if row.label == label]
        grades = Counter(row.grade for row in of)
        counts = " | ".join("–" if label == "chatter" else f"{grades[grade]:,}" for grade in GRADES)
        lengths = statistics.quantiles([len(_bare(row.text).split()) for row in of], n=20)
        spread = " / ".join(f"{lengths[place]:.0f}" for place in (0, 4, 9, 14, 18))
        lines.append(f"| {label} | {len(of):,} | {counts} | {sum(bool(row.also) for row in of)} | {spread} |")
    return "\n".join(lines)


def _forms(rows: Sequence[Row]) -> str:
    lines = [f"| form, share of posts | {' | '.join(LABELS)} |", f"|---|{'---|' * len(LABELS)}"]
    for name, has in _FORMS.items():
        shares = [statistics.mean(has(row.text) for row in rows if row.label == label) for label in LABELS]
        lines.append(f"| {name} | {' | '.join(f'{100 * share:.0f} %' for share in shares)} |")
    return "\n".join(lines)


def _sets(rows: Sequence[Row]) -> str:
    data = split(rows)
    lines = ["| set | posts | themes | immediate |", "|---|---|---|---|"]
    for name, part in (
        ("teaches", data.train),
        ("chooses recipe, calibration and thresholds", data.dev),
        ("judges: new themes by known writers", data.test_themes),
        ("judges: writers of whom nothing is trained on", data.test_writers),
    ):
        immediate = sum(row.grade == "immediate" for row in part)
        lines.append(f"| {name} | {len(part):,} | {len({row.theme for row in part})} | {immediate} |")
    return "\n".join(lines)


def _fooling(tries: Sequence[Try]) -> str:
    lines = [
        "| round | tries | fooled the model of its time | of intel | help_request | complaint | chatter |",
        "|---|---|---|---|---|---|---|",
    ]
    for number in sorted({one.round for one in tries}):
        of = [one for one in tries if one.round == number]
        shares = [_fooled([one for one in of if one.label == label]) for label in LABELS]
        lines.append(f"| {number} | {len(of)} | **{_fooled(of)}** | {' | '.join(shares)} |")
    return "\n".join(lines)


def _fooled(tries: Sequence[Try]) -> str:
    return f"{100 * statistics.mean(one.label != one.decided for one in tries):.0f} %" if tries else "–"


def _agreement(readings: Sequence[SecondReading]) -> str:
    if not readings:
        return "No second reading yet."
    same = statistics.mean(one.first == one.second for one in readings)
    kappa = cohen_kappa_score([one.first for one in readings], [one.second for one in readings])
    flagged = [one for one in readings if one.first_grade and one.second_grade]
    grades = cohen_kappa_score([one.first_grade for one in flagged], [one.second_grade for one in flagged])
    changed = sum(one.settled != one.first for one in readings)
    return (
        f"Second reading: {len(readings)} posts read again blind, from LABELS.md alone: {100 * same:.1f} % the same label, "
        f"Cohen's kappa **{kappa:.2f}**; of the {len(flagged)} that both flagged, kappa of the three grades {grades:.2f}. "
        f"When the differences were settled, {changed} labels were changed."
    )


def _writers(rows: Sequence[Row]) -> str:
    themes: dict[str, set[str]] = defaultdict(set)
    counts = Counter(row.writer for row in rows)
    for row in rows:
        themes[row.writer].add(row.theme)
    lines = ["| writer | posts | themes |", "|---|---|---|"]
    lines += [
        f"| {one} | {counts[one]} | {'; '.join(sorted(themes[one]))} |"
        for one in sorted(themes, key=lambda one: (len(one), one))
    ]
    return "\n".join(lines)


def _bare(text: str) -> str:
    return LINK.sub(" ", HANDLE.sub(" ", text)).strip()


def _read(path: Path, kind: type[_T]) -> list[_T]:
    return msgspec.json.Decoder(kind).decode_lines(path.read_bytes()) if path.is_file() else []


def card() -> str:
    """The data card with its counted part as it should be."""
    text = CARD.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return before + _BEGIN + counted(read_corpus(), _read(TRIES, Try), _read(SECOND, SecondReading)) + _END + after


def main() -> int:
    """Writes the card."""
    CARD.write_text(card(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
