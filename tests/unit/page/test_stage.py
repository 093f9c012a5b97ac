"""The page stage: what is written before what is done, who holds the alerts, and what ends the process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from pipeline.alert.rules import RulesFile
from pipeline.errors import InvalidSettings, NotSetUp
from pipeline.message import Message, NotAcknowledged, Outgoing
from pipeline.metrics import StageMetrics
from pipeline.page.notice import ChannelFailed, ChannelRefused, Notice
from pipeline.page.read import newest
from pipeline.page.sender import AT_ONCE, OPENED_AGAIN, Sender
from pipeline.page.stage import BOTH, PageStage
from pipeline.page.writer import Fenced
from pipeline.result import DeadLetter, Done, Retry
from pipeline.watch.condition import Condition
from schemas.alert import Action, Alert
from schemas.topics import ALERTS
from tests.doubles.manual_clock import START
from tests.messages import message
from tests.unit.page.scene import CHANNEL, matched, rule, rules

SECONDS = 20.0
"""Of real time; a test that waits longer for anything fails."""


class Kafka:
    """`[alerts]` as it was committed. Each writer fences those before it."""

    def __init__(self) -> None:
        self.log: list[tuple[bytes, bytes | None]] = []
        self.transactions: list[list[Outgoing]] = []
        self.writers = 0
        self.stopped = 0
        self.fails: Exception | None = None
        self.told: list[str] = []
        """What happened, in order."""

    async def open(self) -> KafkaWriter:
        self.writers += 1
        self.told.append("opened")
        return KafkaWriter(self, self.writers)

    async def read(self) -> list[Alert]:
        self.told.append("read")
        return newest(self.log)

    @property
    def alerts(self) -> list[Alert]:
        return newest(self.log)


class KafkaWriter:
    def __init__(self, kafka: Kafka, number: int) -> None:
        self._kafka = kafka
        self._number = number

    async def write(self, records: Sequence[Outgoing]) -> None:
        await asyncio.sleep(0)
        if self._number < self._kafka.writers:
            raise Fenced("another has taken over")
        if error := self._kafka.fails:
            self._kafka.fails = None
            raise error
        self._kafka.transactions.append(list(records))
        self._kafka.log += [(one.key or b"", one.value) for one in records if one.topic is ALERTS]
        self._kafka.told.append("written")

    async def stop(self) -> None:
        self._kafka.stopped += 1


class Pager:
    """A channel that answers when the test lets it."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka
        self.notices: list[Notice] = []
        self.answers: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.closed = False

    async def send(self, notice: Notice) -> str:
        self._kafka.told.append("sent")
        self.notices.append(notice)
        await self.gate.wait()
        if self.answers:
            raise self.answers.pop(0)
        return "204"

    async def close(self) -> None:
        self.closed = True


class Room:
    """A page stage with everything around it."""

    def __init__(self, given: RulesFile | None = None) -> None:
        self.kafka = Kafka()
        self.pager = Pager(self.kafka)
        self.rules = given or rules(rule(repeat_minutes=None), channels={"pager": CHANNEL})
        self.metrics = StageMetrics("page")
        self.watch: Any = None
        self.stage = self.worker()

    def worker(self) -> PageStage:
        return PageStage(
            rules=lambda: self.rules,
            open_writer=self.kafka.open,
            read=self.kafka.read,
            sender=lambda woken: Sender(lambda _name, _channel: self.pager, woken=woken, clock=lambda: START),
            watch=self.watch,
            clock=lambda: START,
        )

    async def take(self, *records: Any, topic: str = "alert-candidates") -> Sequence[Any]:
        return await self.stage.handle(messages(*records, topic=topic))

    async def until(self, condition: Any, what: str) -> None:
        for _ in range(int(SECONDS * 100)):
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"not within {SECONDS:g} s: {what}")


def messages(*records: Any, topic: str = "alert-candidates") -> list[Message]:
    return [message(record, offset, topic=topic) for offset, record in enumerate(records)]


@contextlib.asynccontextmanager
async def running(room: Room, stage: PageStage | None = None) -> AsyncIterator[asyncio.Task[None]]:
    """The stage's clock, with the alerts in its hands."""
    stage = stage or room.stage
    clock = asyncio.create_task(stage.run(room.metrics))
    await stage.assigned(BOTH)
    await room.until(lambda: stage._held is not None or clock.done(), "it holds the alerts")
    yield clock
    clock.cancel()
    await asyncio.gather(clock, return_exceptions=True)
    await stage.close()


@pytest.fixture
def room() -> Room:
    return Room()


# Messages


async def test_a_candidate_is_done_once_its_alert_is_written_and_paged_after_that(room: Room) -> None:
    async with running(room):
        room.kafka.told.clear()
        assert await room.take(matched()) == [Done("opened")]
        assert room.kafka.told == ["written"], "the page has not gone out before"
        await room.until(lambda: room.kafka.alerts[0].pages[0].end == "delivered", "its outcome is written")
        assert room.kafka.told == ["written", "sent", "written"]
    ((first, *_), *_) = room.kafka.transactions
    assert isinstance(first, Outgoing)
    assert b'"tries":1' in first.value, "the try was written down before it began"


async def test_all_of_a_batch_and_its_audit_are_one_transaction(room: Room) -> None:
    async with running(room):
        await room.take(*(matched(str(number), group=f"g{number}") for number in range(5)))
        topics = [record.topic.name for record in room.kafka.transactions[0]]
        assert topics.count("alerts") == 5
        assert topics.count("audit") == 5


async def test_while_nobody_holds_the_alerts_messages_are_tried_again(room: Room) -> None:
    assert await room.take(matched()) == [Retry("the alerts are being read")]
    async with running(room):
        assert await room.take(matched()) == [Done("opened")]


async def test_what_can_not_be_used_is_a_dead_letter_and_costs_its_neighbours_nothing(room: Room) -> None:
    async with running(room):
        excerptless = matched(excerpt=None)
        results = await room.take(matched("1"), b"{", excerptless, matched("2"))
        assert [type(result) for result in results] == [Done, DeadLetter, DeadLetter, Done]
        assert [result.reason for result in results if isinstance(result, DeadLetter)] == ["not_json", "wrong_shape"]
    assert await room.take(b"{") == [DeadLetter("not_json", results[1].detail)], "holding or not"


async def test_actions_are_taken_from_their_own_topic(room: Room) -> None:
    async with running(room):
        await room.take(matched())
        action = Action(alert=room.kafka.alerts[0].id, kind="acknowledge", by="inspector", at=START, via="cli")
        assert await room.take(action, topic="alert-actions") == [Done("acknowledged")]
        (candidate,) = await room.take(action)
        assert isinstance(candidate, DeadLetter)


# When Kafka does not answer


async def test_what_was_not_acknowledged_is_not_known_and_the_alerts_are_read_again(room: Room) -> None:
    async with running(room):
        room.kafka.told.clear()
        room.kafka.fails = NotAcknowledged("not within 15 s")
        assert await room.take(matched()) == [Retry("not within 15 s")]
        await room.until(lambda: room.kafka.writers == 2 and room.stage._held, "a new writer, a new book")
        assert room.kafka.told[-1] == "read"
        assert await room.take(matched()) == [Done("opened")]
        await room.until(lambda: len(room.pager.notices) == 1, "and it is paged once")


async def test_an_outcome_that_could_not_be_written_is_written_later_and_nothing_is_sent_twice(room: Room) -> None:
    async with running(room):
        room.pager.gate.clear()
        await room.take(matched())
        await room.until(lambda: room.pager.notices, "it is under way")
        room.kafka.fails = NotAcknowledged("not within 15 s")
        room.pager.gate.set()
        await room.until(lambda: room.kafka.alerts[0].pages[0].end == "delivered", "its outcome is written at last")
        assert room.kafka.writers == 2
    assert len(room.pager.notices) == 1


async def test_whoever_is_fenced_out_ends(room: Room) -> None:
    async with running(room) as clock:
        await room.kafka.open()
        with pytest.raises(Fenced):
            await room.take(matched())
        with pytest.raises(Fenced):
            async with asyncio.timeout(SECONDS):
                await asyncio.shield(clock)
    assert room.pager.notices == []
    assert room.kafka.told == ["opened", "read", "opened"], "and does not take over in turn"


async def test_a_fenced_clock_ends_the_process_by_itself(room: Room) -> None:
    async with running(room) as clock:
        room.pager.gate.clear()
        await room.take(matched())
        await room.until(lambda: room.pager.notices, "it is under way")
        await room.kafka.open()
        room.pager.gate.set()
        with pytest.raises(Fenced):
            async with asyncio.timeout(SECONDS):
                await asyncio.shield(clock)


# Who holds the alerts


async def test_whoever_stands_by_opens_no_writer(room: Room) -> None:
    clock = asyncio.create_task(room.stage.run(room.metrics))
    await room.stage.assigned(set())
    await asyncio.sleep(0.05)
    assert room.kafka.writers == 0
    clock.cancel()


@pytest.mark.parametrize(
    "partitions", [{("alert-candidates", 0)}, BOTH | {("alert-candidates", 1)}], ids=["one topic", "a partition more"]
)
async def test_with_less_than_both_topics_or_more_it_does_not_work(
    room: Room, partitions: set[tuple[str, int]]
) -> None:
    with pytest.raises(NotSetUp, match="both and no other"):
        await room.stage.assigned(partitions)


async def test_the_writer_is_opened_before_the_alerts_are_read_and_anew_at_every_assignment(room: Room) -> None:
    async with running(room):
        assert room.kafka.told == ["opened", "read"]
        await room.stage.revoked()
        assert room.kafka.stopped == 1
        assert await room.take(matched()) == [Retry("the alerts are being read")]
        await room.stage.assigned(BOTH)
        await room.until(lambda: room.stage._held, "it holds them again")
        assert room.kafka.writers == 2


async def test_pages_under_way_end_before_the_alerts_are_let_go(room: Room) -> None:
    async with running(room):
        room.pager.gate.clear()
        await room.take(matched())
        await room.until(lambda: room.pager.notices, "it is under way")
        letting_go = asyncio.create_task(room.stage.revoked())
        await asyncio.sleep(0.05)
        room.pager.gate.set()
        await letting_go
    assert room.kafka.alerts[0].pages[0].end == "delivered"


async def test_a_page_that_does_not_end_in_time_is_sent_again_by_whoever_comes_after(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.page.stage.HANDOVER", 0.05)
    async with running(room):
        room.pager.gate.clear()
        await room.take(matched())
        await room.until(lambda: room.pager.notices, "it is under way")
        await room.stage.revoked()
    room.pager.gate.set()
    successor = room.worker()
    successor._clock = lambda: START.replace(second=1)
    async with running(room, successor):
        await room.until(lambda: len(room.pager.notices) == 2, "it is sent again")
        await room.until(lambda: room.kafka.alerts[0].pages[0].end == "delivered", "its outcome is written")
    first, again = room.pager.notices
    assert first.page.id == again.page.id


# Channels


async def test_a_channel_that_fails_or_breaks_ends_nothing(room: Room) -> None:
    room.pager.answers = [ChannelFailed("503"), RuntimeError("the words of a page"), ChannelRefused("410")]
    with capture_logs() as logs:
        async with running(room):
            for number in range(3):
                await room.take(matched(str(number), group=f"g{number}"))
            await room.until(
                lambda: (
                    sorted(alert.pages[0].answer or "" for alert in room.kafka.alerts if not alert.title)
                    == ["410", "503", "RuntimeError"]
                ),
                "every outcome is written",
            )
    (broke,) = [one for one in logs if one["event"] == "a channel broke"]
    assert broke["reason"] == "RuntimeError", "what it says may quote the page"


async def test_a_channel_sends_so_many_at_once(room: Room) -> None:
    async with running(room):
        room.pager.gate.clear()
        await room.take(*(matched(str(number), group=f"g{number}") for number in range(3 * AT_ONCE)))
        await room.until(lambda: len(room.pager.notices) == AT_ONCE, "as many as it may")
        await asyncio.sleep(0.05)
        assert len(room.pager.notices) == AT_ONCE
        room.pager.gate.set()
        await room.until(lambda: len(room.pager.notices) == 3 * AT_ONCE, "the others after them")


async def test_new_rules_open_their_channels_and_close_the_old_ones_after_their_pages(room: Room) -> None:
    async with running(room):
        room.pager.gate.clear()
        await room.take(matched())
        await room.until(lambda: room.pager.notices, "it is under way")
        old, room.pager = room.pager, Pager(room.kafka)
        room.rules = rules(rule(), channels={"pager": replace(CHANNEL, url="http://localhost:2")})
        await room.take(matched("2", group="station"))
        await room.until(lambda: room.pager.notices, "the new channel pages")
        assert not old.closed
        old.gate.set()
        await room.until(lambda: old.closed, "the old one is closed")


async def test_a_page_carries_its_words_its_address_and_no_link_where_there_is_none(room: Room) -> None:
    async with running(room):
        await room.take(matched(grade="immediate"))
        await room.until(lambda: room.pager.notices, "paged")
    (notice,) = room.pager.notices
    assert notice.title.startswith("IMMEDIATE")
    assert notice.link is None


# Itself


class Looking:
    def __init__(self, error: Exception | None = None) -> None:
        self.beats = 0
        self._error = error

    async def look(self, _now: object) -> list[Condition]:
        if self._error:
            raise self._error
        return [Condition(rule="system-lag", about="index", severity="error", title="index is behind")]

    async def beat(self, _now: object) -> bool:
        self.beats += 1
        return self.beats == 1


async def test_what_is_wrong_with_flagpost_is_paged(room: Room) -> None:
    room.watch = Looking()
    async with running(room, room.worker()):
        await room.until(lambda: room.kafka.alerts, "an alert about it")
        await room.until(lambda: room.watch.beats, "a sign of life")
    assert room.kafka.alerts[0].title == "index is behind"


async def test_a_channel_that_can_not_be_opened_is_told_before_anybody_must_be_paged_through_it(room: Room) -> None:
    def refused(_name: str, _channel: object) -> Pager:
        raise InvalidSettings("Channel pager reads its secret from the environment variable KEY, which holds nothing.")

    room.watch = Looking()
    stage = room.worker()
    stage._sender = Sender(refused)
    async with running(room, stage):
        await room.until(lambda: len(room.kafka.alerts) == 2, "an alert about it")
    (about,) = [alert for alert in room.kafka.alerts if alert.rule == "system-channel-settings"]
    assert (about.group, "KEY" in (about.title or "")) == ("pager", True)


async def test_when_the_outside_last_heard_of_it_is_a_figure(room: Room) -> None:
    room.watch = Looking()
    told = room.metrics.registry.get_sample_value
    async with running(room, room.worker()):
        await room.until(lambda: room.watch.beats, "a sign of life")
        await room.until(
            lambda: told("flagpost_heartbeat_timestamp_seconds", {"stage": "page"}) == START.timestamp(),
            "it is noted",
        )


async def test_a_channel_whose_secret_is_put_right_is_opened_within_a_minute(room: Room) -> None:
    wrong = [InvalidSettings("the file holds nothing")]
    now = [START]

    def opened(_name: str, _channel: object) -> Pager:
        if wrong:
            raise wrong[0]
        return room.pager

    sender = Sender(opened, clock=lambda: now[0])
    sender.use(room.rules)
    wrong.clear()
    sender.use(room.rules)
    assert sender.unusable() == {"pager": "the file holds nothing"}
    now[0] += OPENED_AGAIN
    sender.use(room.rules)
    assert sender.unusable() == {}


async def test_a_look_that_fails_stops_no_page(room: Room) -> None:
    room.watch = Looking(RuntimeError("blind"))
    stage = room.worker()
    async with running(room, stage):
        assert await stage.handle(messages(matched())) == [Done("opened")]
        await room.until(lambda: room.pager.notices, "paged")
