"""Faults on a real Kafka, a real Elasticsearch and real workers: `make test-faults`; `make test-faults-quick` is part of
CI.

Every test here carries the marker `faults`, and those that `make test-faults-quick` leaves out `slow`, too. At the
end a table says what was survived.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.table import Fault, Row, as_lines, write

BUILD = Path(__file__).parents[2] / "build"
ROWS = pytest.StashKey[list[Row]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Fault:
    """Waits, compares, and writes a row of the table."""
    return Fault(request.config.stash.setdefault(ROWS, []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash.get(ROWS, [])
    if rows:
        terminalreporter.section("faults")
        for line in as_lines(rows):
            terminalreporter.write_line(line)
        write(rows, BUILD)
