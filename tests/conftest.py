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
TOGETHER = ("security", "compose")
"""Folders whose files share servers of their own."""
LONGEST = ("test_pipeline.py", "test_watch.py", "test_retention.py", "test_review.py", "test_alert_stage.py")
"""Files that take a minute or so: they go first, or at the end one process would wait for them in another."""
SECONDS = 900
"""Time of a test on servers that says nothing else. The session's first one fetches and starts them, too."""

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")


class ServersAside(LoadScopeScheduling):  # type: ignore[misc]
    """Tests side by side, a file at a time, so that what a file sets up is set up once; those of a folder with servers of
    its own all together.

    Those on servers come first, as they wait most. From three processes on the first takes none of them: it keeps a
    processor busy while the others wait, and starts no servers of its own.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0])
        return str(file.parent if file.parent.name in TOGETHER else file)

    def _assign_work_unit(self, node: Any) -> None:
        aside = self._is_aside(node)
        fitting = [scope for scope in self.workqueue if (_folder(scope) in ON_SERVERS) != aside]
        if fitting:
            self.workqueue.move_to_end(min(fitting, key=_place), last=False)
        super()._assign_work_unit(node)

    def _reschedule(self, node: Any) -> None:
        if self._is_aside(node) and all(_folder(scope) in ON_SERVERS for scope in self.workqueue):
            if not node.shutting_down:
                node.shutdown()  # once it has done what it was given
            return
        super()._reschedule(node)

    def _is_aside(self, node: Any) -> bool:
        return bool(self.numnodes >= 3 and node.gateway.id == "gw0")


def _place(scope: str) -> int:
    """Where in the queue: tests/security, whose servers take a minute, the longest files, then all others as they are."""
    name = Path(scope).name
    return 0 if name == "security" else 1 if name in LONGEST else 2


def _folder(path: str) -> str:
    """In which of the folders of tests/ a file is."""
    return Path(path).parts[1]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ServersAside:
    return ServersAside(config, log)


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
