"""INVARIANTS.md names a test that exists for every rule."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.python_source import parse

ROOT = Path(__file__).parents[2]
RULE = re.compile(r"^\*\*(\d+)\. (.+?)\*\*", re.MULTILINE | re.DOTALL)
PROOF = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rules() -> dict[str, str]:
    """Number and sentence of each rule → its paragraph."""
    text = (ROOT / "INVARIANTS.md").read_text("utf-8")
    starts = [*RULE.finditer(text)]
    ends = [*(start.start() for start in starts[1:]), len(text)]
    return {f"{one[1]}. {one[2]}": text[one.start() : end] for one, end in zip(starts, ends, strict=True)}


def names_in(path: str) -> set[str]:
    tree = parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_the_rules_are_numbered_from_one_on() -> None:
    assert [int(name.partition(".")[0]) for name in rules()] == list(range(1, len(rules()) + 1))


@pytest.mark.parametrize("rule", rules())
def test_every_rule_is_proved_by_tests_that_exist(rule: str) -> None:
    proofs = PROOF.findall(rules()[rule])
    assert proofs, "it names no test"
    assert not [f"{path}::{name}" for path, name in proofs if not (ROOT / path).is_file() or name not in names_in(path)]
