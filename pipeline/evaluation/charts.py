"""Diagrams as SVG that stands in a page by itself: no scripts, no fonts, nothing from elsewhere."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Final

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from models.evaluation.curves import Bin, Curve
from schemas.labels import Label

COLOURS: Final[Mapping[Label, str]] = {
    "intel": "#7b3294",
    "help_request": "#b2182b",
    "complaint": "#2166ac",
    "chatter": "#4d4d4d",
}
"""Far apart for every kind of colour vision (ColorBrewer); lines differ in their dashes, too."""
_DASHES: Final[Mapping[Label, str]] = {"intel": "-", "help_request": "--", "complaint": "-.", "chatter": ":"}
_ID: Final = re.compile(r'(?<=\bid=")|(?<=href="#)|(?<=url\(#)')
"""Where an id begins, and where one is pointed at."""
_BEFORE_SVG: Final = re.compile(r"^.*?(?=<svg)", re.DOTALL)


def reliability_diagram(bins: Sequence[Bin]) -> str:
    """How often the label with the highest probability is right, against that probability; with Wilson intervals."""
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#888888", linestyle=":", label="as sure as right")
    shares = [one.right.value or 0.0 for one in bins]
    below = [share - (one.right.low or 0.0) for share, one in zip(shares, bins, strict=True)]
    above = [(one.right.high or 1.0) - share for share, one in zip(shares, bins, strict=True)]
    axes.errorbar(
        [one.confidence for one in bins],
        shares,
        yerr=[[max(0.0, one) for one in below], [max(0.0, one) for one in above]],
        marker="o",
        color="#2166ac",
        capsize=3,
        label="posts (95 % interval)",
    )
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="highest probability", ylabel="share that is right")
    axes.legend(loc="upper left", frameon=False)
    return _svg(figure, "reliability", "Reliability diagram; its numbers are in the table below.")


def precision_recall_curves(curves: Mapping[Label, Curve | None]) -> str:
    """Precision against recall of each label, by its probability."""
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    for label, curve in curves.items():
        if curve is not None:
            axes.plot(
                curve.recall,
                curve.precision,
                color=COLOURS[label],
                linestyle=_DASHES[label],
                label=f"{label.replace('_', ' ')} (area {curve.average_precision:.2f})",
            )
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
    if any(curves.values()):
        axes.legend(loc="lower left", frameon=False)
    return _svg(figure, "precision-recall", "Precision-recall curves; their areas are in the table below.")


def _svg(figure: Figure, name: str, says: str) -> str:
    """``figure`` as an SVG element whose ids begin with ``name``, as those of no other do, and which ``says`` what it is."""
    out = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "none", "font.family": "sans-serif"}):
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Creator": None})
    svg = _ID.sub(rf"\g<0>{name}-", _BEFORE_SVG.sub("", out.getvalue()))
    return svg.replace("<svg ", f'<svg role="img" aria-label="{says}" ', 1)
