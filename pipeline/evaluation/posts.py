"""Posts with what they should be judged to be, read from a file in anybody's form. Texts without labels, too."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from pipeline.errors import InvalidInput
from pipeline.evaluation.columns import Asked, column, required, value
from pipeline.evaluation.label_names import LEFT_OUT, LabelNames, grade_of, suggestion
from pipeline.evaluation.table import Form, Record, Table, read_table
from schemas.labels import FLAGGED, GRADES, LABELS, Flagged, Grade, Label

_NOTHING: Final = frozenset({"", "none", "null", "n/a", "nan", "-"})
"""How people write that a cell has no value."""
_BETWEEN: Final = re.compile(r"[,;|]")
_MOST_SHOWN: Final = 40
"""Characters of a wrong value that an error quotes: enough to recognise it, too few to repeat a post."""
_MOST_NAMES: Final = 6


class Text(Struct, frozen=True):
    """A text and where it stands. ``id`` is the line's number where the file has none."""

    line: int
    id: str
    text: str


class LabelledPost(Struct, frozen=True):
    """A `models.evaluation.labelled.Labelled` from a file. ``source`` and ``theme`` are empty where the file has none."""

    line: int
    id: str
    text: str
    label: Label
    also: list[Flagged]
    grade: Grade | None
    source: str
    theme: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """What was read: the posts, which column was taken for what, and how many posts ``--map OLD=-`` left out."""

    name: str
    posts: Sequence[LabelledPost]
    columns: Mapping[str, str]
    left_out: int


def read_labelled(path: Path, form: Form, asked: Asked, names: LabelNames) -> Labelled:
    """Every post of ``path`` with its label. Raises `InvalidInput` that names the line of what can't be used.

    A grade is read of flagged posts only: chatter has none.
    """
    if form.kind == "txt" or (form.kind is None and path.suffix.lower() == ".txt" and path.exists()):
        raise InvalidInput(f"{path} has texts only, without labels.", "Use `flagpost probe` for such a file.")
    table = read_table(path, form)
    text = required(table, "text", asked.text, "--text-column")
    label = required(table, "label", asked.label, "--label-column")
    columns = {"text": text, "label": label}
    for field in ("grade", "also", "source", "theme", "id"):
        found = column(table, field, getattr(asked, field, None), f"--{field}-column")
        if found is not None and found not in columns.values():
            columns[field] = found
    _require_known(table, label, names)
    posts = [
        _post(table, record, columns, names) for record in table.records if _label(record, label, names) != LEFT_OUT
    ]
    if not posts:
        raise InvalidInput(f"Every post of {path} is left out.", f"Map fewer labels to {LEFT_OUT}.")
    return Labelled(str(path), posts, columns, len(table.records) - len(posts))


def read_texts(path: Path, form: Form, asked: str | None) -> tuple[list[Text], str]:
    """Every text of ``path``, and the column that they were read from. Raises `InvalidInput`."""
    table = read_table(path, form)
    if table.kind != "txt" and asked is None and len(table.columns) == 1:
        asked = table.columns[0]
    name = required(table, "text", asked, "--column")
    identifier = column(table, "id", None, "--id-column")
    return [
        Text(record.line, _cell(record, identifier) or str(record.line), _text(table, record, name))
        for record in table.records
    ], name


def _post(table: Table, record: Record, columns: Mapping[str, str], names: LabelNames) -> LabelledPost:
    label = _label(record, columns["label"], names)
    assert label is not None  # `_require_known` has seen all of them
    assert label != "-"
    return LabelledPost(
        line=record.line,
        id=_cell(record, columns.get("id")) or str(record.line),
        text=_text(table, record, columns["text"]),
        label=label,
        also=_also(table, record, columns.get("also"), label, names),
        grade=None if label == "chatter" else _grade(table, record, columns.get("grade")),
        source=_cell(record, columns.get("source")),
        theme=_cell(record, columns.get("theme")),
    )


def _text(table: Table, record: Record, name: str) -> str:
    found = value(record, name)
    if not isinstance(found, str):
        raise InvalidInput(
            f"Line {record.line:,} of {table.name} has no text in {_quoted(name)}.",
            "Correct the line, or name another column.",
        )
    return found


def _label(record: Record, name: str, names: LabelNames) -> Label | Literal["-"] | None:
    return names.read(_cell(record, name))


def _require_known(table: Table, name: str, names: LabelNames) -> None:
    """Raises `InvalidInput` at the first unknown label, with all of them and how to map them."""
    unknown: dict[str, int] = {}
    counts: Counter[str] = Counter()
    for record in table.records:
        cell = _cell(record, name)
        if names.read(cell) is None:
            unknown.setdefault(cell, record.line)
            counts[cell] += 1
    if not unknown:
        return
    cell, line = next(iter(unknown.items()))
    what = f"has the label {_quoted(cell)}, which is not one of {', '.join(LABELS)}" if cell else "has no label"
    if not cell:
        hint = f"Give it one, or leave such posts out: --map ={LEFT_OUT}"
    else:
        others = [_quoted(one) for one, _ in counts.most_common(_MOST_NAMES) if one not in ("", cell)]
        hint = f"Say what it means: --map {_quoted(f'{cell}={suggestion(cell)}')} (={LEFT_OUT} leaves such posts out)."
        hint += f" Unknown too: {', '.join(others)}{' …' if len(unknown) > _MOST_NAMES else ''}." if others else ""
    raise InvalidInput(f"Line {line:,} of {table.name} {what}.", hint)


def _also(table: Table, record: Record, name: str | None, label: Label, names: LabelNames) -> list[Flagged]:
    if name is None or label == "chatter":
        return []
    found = value(record, name)
    parts = [str(one) for one in found] if isinstance(found, list) else _BETWEEN.split(_cell(record, name).strip("[]"))
    also = []
    for part in parts:
        wanted = part.strip().strip("'\"")
        if wanted.casefold() in _NOTHING:
            continue
        read = names.read(wanted)
        if read is None:
            raise InvalidInput(
                f"Line {record.line:,} of {table.name} has {_quoted(wanted)} in {_quoted(name)}, which is not a label.",
                f"Several labels are separated by commas: {', '.join(FLAGGED)}.",
            )
        also.append(read)
    return [one for one in FLAGGED if one in also and one != label]


def _grade(table: Table, record: Record, name: str | None) -> Grade | None:
    if name is None or (cell := _cell(record, name)).casefold() in _NOTHING:
        return None
    grade = grade_of(cell)
    if grade is None:
        raise InvalidInput(
            f"Line {record.line:,} of {table.name} has the grade {_quoted(cell)}, which is not one of {', '.join(GRADES)}.",
            "Correct the line, or name another column with --grade-column; --grade-column '' reads none.",
        )
    return grade


def _cell(record: Record, name: str | None) -> str:
    found = value(record, name) if name is not None else None
    return "" if found is None else str(found).strip()


def _quoted(text: str) -> str:
    """``text`` short and with what can't be printed escaped: it is anybody's."""
    return repr(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…")
