"""The report of an evaluation as one HTML file that needs nothing else, and runs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from models.evaluation.prevalence import CHATTER_IN_LIFE
from pipeline.evaluation.charts import precision_recall_curves, reliability_diagram
from pipeline.evaluation.evaluation import Evaluation
from pipeline.evaluation.marking import parts
from pipeline.evaluation.numbers import figure, percent, share, words
from pipeline.safe_text import safe
from schemas.labels import LABELS

TEMPLATE: Final = "report.html.jinja"
MOST_SLICES: Final = 200
"""Of sources or themes; more is in the JSON."""


def html_of(evaluation: Evaluation) -> str:
    """The page. Whatever came from outside is escaped, and control characters in it are shown instead of obeyed."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if isinstance(value, Markup) else safe(str(value)),
    )
    environment.filters |= {one.__name__: one for one in (words, figure, percent, share)}
    page: str = environment.get_template(TEMPLATE).render(
        one=evaluation,
        labels=LABELS,
        life=CHATTER_IN_LIFE,
        reliability=Markup(reliability_diagram(evaluation.reliability)),  # noqa: S704  # no word in it is from outside
        curves=Markup(precision_recall_curves(evaluation.curves)),  # noqa: S704
        parts=parts,
        shade=_shade,
        most_slices=MOST_SLICES,
    )
    return page


def _shade(count: int, row: list[int], right: bool) -> str:
    """The background of a cell of the confusion matrix: the more of its row, the stronger; black text stays readable."""
    strength = 0.75 * count / max(1, sum(row))
    return f"rgba({'80, 160, 110' if right else '215, 110, 90'}, {strength:.2f})"
