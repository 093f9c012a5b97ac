from __future__ import annotations

import pytest

from pipeline.alert.rules import RulesFile, SystemRules
from pipeline.errors import AccessRefused, KafkaUnavailable
from pipeline.watch import watch as watching
from pipeline.watch.condition import Condition
from pipeline.watch.conditions import BLIND_SECONDS
from pipeline.watch.watch import WELL_FOR
from tests.doubles.manual_clock import START, ManualClock
from tests.unit.watch.answers import Answers, watch

LAG = Condition(rule="system-lag", about="page", severity="critical", title="page is behind")


async def test_every_part_is_asked_and_what_all_of_them_found_is_told() -> None:
    other = Condition(rule="system-silent-source", about="x", severity="warning", title="")
    async with watch(ManualClock(), Answers(LAG), Answers(), Answers(other)) as made:
        assert await made.look(START) == [LAG, other]


async def test_limits_are_those_of_the_rules_file_of_the_moment() -> None:
    part = Answers()
    rules = RulesFile(version=1, system=SystemRules(to=["operators"], lag_seconds=7))
    async with watch(ManualClock(), part, rules=rules) as made:
        await made.look(START)
    assert part.limits is not None
    assert part.limits.lag_seconds == 7


@pytest.mark.parametrize("fault", [KafkaUnavailable("Nobody answers."), AccessRefused("No right."), RuntimeError("oh")])
async def test_what_can_not_be_asked_keeps_what_was_known_and_the_rest_is_asked(fault: Exception) -> None:
    failing, working = Answers(LAG), Answers()
    async with watch(ManualClock(), failing, working) as made:
        await made.look(START)
        failing.fault, failing.found = fault, []
        working.found = [Condition(rule="system-paused", about="index", severity="critical", title="")]
        assert await made.look(START) == [LAG, *working.found]


async def test_who_can_not_look_for_a_minute_says_so_and_why_until_it_can() -> None:
    clock, part = ManualClock(), Answers()
    part.fault = KafkaUnavailable("Nobody answers at kafka:9092.")
    async with watch(clock, part) as made:
        for _ in range(int(BLIND_SECONDS // 10)):
            assert await made.look(START) == []
            clock.advance(10)
        clock.advance(1)
        [blind] = await made.look(START)
        assert (blind.rule, blind.about) == ("system-lag", "kafka")
        assert "Nobody answers at kafka:9092." in blind.title
        part.fault = None
        assert await made.look(START) == []


async def test_a_look_that_takes_long_returns_in_time_and_goes_on_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_WITHIN", 0.05)
    part = Answers(LAG)
    part.open.clear()
    async with watch(ManualClock(), part) as made:
        assert await made.look(START) == []
        assert await made.look(START) == [], "it is asked once, not once more"
        part.open.set()
        monkeypatch.setattr(watching, "LOOK_WITHIN", 5.0)
        assert await made.look(START) == [LAG]


async def test_what_was_known_before_another_worker_looked_is_forgotten() -> None:
    clock, part = ManualClock(), Answers(LAG)
    async with watch(clock, part) as made:
        await made.look(START)
        clock.advance(10 * WELL_FOR)
        part.fault = KafkaUnavailable("Nobody answers.")
        assert await made.look(START) == []
