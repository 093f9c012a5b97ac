"""Faults on a real Kafka, a real Elasticsearch and real workers: `make test-faults`; `make test-faults-quick` is part of
CI.

Every test here carries the marker `faults`, and those that `make test-faults-quick` leaves out `slow`, too. At the
end a table says what was survived.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from tests.faults.table import Fault, Row, as_lines, write

BUILD = Path(__file__).parents[2] / "build"
ROW = "fault"
"""What a row is called among a report's properties: they come here from whichever process a test ran in."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Fault:
    """Waits, compares, and writes a row of the table."""
    return Fault(lambda row: request.node.user_properties.append((ROW, asdict(row))))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [one for end in ("passed", "failed") for one in terminalreporter.getreports(end) if one.when == "call"]
    of_a_file_together = sorted(reports, key=lambda report: report.nodeid.partition("::")[0])
    rows = [Row(**row) for report in of_a_file_together for name, row in report.user_properties if name == ROW]
    if rows:
        terminalreporter.section("faults")
        for line in as_lines(rows):
            terminalreporter.write_line(line)
        write(rows, BUILD)
