"""What a dashboard is made of. Where each panel stands follows from the row that holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from deploy.kibana.columns import Measure, Over, Top
from deploy.kibana.searches import Search
from deploy.kibana.views import View

COLUMNS: Final = 48
"""Width of Kibana's grid."""

URGENT: Final = "#bd271e"
CALM: Final = "#6092c0"
FAINT: Final = "#d6bf57"
"""Elastic's own red, blue and yellow."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, large."""

    title: str
    view: View
    measure: Measure
    where: str = ""
    colour: str = CALM


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of one measure along time or along a field's values, split by colour."""

    title: str
    view: View
    along: Over | Top
    split: Top
    measure: Measure
    where: str = ""
    shape: Literal["bar_stacked", "bar_horizontal_stacked"] = "bar_stacked"


@dataclass(frozen=True, slots=True)
class Table:
    """A row for each value, or pair of values; ``across`` are columns of their own, one a value."""

    title: str
    view: View
    rows: tuple[Top, ...]
    measures: tuple[Measure, ...]
    across: Top | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents that a search finds, newest first."""

    title: str
    search: Search


@dataclass(frozen=True, slots=True)
class Points:
    """One layer of a map: a point for each place of each document."""

    label: str
    view: View
    field: str
    where: str
    colour: str
    size: int
    tells: tuple[str, ...]
    """Fields that a point tells when it is pointed at."""


@dataclass(frozen=True, slots=True)
class Map:
    """Points on a map of the country, the last layer on top."""

    title: str
    layers: tuple[Points, ...]


@dataclass(frozen=True, slots=True)
class Links:
    """The way to every dashboard."""

    title: str = "Dashboards"


Panel = Figure | Chart | Table | Documents | Map | Links


@dataclass(frozen=True, slots=True)
class Row:
    """Panels of one height side by side, of equal width unless ``widths`` says otherwise."""

    height: int
    panels: tuple[Panel, ...]
    widths: tuple[int, ...]


def row(height: int, *panels: Panel, widths: tuple[int, ...] = ()) -> Row:
    return Row(height, panels, widths or (COLUMNS // len(panels),) * len(panels))


@dataclass(frozen=True, slots=True)
class Control:
    """A list above the panels, to choose values of a field from."""

    title: str
    view: View
    field: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """``name`` makes its id; ``since`` is how far it looks back when it is opened."""

    name: str
    title: str
    about: str
    since: str
    refreshed: int
    """Seconds between two looks; 0: only when asked."""
    controls: tuple[Control, ...]
    rows: tuple[Row, ...]
