"""Columns of a panel: what is counted or measured, and by what it is split. The operations are Lens's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Literal

Operation = Literal["count", "sum", "median", "percentile", "max"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of the documents in a bucket. Without a field it counts them."""

    operation: Operation
    label: str
    field: str | None = None
    where: str = ""
    """KQL: of those documents alone."""
    percentile: int | None = None


@dataclass(frozen=True, slots=True)
class Top:
    """The most frequent values of a field; ``colours`` of those that always have the same."""

    field: str
    label: str
    size: int = 10
    colours: Mapping[str, str] = attribute(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Over:
    """Time, cut as finely as the dashboard's range asks for."""

    field: str
    label: str


def count(label: str, where: str = "") -> Measure:
    return Measure("count", label, where=where)


def total(field: str, label: str) -> Measure:
    return Measure("sum", label, field)


def median(field: str, label: str) -> Measure:
    return Measure("median", label, field)


def percentile(number: int, field: str, label: str) -> Measure:
    return Measure("percentile", label, field, percentile=number)


def newest(field: str, label: str) -> Measure:
    return Measure("max", label, field)
