"""Figures in words and digits, the same in every report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from models.evaluation.estimate import Estimate  # needs the extra `evaluate`

NOTHING: Final = "–"
"""Stands where there was nothing to count."""
_NARROW: Final = 0.05


def figure(one: Estimate) -> str:
    """``0.809 (0.773–0.843)``"""
    if one.value is None:
        return NOTHING
    return f"{one.value:.3f}" + (f" ({one.low:.3f}–{one.high:.3f})" if one.low is not None else "")


def percent(one: Estimate) -> str:
    """``94 % (88–97)``, or ``94.2 % (92.9–95.5)`` where the interval is narrow enough for tenths to mean something."""
    if one.value is None:
        return NOTHING
    if one.low is None or one.high is None:
        return f"{100 * one.value:.0f} %"
    places = 1 if one.high - one.low < _NARROW else 0
    return f"{100 * one.value:.{places}f} % ({100 * one.low:.{places}f}–{100 * one.high:.{places}f})"


def share(one: float | None) -> str:
    """``94 %``"""
    return NOTHING if one is None else f"{100 * one:.0f} %"


def change(one: Estimate) -> str:
    """``−0.012 (−0.030 to +0.006)``, always with a sign."""
    return _change(one, 1, 3)


def points(one: Estimate) -> str:
    """A change of a share in percentage points: ``−1.2 (−3.0 to +0.6)``, always with a sign."""
    return _change(one, 100, 1)


def counted(count: int, noun: str) -> str:
    """``1 post``, ``1,234 posts``"""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str], last: str) -> str:
    """``a``, ``a or b``, ``a, b or c``, with ``last`` for *or*."""
    return f" {last} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def words(name: str) -> str:
    """A label or a grade as people write it."""
    return name.replace("_", " ")


def _change(one: Estimate, times: int, places: int) -> str:
    if one.value is None:
        return NOTHING
    if one.low is None or one.high is None:
        return _signed(times * one.value, places)
    value, low, high = (_signed(times * bound, places) for bound in (one.value, one.low, one.high))
    return f"{value} ({low} to {high})"


def _signed(value: float, places: int) -> str:
    return f"{value:+.{places}f}".replace("-", "−")
