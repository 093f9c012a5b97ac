"""What an expression of PromQL asks for, and which labels its answer has."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import promql_parser

Known = Mapping[str, Set[str]]
"""Series → its labels."""


def wrong_in(expr: str, known: Known) -> list[str]:
    """What ``expr`` asks for that nobody has: series and labels. Raises ValueError when it is no PromQL."""
    wrong: list[str] = []

    def look(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            if node.name not in known:
                wrong.append(f"no series {node.name}")
            else:
                asked = {one.name for one in node.matchers.matchers}
                wrong.extend(f"{node.name} has no label {label}" for label in sorted(asked - known[node.name]))
        elif isinstance(node, promql_parser.AggregateExpr) and node.modifier:
            missing = set(node.modifier.labels) - _labels(node.expr, known)
            wrong.extend(f"nothing to group by {label}" for label in sorted(missing))

    promql_parser.walk(promql_parser.parse(expr), look)
    return wrong


def labels_of(expr: str, known: Known) -> set[str]:
    """Labels that a value of ``expr`` may have."""
    return _labels(promql_parser.parse(expr), known)


def _labels(node: Any, known: Known) -> set[str]:
    match node:
        case promql_parser.VectorSelector():
            return set(known.get(node.name or "", ()))
        case promql_parser.MatrixSelector():
            return _labels(node.vector_selector, known)
        case promql_parser.AggregateExpr():
            if node.modifier is None:
                return set()
            inner, named = _labels(node.expr, known), set(node.modifier.labels)
            return named if node.modifier.type == promql_parser.AggModifierType.By else inner - named
        case promql_parser.Call() if node.func.name == "absent":
            return _equal_to(node.args[0])
        case promql_parser.Call():
            found = set[str]().union(*(_labels(one, known) for one in node.args))
            return found - {"le"} if node.func.name == "histogram_quantile" else found
        case promql_parser.BinaryExpr():
            sides = [_labels(node.lhs, known), _labels(node.rhs, known)]
            return sides[0] & sides[1] if str(node.op) == "or" else sides[0] | sides[1]
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            return _labels(node.expr, known)
    return set()


def _equal_to(node: Any) -> set[str]:
    """What `absent` knows of what is not there: of a plain selector alone, what was asked for by its value."""
    if not isinstance(node, promql_parser.VectorSelector):
        return set()
    return {one.name for one in node.matchers.matchers if one.op == promql_parser.MatchOp.Equal}
