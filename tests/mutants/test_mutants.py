"""Every mutant fits the code as it is now. Whether the tests kill it: `python -m tests.mutants`."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.mutant import ROOT, Misplaced, Mutant, mutants
from tests.mutants.origin import ELSEWHERE, pytest_sessionfinish
from tests.python_source import parse

ALL = mutants()


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len(ALL) >= 20
    assert max(Counter(one.name for one in ALL).values()) == 1


@pytest.mark.parametrize("mutant", ALL, ids=lambda one: one.name)
def test_a_mutant_changes_one_place_and_is_still_python(mutant: Mutant) -> None:
    source = (ROOT / mutant.file).read_text("utf-8")
    assert ast.dump(parse(mutant.of(source))) != ast.dump(parse(source))


@pytest.mark.parametrize("mutant", ALL, ids=lambda one: one.name)
def test_the_tests_of_a_mutant_exist_and_are_quick_ones(mutant: Mutant) -> None:
    assert mutant.tests
    for test in mutant.tests:
        path, _, name = test.partition("::")
        assert path.startswith(("tests/unit/", "tests/contract/"))
        tree = parse((ROOT / path).read_text("utf-8"))
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert not name or name.partition("[")[0] in functions, f"{path} has no {name}"


@pytest.mark.parametrize("source", ["nothing of it", "old and old"])
def test_text_that_is_gone_or_twice_there_is_an_error(source: str) -> None:
    with pytest.raises(Misplaced, match="not once"):
        Mutant(name="m", why="", file="f.py", old="old", new="new", tests=[]).of(source)


def test_a_run_that_imports_our_modules_from_elsewhere_proves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    pytest_sessionfinish()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pytest.exit.Exception) as ended:
        pytest_sessionfinish()
    assert ended.value.returncode == ELSEWHERE
