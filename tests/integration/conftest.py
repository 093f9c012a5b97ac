"""Integration tests: on the servers of `tests.servers`, with more time than others, and without the user's own settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.servers import Flagpost, Ran, installation, remove

__all__ = ["Flagpost", "Ran", "installation", "no_settings_from_outside", "remove"]

SECONDS = 300
"""Time of a test that says nothing else. The session's first one fetches and starts the servers, too."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("FLAGPOST_"):
            monkeypatch.delenv(name)
