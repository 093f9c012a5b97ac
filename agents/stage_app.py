"""The Faust app that every agent is: one topic in, one consumer group, one delivery.

Faust's traps, and how this file steps around each, are told in DESIGN's facts: raw bytes in and out, `noack_take` with an
ack after success only, no tables, no leader topic, no web server, and never an exception out of the loop.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final

import faust
from faust.types import EventT, StreamT

from agents.health import HealthServer
from agents.kafka_producer import KafkaProducer, ssl_context
from pipeline.delivery import Delivery, Outage, Stage
from pipeline.errors import ElasticsearchUnavailable, FlagpostError, KafkaUnavailable
from pipeline.journal import CrashJournal
from pipeline.log import configure, get_logger, logging_config
from pipeline.message import Message
from pipeline.metrics import STUCK_AFTER, StageMetrics
from pipeline.pause import PoisonGuard, pause_file
from pipeline.retry import RetryPolicy
from pipeline.settings import Settings, load_settings
from pipeline.supervisor import EXIT_FAULT, EXIT_HALTED, EXIT_OUTAGE, SUPERVISOR_VARIABLE
from schemas.topics import Topic

log = get_logger(__name__)

MAX_POLL_INTERVAL: Final = float((2**31 - 1) // 1000)
"""Seconds between polls after which aiokafka would leave the group: as good as never. Faust would not come back from that,
and a paused stage does not poll. A dead worker is noticed by its missing heartbeats, a stuck one by `look`."""

LOOK_EVERY: Final = 2.0
"""Seconds between two looks at the lag, the pause and the supervisor."""

StageMaker = Callable[[Settings, KafkaProducer, AsyncExitStack], Awaitable[Stage]]
"""Builds a stage; what must be closed at the end goes onto the exit stack."""


def stage_app(name: str, topic: Topic, batch: Callable[[Settings], int], make: StageMaker) -> faust.App:
    """A Faust app that takes batches of ``topic`` and delivers them to the stage that ``make`` builds at its start."""
    settings = load_settings()
    configure(settings.log_level)
    datadir = settings.home / "faust" / name
    datadir.mkdir(parents=True, exist_ok=True)
    app = faust.App(
        settings.named(f"flagpost-{name}"),
        broker=[f"aiokafka://{address}" for address in settings.bootstrap().split(",")],
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
    )
    source = app.topic(settings.named(topic.name), value_type=bytes, value_serializer="raw", key_serializer="raw")
    worker = _Worker(name, settings, make)

    @app.agent(source, concurrency=1, name=name)
    async def deliver(stream: StreamT[Any]) -> None:
        delivery = await worker.start()
        async for events in stream.noack_take(  # type: ignore[attr-defined]
            batch(settings), within=settings.batch_within
        ):
            await worker.deliver(delivery, events, topic)

    @app.timer(interval=LOOK_EVERY, name=f"{name}-look")
    async def look() -> None:
        await worker.look(app)
        if _orphaned():
            log.error("supervisor is gone", stage=name)
            os.kill(os.getpid(), signal.SIGTERM)

    @app.on_before_shutdown.connect
    async def close(*_arguments: Any, **_options: Any) -> None:
        await worker.close()

    return app


class _Worker:
    """One process's share of a stage."""

    def __init__(self, name: str, settings: Settings, make: StageMaker) -> None:
        self._name = name
        self._settings = settings
        self._make = make
        self._delivery: Delivery | None = None
        self._starting = asyncio.Lock()
        self._resources = AsyncExitStack()
        self._guard = PoisonGuard(pause_file(settings.home, name))
        self.metrics = StageMetrics(name)

    async def start(self) -> Delivery:
        """Builds stage, producer and health server, once a process."""
        async with self._starting:
            if self._delivery is not None:
                return self._delivery
            settings = self._settings
            try:
                producer = await KafkaProducer.start(settings)
                self._resources.push_async_callback(producer.stop)
                stage = await self._make(settings, producer, self._resources)
                await HealthServer(self._name, settings, self.metrics).start()
            except FlagpostError as error:
                self._halt(error)
            except Exception as error:
                self._fault(error)
            self._delivery = Delivery(
                stage=stage,
                producer=producer,
                journal=CrashJournal.claim(settings.home / "journal", self._name),
                guard=self._guard,
                metrics=self.metrics,
                policy=RetryPolicy(limit=settings.retry_limit),
            )
            self.metrics.progressed()
            log.info("stage started", stage=self._name)
            return self._delivery

    async def close(self) -> None:
        """Closes connections at a clean end."""
        await self._resources.aclose()

    async def deliver(self, delivery: Delivery, events: list[EventT[Any]], topic: Topic) -> None:
        """Delivers a batch, then acks its events in order. Ends the process on anything that must not be acked."""
        try:
            await delivery.deliver([_message(event, topic) for event in events])
        except Outage as outage:
            log.error("outage", stage=self._name, reason=str(outage))
            _end(EXIT_OUTAGE)
        except FlagpostError as error:
            self._halt(error)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._fault(error)
        for event in events:
            event.ack()

    def _halt(self, error: FlagpostError) -> None:
        if isinstance(error, KafkaUnavailable | ElasticsearchUnavailable):
            log.error("outage", stage=self._name, reason=error.message, hint=error.hint)
            _end(EXIT_OUTAGE)
        log.error("stage halted", stage=self._name, reason=error.message, hint=error.hint)
        _end(EXIT_HALTED)

    def _fault(self, error: Exception) -> None:
        log.error("unexpected fault", stage=self._name, exc_info=error)
        _end(EXIT_FAULT)

    async def look(self, app: faust.App) -> None:
        """Measures lag and pause for health, and ends a process whose batch will not end by itself."""
        if reason := self._guard.paused:
            self.metrics.paused(reason)
        else:
            self.metrics.resumed()
            if self.metrics.stuck:
                log.error("stuck", stage=self._name, reason=f"a batch is in work for more than {STUCK_AFTER:g} s")
                _end(EXIT_FAULT)
        try:
            async with asyncio.timeout(5.0):
                self.metrics.lag(await _lag(app))
        except Exception:
            # Whatever kept us from asking (Kafka is away, a rebalance goes on): health says so when it lasts.
            self.metrics.lag_unknown()


async def _lag(app: faust.App) -> int | None:
    """Ends of the assigned partitions less what is committed, asked of the brokers; None when nothing is assigned."""
    consumer = app.consumer
    assigned = consumer.assignment()
    if not assigned:
        return None
    ends = await consumer.highwaters(*assigned)
    beginnings = await consumer.earliest_offsets(*assigned)
    # Faust has no public view of what it has committed.
    committed: dict[Any, int | None] = consumer._committed_offset  # type: ignore[attr-defined]
    return sum(max(ends[one] - max(committed.get(one) or 0, beginnings[one]), 0) for one in assigned)


def _message(event: EventT[Any], topic: Topic) -> Message:
    record = event.message
    return Message(
        topic=topic.name,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        timestamp=dt.datetime.fromtimestamp(record.timestamp, dt.UTC),
    )


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


def _end(code: int) -> None:
    """Ends the process without running anything that could still ack or commit."""
    logging.shutdown()
    os._exit(code)
