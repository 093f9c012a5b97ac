"""What all tests share: no settings from outside, servers, time for tests that use them, and how hypothesis draws.

The same examples every time, and no deadline for one: a test is red for what was changed, not by chance. `make fuzz` draws
new ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from pipeline.settings import load_settings

pytest_plugins = ["tests.servers"]

ON_SERVERS = ("faults", "integration", "security")
SECONDS = 300
"""Time of a test on servers that says nothing else. The session's first one fetches and starts them, too."""

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")


class ServersOnce(LoadScopeScheduling):  # type: ignore[misc]
    """Tests side by side. Those of tests/security, whose servers take a minute, stay in one process; those of another file
    on servers stay together and go to whichever is free; all others go one by one.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = Path(file).parts[1]
        return folder if folder == "security" else file if folder in ON_SERVERS else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ServersOnce:
    return ServersOnce(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        if folder in ON_SERVERS and not item.get_closest_marker("timeout"):
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
