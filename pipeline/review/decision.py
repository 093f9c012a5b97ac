"""What an analyst says of an item → the decision. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from pipeline.errors import InvalidInput
from schemas.item import Decision, Item
from schemas.labels import FLAGGED, Flagged, Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was said. None leaves a thing as it is: as an analyst decided before, else as the model said."""

    label: Flagged | None = None
    also: Sequence[Flagged] | None = None
    grade: Grade | None = None
    dismissed: bool | None = None
    note: str | None = None
    confirmed: bool = False
    """It is right as it is."""

    @property
    def nothing(self) -> bool:
        return self == Said()


def decision_on(item: Item, said: Said, by: str, at: dt.datetime) -> Decision:
    """The whole of what is decided, since a decision takes the place of the one before it. Raises `InvalidInput`.

    To label or grade an item that was dismissed takes the dismissal back. The note is this decision's own.
    """
    if said.nothing:
        raise InvalidInput(
            "Nothing was decided.",
            "Give --label, --also, --grade, --dismiss or --note; --confirm says that it is right as it is.",
        )
    labelled = said.label is not None or said.also is not None or said.grade is not None
    if said.dismissed and labelled:
        raise InvalidInput(
            "What is dismissed has no label and no grade.", "Give --dismiss alone, or the label and the grade."
        )
    before = item.review
    dismissed = item.dismissed and not labelled if said.dismissed is None else said.dismissed
    label = said.label or (before.label if before else None)
    also = before.also if said.also is None and before else said.also
    grade = said.grade or (before.grade if before else None)
    first = label or item.verdict.label
    if said.also is not None and first in said.also:
        raise InvalidInput(f"The label is {first} already.", "--also is for the other ones.")
    decision = Decision(
        by=by.strip(),
        at=at,
        label=None if dismissed else label,
        also=None if dismissed or also is None else [one for one in FLAGGED if one in also and one != first],
        grade=None if dismissed else grade,
        dismissed=dismissed,
        note=(said.note or "").strip(),
    )
    return _bounded(decision)


def _bounded(decision: Decision) -> Decision:
    """``decision``, if it is one that can travel: msgspec checks a struct only when it reads one. Raises
    `InvalidInput`."""
    try:
        return msgspec.json.decode(msgspec.json.encode(decision), type=Decision)
    except UnicodeEncodeError:
        raise InvalidInput("The analyst's name or the note is not UTF-8.", "Write it in a terminal that is.") from None
    except msgspec.ValidationError as fault:
        field = str(fault).rpartition("$.")[2].strip("`")
        what = {"by": "The analyst's name", "note": "The note"}.get(field, "The decision")
        raise InvalidInput(
            f"{what} is too long or empty.", "A name has 1 to 512 characters, a note 1,024 at most."
        ) from None
