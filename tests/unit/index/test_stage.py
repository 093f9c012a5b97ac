"""What the index stage no longer stores. How it stores is tested against real answers, in tests/contract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from pipeline.errors import KafkaUnavailable
from pipeline.index.bulk import Write
from pipeline.index.stage import EXPIRED, IndexStage
from pipeline.result import Done, Result, Retry
from pipeline.retention.age import Ages
from schemas.audit import AuditEntry
from schemas.item import Withdrawn
from tests.doubles.manual_clock import START
from tests.messages import item, message
from tests.notices import alert

DAY = dt.timedelta(days=1)
AGES = Ages(items=365 * DAY, reviewed=365 * DAY, alerts=365 * DAY, audit=2000 * DAY)

OLD = item("old", judged_at=START - 366 * DAY)
YOUNG = item("young", judged_at=START - 364 * DAY)


class Stored:
    """A writer that stores everything."""

    def __init__(self) -> None:
        self.writes: list[Write] = []

    async def write(self, writes: Sequence[Write]) -> list[Result]:
        self.writes += writes
        return [Done("indexed") for _ in writes]


class Bench:
    """An index stage, what it stored, and how often it asked what is held."""

    def __init__(self, held: Collection[str] | Exception = (), ages: Ages | None = AGES) -> None:
        self.writer = Stored()
        self.asked = 0
        self._held = held
        self.stage = IndexStage(self.writer, lambda: START, ages=ages, held=self.held)  # type: ignore[arg-type]

    def held(self) -> Collection[str]:
        self.asked += 1
        if isinstance(self._held, Exception):
            raise self._held
        return self._held


async def test_an_item_that_has_been_kept_for_long_enough_is_not_stored_again() -> None:
    bench = Bench()
    ends = await bench.stage.handle([message(OLD, topic="flagged"), message(YOUNG, 1, topic="flagged")])
    assert ends == [EXPIRED, Done("indexed")]
    assert len(bench.writer.writes) == 1


async def test_an_item_that_is_held_is_stored_whatever_its_age() -> None:
    bench = Bench(held={"x:old"})
    ends = await bench.stage.handle([message(OLD, topic="flagged"), message(YOUNG, 1, topic="flagged")])
    assert ends == [Done("indexed")] * 2


async def test_nobody_is_asked_what_is_held_while_nothing_is_over() -> None:
    bench = Bench()
    await bench.stage.handle([message(YOUNG, topic="flagged")])
    assert bench.asked == 0


async def test_while_nobody_knows_what_is_held_what_is_over_waits_and_its_neighbours_do_not() -> None:
    bench = Bench(held=KafkaUnavailable("away"))
    ends = await bench.stage.handle([message(OLD, topic="flagged"), message(YOUNG, 1, topic="flagged")])
    assert ends == [Retry("it can't be read what is held"), Done("indexed")]


async def test_a_withdrawal_is_stored_whatever_its_age() -> None:
    long_ago = START - 5000 * DAY
    gone = Withdrawn(source="x", id="1", reason="deleted", revision=long_ago, withdrawn_at=long_ago, activation=1)
    assert await Bench().stage.handle([message(gone, topic="flagged")]) == [Done("indexed")]


async def test_alerts_and_audit_lines_that_are_over_are_not_stored_again() -> None:
    over = alert(state="resolved", resolved_at=START - 366 * DAY)
    line = AuditEntry(at=START - 2001 * DAY, by="a", act="a", on="x")  # as whoever acted says
    messages = [
        message(over, topic="alerts"),
        *(message(line, days, topic="audit", at=START - days * DAY) for days in (0, 1999, 2001)),
    ]
    assert await Bench().stage.handle(messages) == [EXPIRED, Done("indexed"), Done("indexed"), EXPIRED]


async def test_without_ages_everything_is_stored() -> None:
    assert await Bench(ages=None).stage.handle([message(OLD, topic="flagged")]) == [Done("indexed")]
