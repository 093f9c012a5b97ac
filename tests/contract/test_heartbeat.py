"""The dead-man's switch, over a real HTTP server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import structlog
from pydantic import SecretStr

from pipeline.errors import KafkaUnavailable
from pipeline.settings import Settings
from pipeline.watch import heartbeat as beating
from pipeline.watch.condition import Condition
from pipeline.watch.heartbeat import Heartbeat
from tests.doubles.dead_mans_switch import SECRET, Switch
from tests.doubles.manual_clock import START, ManualClock
from tests.unit.watch.answers import Answers, watch


@pytest.fixture
def switch() -> Iterator[Switch]:
    with Switch() as server:
        yield server


def heartbeat(url: str | None) -> Heartbeat:
    return Heartbeat(SecretStr(url) if url else None)


async def test_the_switch_is_asked_for_with_get_and_the_answer_counts(switch: Switch) -> None:
    made = heartbeat(switch.url)
    assert await made.beat()
    assert switch.asked == [f"GET /{SECRET}"]
    await made.close()


@pytest.mark.parametrize("status", [301, 404, 500])
async def test_anything_but_a_2xx_is_no_answer_and_nothing_is_followed(switch: Switch, status: int) -> None:
    switch.status = status
    made = heartbeat(switch.url)
    assert not await made.beat()
    assert len(switch.asked) == 1
    switch.status = 204
    assert await made.beat()
    await made.close()


async def test_a_switch_that_takes_too_long_holds_nobody_up(switch: Switch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beating, "ANSWERED_WITHIN", 0.2)
    switch.wait = 2
    made = heartbeat(switch.url)
    async with asyncio.timeout(1.5):
        assert not await made.beat()
    await made.close()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://nobody.invalid/", "http://[/", "http://127.0.0.1:99999/"]
)
async def test_no_failure_is_raised_and_no_log_holds_the_address(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    made = heartbeat(url + SECRET)
    with structlog.testing.capture_logs() as logs:
        assert not await made.beat()
    await made.close()
    assert "dead-man's switch" in logs[0]["event"]
    assert SECRET not in str(logs) + "".join(capfd.readouterr())


async def test_without_a_switch_nothing_is_asked() -> None:
    made = heartbeat(None)
    assert not made.is_set
    assert not await made.beat()
    await made.close()


def test_the_address_is_in_no_representation() -> None:
    assert SECRET not in repr(Settings(heartbeat_url=f"https://x/{SECRET}"))  # type: ignore[arg-type]


async def test_a_sign_of_life_is_given_once_a_minute_while_looks_are_complete(switch: Switch) -> None:
    clock, part = ManualClock(), Answers()
    async with watch(clock, part, heartbeat_url=switch.url) as made:
        await made.beat(START)
        assert len(switch.asked) == 0, "nothing was looked at yet"
        answered = 0
        for _ in range(13):
            await made.look(START)
            answered += await made.beat(START)
            clock.advance(10)
        assert len(switch.asked) == answered == 3
        part.fault = KafkaUnavailable("Nobody answers.")
        for _ in range(30):
            await made.look(START)
            await made.beat(START)
            clock.advance(10)
        assert len(switch.asked) == 4, "the last look that was complete vouches for a minute"


@pytest.mark.parametrize(
    ("about", "severity", "beats"), [("page", "critical", 0), ("page", "error", 1), ("index", "critical", 1)]
)
async def test_no_sign_of_life_is_given_while_pages_themselves_are_in_danger(
    switch: Switch, about: str, severity: str, beats: int
) -> None:
    found = Condition(rule="system-lag", about=about, severity=severity, title="")  # type: ignore[arg-type]
    async with watch(ManualClock(), Answers(found), heartbeat_url=switch.url) as made:
        await made.look(START)
        await made.beat(START)
    assert len(switch.asked) == beats
