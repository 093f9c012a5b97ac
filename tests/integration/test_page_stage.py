"""The page stage on a real Kafka: who writes `[alerts]`, what is read of it, and that one worker has both topics."""

from __future__ import annotations

import datetime as dt
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from agents.fenced_producer import FencedProducer
from pipeline.audit import audited
from pipeline.message import Outgoing, RecordTooLarge
from pipeline.page.read import read_alerts
from pipeline.page.writer import WRITER, Fenced
from pipeline.settings import Settings
from pipeline.topic_reader import read_topic
from schemas import codec
from schemas.alert import Action, Alert
from schemas.topics import ALERTS, AUDIT
from tests.doubles.manual_clock import START
from tests.doubles.webhook_receiver import WebhookReceiver
from tests.paging import alerts, candidate, paged_to, send, settled
from tests.waiting import wait_for
from tests.worker_processes import WorkerProcesses

pytestmark = pytest.mark.integration


def alert(id: str, sequence: int = 1, group: str = "harbour") -> Outgoing:
    record = Alert(
        id=id * 16,
        sequence=sequence,
        rule="danger",
        severity="warning",
        group=group,
        state="open",
        opened_at=START,
        updated_at=START,
    )
    return Outgoing(ALERTS, record.id.encode(), codec.encode(record))


def ids(settings: Settings) -> list[str]:
    return sorted(alert.id[0] for alert in read_alerts(settings))


# The writer


async def test_what_is_written_at_once_is_read_at_once_or_not_at_all(ready: Settings) -> None:
    assert ids(ready) == []
    writer = await FencedProducer.start(ready, WRITER)
    try:
        await writer.write([alert("a"), alert("b"), audited("alert-opened", "a", START)])
        await writer.write([alert("a", 2, "station"), Outgoing(ALERTS, b"b" * 16, None)])
    finally:
        await writer.stop()
    (found,) = read_alerts(ready)
    assert (found.id[0], found.sequence, found.group) == ("a", 2, "station")
    assert len(list(read_topic(ready, AUDIT))) == 1


async def test_a_new_writer_fences_out_the_one_before_it(ready: Settings) -> None:
    old = await FencedProducer.start(ready, WRITER)
    await old.write([alert("a")])
    new = await FencedProducer.start(ready, WRITER)
    try:
        with pytest.raises(Fenced):
            await old.write([alert("b")])
        await new.write([alert("c")])
        with pytest.raises(Exception, match="not acknowledged"):
            await old.write([alert("d")])
    finally:
        await old.stop()
        await new.stop()
    assert ids(ready) == ["a", "c"]


async def test_what_a_writer_had_not_committed_when_it_died_is_never_read(ready: Settings) -> None:
    dead = await FencedProducer.start(ready, WRITER)
    await dead.write([alert("a")])
    await dead._producer.begin_transaction()
    record = alert("b")
    await dead._producer.send_and_wait(ready.named("alerts"), value=record.value, key=record.key)
    new = await FencedProducer.start(ready, WRITER)
    try:
        assert ids(ready) == ["a"], "and it is not waited for"
        await new.write([alert("c")])
        assert ids(ready) == ["a", "c"]
    finally:
        await new.stop()
        await dead.stop()


async def test_a_record_that_is_too_large_is_refused_before_anything_is_written(ready: Settings) -> None:
    writer = await FencedProducer.start(ready, WRITER)
    try:
        with pytest.raises(RecordTooLarge):
            await writer.write([alert("a"), Outgoing(ALERTS, b"b", b"x" * (ALERTS.max_bytes + 1))])
        await writer.write([Outgoing(ALERTS, b"c" * 16, alert("c").value)])
    finally:
        await writer.stop()
    assert len(list(read_topic(ready, ALERTS))) == 1


# The worker


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        yield receiver


def test_a_candidate_is_paged_acknowledged_and_told_in_the_audit(
    ready: Settings, receiver: WebhookReceiver, tmp_path: Path
) -> None:
    with WorkerProcesses(ready, "page", **paged_to(receiver, tmp_path, repeat=0.05)) as workers:
        workers.wait_until_up()
        send(ready, candidate("1"), candidate("1"))
        wait_for(lambda: len(receiver.taken) >= 2, lambda: f"it is paged and repeated; {workers.log('page')}")
        opened = alerts(ready)["x:1"]
        send(ready, Action(alert=opened.id, kind="acknowledge", by="inspector", at=dt.datetime.now(dt.UTC), via="cli"))
        wait_for(lambda: alerts(ready)["x:1"].state == "acknowledged", "it is acknowledged")
        taken = len(receiver.taken)
        send(ready, candidate("2"))
        wait_for(lambda: "x:2" in alerts(ready) and len(receiver.taken) >= taken + 2, "another is repeated")
        assert not [one for one in list(receiver.taken.values())[taken:] if one.body["data"]["alert"] == opened.id]
    assert receiver.forged == 0
    acts = [codec.decode(AUDIT, record.value).act for record in read_topic(ready, AUDIT)]
    assert {"alert-opened", "page-sent", "alert-acknowledged"} <= set(acts)


def test_of_two_workers_one_has_both_topics_and_the_other_takes_over(
    ready: Settings, receiver: WebhookReceiver, tmp_path: Path
) -> None:
    environment = paged_to(receiver, tmp_path)
    with WorkerProcesses(ready, "page", "page", **environment) as workers:
        workers.wait_until_up()
        wait_for(lambda: sorted(shares(ready)) == [[], ["alert-actions", "alert-candidates"]], "one has both")
        send(ready, candidate("1"))
        wait_for(lambda: len(receiver.taken) == 1, lambda: f"it is paged; {workers.log('page')}")
        assert workers.says("page", "holding the alerts") >= 1
        wait_for(lambda: settled(ready), "its end is written down: a page without one would be sent again")
        for pid in workers.pids_of("page"):  # whichever has them: the other first, or it would be told twice
            os.kill(pid, signal.SIGSTOP)
            send(ready, candidate(f"while {pid} stands still"))
            try:
                wait_for(
                    lambda pid=pid: f"x:while {pid} stands still" in alerts(ready), "the other one opens the alert"
                )
                wait_for(lambda: settled(ready), "its end is written down, too")
            finally:
                os.kill(pid, signal.SIGCONT)
        wait_for(lambda: len(receiver.taken) == 3, "all are paged")
    assert receiver.repeats == 0


def shares(settings: Settings) -> list[list[str]]:
    """Of each member of the page group, the topics that it has a partition of."""
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap())
    try:
        group = admin.describe_groups([settings.named("flagpost-page")])[settings.named("flagpost-page")]
    finally:
        admin.close()
    prefix = f"{settings.namespace}-"
    return [
        sorted(
            topic["topic"].removeprefix(prefix)
            for topic in (member["member_assignment"] or {}).get("assigned_partitions", ())
            if topic["partitions"]
        )
        for member in group["members"]
    ]
