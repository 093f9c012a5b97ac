"""The rules in force follow the file, and outlive a file that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pipeline.alert.in_force import LOOK_EVERY, RulesInForce
from pipeline.errors import InvalidInput
from tests.doubles.manual_clock import ManualClock
from tests.unit.alert.files import SMALL

OTHER = SMALL.replace("danger", "alarm")
WRONG = SMALL.replace("immediate", "urgent")


class Bench:
    def __init__(self, path: Path, text: str = SMALL) -> None:
        self.path = path
        path.write_text(text)
        self.clock = ManualClock()
        self.rules = RulesInForce(path, self.clock.monotonic)

    def name(self, text: str | None = None, seconds: float = LOOK_EVERY) -> str:
        """Name of the first rule, ``seconds`` after the file was written anew."""
        if text is not None:
            self.path.write_text(text)
        self.clock.advance(seconds)
        return self.rules.current().rules[0].name


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "rules.yaml")


def test_a_change_is_in_force_within_a_second(bench: Bench) -> None:
    assert bench.name(OTHER, seconds=0.9 * LOOK_EVERY) == "danger"
    assert bench.name(seconds=0.1 * LOOK_EVERY) == "alarm"


def test_while_nothing_changes_the_rules_are_the_same_object(bench: Bench) -> None:
    first = bench.rules.current()
    bench.name(SMALL + "# a comment\n")
    bench.path.touch()
    bench.name()
    assert bench.rules.current() is first


def test_wrong_rules_change_nothing_but_are_told_once(bench: Bench) -> None:
    with capture_logs() as logs:
        assert bench.name(WRONG) == "danger"
        for _ in range(3):
            bench.name()
    assert [entry["log_level"] for entry in logs] == ["error"]
    assert bench.rules.problem is not None
    assert "`urgent` is not immediate" in bench.rules.problem
    assert bench.name(OTHER) == "alarm"
    assert bench.rules.problem is None


def test_going_back_to_the_rules_in_force_ends_the_problem(bench: Bench) -> None:
    bench.name(WRONG)
    assert bench.name(SMALL) == "danger"
    assert bench.rules.problem is None


def test_a_file_that_is_away_changes_nothing_until_it_is_back(bench: Bench) -> None:
    bench.path.unlink()
    assert bench.name() == "danger"
    assert bench.rules.problem is not None
    assert bench.name(OTHER) == "alarm"


def test_a_file_that_another_takes_the_place_of_is_read_anew(bench: Bench, tmp_path: Path) -> None:
    """As a ConfigMap is changed: the name leads to another file of the same size."""
    other = tmp_path / "other.yaml"
    other.write_text(SMALL.replace("danger", "dangir"))
    other.replace(bench.path)
    assert bench.name() == "dangir"


def test_there_is_no_beginning_with_wrong_rules(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="`urgent` is not immediate"):
        Bench(tmp_path / "rules.yaml", WRONG)
