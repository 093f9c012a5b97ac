"""The Faust app that every agent is: its topics in, one consumer group, one delivery.

Faust 0.15 has traps, and this file steps around each:

* `take()`, `events()` and plain iteration ack in a ``finally``, so an exception or a SIGTERM acks unfinished work: here
  `noack_take`, and an ack of each event once its batch is durable, in order (Faust commits past a hole).
* A typed topic acks a message that it can't decode before the agent sees it: here raw bytes, decoded by the stage.
* All agents of an app share a consumer and its flow control: here one app a stage.
* A table's standby can wait for ever after a crash: here no tables.
* Its web server listens on every address by default, and it creates topics: here neither.
* After leaving the group for a missed poll it does not come back: see `MAX_POLL_INTERVAL`.
* Its consumer reads what a transaction holds before it is committed, unless the whole app works in transactions of Faust's
  own: here a thread of `_CommittedThread`, so that what a page worker took back is never indexed.
* It counts the message after a hole among the holes, and so commits no further than to the next hole at once: of
  transactions, each of which ends with one, one a second. Here only what is no message is a hole.
* Agents start when partitions are assigned: here the stage is built before, see `_StageApp`.
* Its worker waits a second when everything has ended, for nothing of ours: here `_PromptWorker`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, Final

import faust
from aiokafka import AIOKafkaConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP, StreamT

from agents.kafka_producer import ssl_context
from agents.worker import StageMaker, Worker
from pipeline.errors import FlagpostError
from pipeline.home import require_home
from pipeline.lag import READERS
from pipeline.log import configure, get_logger, logging_config
from pipeline.settings import Settings, load_settings
from pipeline.supervisor import SUPERVISOR_VARIABLE

log = get_logger(__name__)

MAX_POLL_INTERVAL: Final = float((2**31 - 1) // 1000)
"""Seconds between polls after which aiokafka would leave the group: as good as never. Faust would not come back from that,
and a paused stage does not poll. A dead worker is noticed by its missing heartbeats, a stuck one by `look`."""

LOOK_EVERY: Final = 5.0
"""Seconds between two looks at the lag, the pause and the supervisor. Asking for the lag waits for the poll under way."""


_FAUST: Final = logging.getLogger("faust")
"""Of what inherits from Faust: else its notes of every start and stop would count as ours."""


class _CommittedThread(AIOKafkaConsumerThread):
    """Makes a consumer that reads what is committed. Faust has no setting for that."""

    logger = _FAUST

    def _create_worker_consumer(self, transport: Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # its fetcher is made of it when it starts
        return consumer


class _CommittedConsumer(Consumer):
    logger = _FAUST

    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return _CommittedThread(self, loop=self.loop, beacon=self.beacon)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Notes that there is no message between two: ``offset_to`` is the second one's, which Faust counts as well."""
        await super()._add_gap(tp, offset_from, offset_to - 1)


class _CommittedTransport(Transport):
    Consumer = _CommittedConsumer


class _PromptWorker(faust.Worker):
    logger = _FAUST

    async def _sentinel_task(self) -> None:
        """The last that the event loop runs: once round, for what was closed. Mode sleeps here."""
        await asyncio.sleep(0)


class _StageApp(faust.App):
    """Builds its stage before it joins the consumer group.

    A worker that must not work (its model is refused, its index is not set up) would otherwise take partitions from those
    that do, and each time it ended they would wait for its session to run out.
    """

    worker: Worker
    logger = _FAUST

    def _new_transport(self) -> Transport:
        return _CommittedTransport(self.conf.broker_consumer, self)

    async def on_first_start(self) -> None:
        await self.worker.start()
        await super().on_first_start()


def stage_app(
    name: str,
    batch: Callable[[Settings], int],
    make: StageMaker,
    within: Callable[[Settings], float] = lambda settings: settings.batch_within,
) -> faust.App:
    """A Faust app that takes batches of the stage's topics (`pipeline.lag.READERS`) and delivers them to the stage that
    ``make`` builds at its start.

    A batch holds what came ``within`` seconds, at most ``batch`` messages.
    """
    topics = READERS[name]
    try:
        settings = load_settings()
        configure(settings.log_level)
        require_home(settings)
        brokers = settings.bootstrap()
    except FlagpostError as error:
        sys.exit(f"{error.message}\n{error.hint}")
    datadir = settings.home / "faust" / name
    datadir.mkdir(parents=True, exist_ok=True)
    app = _StageApp(
        settings.named(f"flagpost-{name}"),
        broker=[f"aiokafka://{address}" for address in brokers.split(",")],
        broker_credentials=_credentials(settings),
        broker_session_timeout=10.0,
        broker_heartbeat_interval=2.0,
        broker_commit_interval=1.0,
        broker_max_poll_records=500,
        broker_max_poll_interval=MAX_POLL_INTERVAL,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=4 * 1024 * 1024,
        stream_wait_empty=False,
        stream_buffer_maxsize=2 * batch(settings),
        topic_disable_leader=True,
        topic_allow_declare=False,
        store="memory://",
        web_enabled=False,
        datadir=str(datadir),
        logging_config=logging_config(settings.log_level),
        Worker=_PromptWorker,
    )
    source = app.topic(
        *(settings.named(topic.name) for topic in topics),
        value_type=bytes,
        value_serializer="raw",
        key_serializer="raw",
    )
    app.worker = worker = Worker(name, settings, make)

    @app.agent(source, concurrency=1, name=name)
    async def deliver(stream: StreamT[Any]) -> None:
        delivery, most = await worker.start(), batch(settings)
        try:
            async for events in stream.noack_take(most, within=within(settings)):  # type: ignore[attr-defined]
                await worker.take(delivery, events, full=len(events) >= most)
        finally:
            worker.drop()

    @app.timer(interval=LOOK_EVERY, name=f"{name}-look")
    async def look() -> None:
        await worker.look(app)
        if _orphaned():
            log.error("supervisor is gone", stage=name)
            os.kill(os.getpid(), signal.SIGTERM)

    @app.on_partitions_assigned.connect
    async def assigned(*arguments: Any, **_options: Any) -> None:
        _app, partitions = arguments
        await worker.assigned({(one.topic, one.partition) for one in partitions})

    @app.on_partitions_revoked.connect
    async def revoked(*_arguments: Any, **_options: Any) -> None:
        await worker.revoked()

    @app.on_before_shutdown.connect
    async def close(*_arguments: Any, **_options: Any) -> None:
        await worker.close()

    return app


def _credentials(settings: Settings) -> Any:
    context = ssl_context(settings)
    if settings.kafka_security_protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=settings.kafka_username,
            password=settings.kafka_password.get_secret_value() if settings.kafka_password else None,
            ssl_context=context,
            mechanism=settings.kafka_sasl_mechanism,
        )
    return faust.SSLCredentials(context=context) if context else None


def _orphaned() -> bool:
    """Whether the supervisor that started this process has died: nobody would stop or restart it any more."""
    supervisor = os.environ.get(SUPERVISOR_VARIABLE)
    return supervisor is not None and os.getppid() != int(supervisor)
