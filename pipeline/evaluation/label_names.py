"""Other people's names for our labels."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Final, Literal

from pipeline.errors import InvalidInput
from schemas.labels import GRADES, LABELS, Grade, Label

LEFT_OUT: Final = "-"
"""What a name is mapped to whose posts are left out."""

_PLAIN_LABELS: Final[dict[str, Label]] = {label.replace("_", ""): label for label in LABELS}


class LabelNames:
    """Reads labels in any case, with spaces, hyphens or underscores, and under the names of ``--map OLD=NEW``."""

    def __init__(self, maps: Sequence[str] = ()) -> None:
        """Raises `InvalidInput` for a map that is none, or maps to no label."""
        self._labels: dict[str, Label | Literal["-"]] = dict(_PLAIN_LABELS)
        mapped: dict[str, str] = {}
        for text in maps:
            old, equals, new = text.rpartition("=")
            label = LEFT_OUT if new.strip() == LEFT_OUT else _PLAIN_LABELS.get(_plain(new))
            if not equals or label is None:
                raise InvalidInput(
                    f"--map {text!r} is not of the form OLD=NEW with one of our labels as NEW.",
                    f"NEW is {', '.join(LABELS)}, or {LEFT_OUT} to leave such posts out.",
                )
            if mapped.setdefault(_plain(old), label) != label:
                raise InvalidInput(f"--map {text!r} maps a name that another --map maps elsewhere.", "Map each once.")
            self._labels[_plain(old)] = label

    def read(self, name: str) -> Label | Literal["-"] | None:
        """The label that ``name`` means; `LEFT_OUT` for posts to leave out; None for a name that is unknown."""
        return self._labels.get(_plain(name))


def label_of(name: str, option: str) -> Label:
    """The label that a user wrote for ``option``. Raises `InvalidInput`."""
    label = _PLAIN_LABELS.get(_plain(name))
    if label is None:
        raise InvalidInput(f"{option} {name!r} is not a label.", f"The labels are {', '.join(LABELS)}.")
    return label


def grade_of(name: str) -> Grade | None:
    """The grade that ``name`` means in any case, None for an unknown one."""
    return next((grade for grade in GRADES if grade == name.strip().casefold()), None)


def suggestion(name: str) -> Label:
    """The label whose name is most like ``name``, for a hint."""
    close = difflib.get_close_matches(_plain(name), _PLAIN_LABELS, n=1, cutoff=0.0)
    return _PLAIN_LABELS[close[0]] if close else LABELS[0]


def _plain(name: str) -> str:
    plain = re.sub(r"[\s_-]+", "", name).casefold()
    return plain or name.strip().casefold()
