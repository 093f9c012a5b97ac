"""A watch whose parts answer as a test chooses."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pipeline.alert.rules import RulesFile, SystemRules
from pipeline.settings import Settings
from pipeline.watch.condition import Condition
from pipeline.watch.part import At
from pipeline.watch.watch import Watch
from tests.doubles.manual_clock import ManualClock


class Answers:
    """A part whose answers a test chooses."""

    def __init__(self, *found: Condition) -> None:
        self.found = list(found)
        self.fault: Exception | None = None
        self.limits: SystemRules | None = None
        self.open = threading.Event()
        self.open.set()

    def ask(self, at: At, limits: SystemRules) -> None:
        self.open.wait(10)
        self.limits = limits
        if self.fault:
            raise self.fault

    def conditions(self, at: At, limits: SystemRules) -> list[Condition]:
        return list(self.found)


@asynccontextmanager
async def watch(
    clock: ManualClock, *parts: Answers, rules: RulesFile | None = None, **settings: Any
) -> AsyncIterator[Watch]:
    given = Settings(home=Path("nowhere"), **settings)
    made = Watch(given, lambda: rules or RulesFile(version=1), clock.monotonic, parts)
    yield made
    for part in parts:
        part.open.set()
    await made.close()
