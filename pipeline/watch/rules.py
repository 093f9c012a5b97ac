"""Whether the rules file can be used as it is now: a mistake in it changes nothing, and nobody looks into logs."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.alert.rules import SystemRules
from pipeline.watch.condition import Condition
from pipeline.watch.conditions import rules_conditions
from pipeline.watch.part import At


class RulesWatch:
    """``problem`` says what is wrong with the file, or None; see `pipeline.alert.in_force.RulesInForce`."""

    def __init__(self, problem: Callable[[], str | None]) -> None:
        self._problem = problem

    def ask(self, at: At, limits: SystemRules) -> None:
        """There is nobody to ask: the file is read by whoever uses its rules."""

    def conditions(self, at: At, limits: SystemRules) -> list[Condition]:
        return rules_conditions(self._problem())
