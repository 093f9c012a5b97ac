"""What all tests share: no settings from outside, servers, time for tests that use them, and how hypothesis draws.

The same examples every time, and no deadline for one: a test is red for what was changed, not by chance. `make fuzz` draws
new ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from pipeline.settings import load_settings

pytest_plugins = ["tests.servers"]

ON_SERVERS = ("faults", "integration", "security")
TOGETHER = ("security",)
"""All tests of such a folder run in one process, for they need servers of their own kind. Of the other folders on servers
each file goes to the process that is free: see `make test`."""
SECONDS = 300
"""Time of a test on servers that says nothing else. The session's first one fetches and starts them, too."""

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        if folder not in ON_SERVERS:
            continue
        item.add_marker(pytest.mark.xdist_group(folder if folder in TOGETHER else str(item.path)))
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("FLAGPOST_"):
            monkeypatch.delenv(name)


@pytest.fixture
def no_settings_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither a .env nor a flagpost.toml, and nothing remembered of settings that were loaded before or are in the test."""
    monkeypatch.chdir(tmp_path)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()
