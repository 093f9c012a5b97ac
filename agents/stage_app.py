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
from pipeline.metrics import StageMetrics
from pipeline.pause import PoisonGuard, pause_file
from pipeline.retry import RetryPolicy
from pipeline.settings import Settings, load_settings
from pipeline.supervisor import EXIT_FAULT, EXIT_HALTED, EXIT_OUTAGE, SLOT_VARIABLE, SUPERVISOR_VARIABLE
from schemas.topics import Topic

log = get_logger(__name__)

MAX_POLL_INTERVAL: Final = 600.0
"""Seconds that a batch may take before the group takes the partitions away; retries end well below it."""

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
        worker_redirect_stdouts=False,
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

    @app.timer(interval=1.0, name=f"{name}-look")
    async def look() -> None:
        worker.measure_lag(app)
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
        self.metrics = StageMetrics(name)

    async def start(self) -> Delivery:
        """Builds stage, producer and health server, once a process; a rebalance restarts the agent, not these."""
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
                journal=CrashJournal(settings.home / "journal" / f"{self._name}-{_slot()}.json"),
                guard=PoisonGuard(pause_file(settings.home, self._name)),
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

    def measure_lag(self, app: faust.App) -> None:
        """Reads the lag off the consumer: ends of the assigned partitions less what was acked."""
        consumer = app.consumer
        assigned = consumer.assignment()
        if not assigned:
            self.metrics.lag(None)
            return
        # Faust has no public view of what it has committed.
        committed: dict[Any, int | None] = consumer._committed_offset  # type: ignore[attr-defined]
        lag = 0
        for partition in assigned:
            end = consumer.highwater(partition)
            done = committed.get(partition)
            if end is not None and done is not None:
                lag += max(end - done, 0)
        self.metrics.lag(lag)


def _message(event: EventT[Any], topic: Topic) -> Message:
    record = event.message
    return Message(
        topic=topic.name,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        timestamp=dt.datetime.fromtimestamp(record.timestamp, dt.UTC),
        headers=tuple(dict(record.headers or {}).items()),
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


def _slot() -> str:
    """Which of a stage's workers on this machine this is: `flagpost worker` numbers them, so that each finds its own
    journal again after a restart."""
    return os.environ.get(SLOT_VARIABLE, "0")


def _orphaned() -> bool:
    """Whether the supervisor that started this process has died: nobody would stop or restart it any more."""
    supervisor = os.environ.get(SUPERVISOR_VARIABLE)
    return supervisor is not None and os.getppid() != int(supervisor)


def _end(code: int) -> None:
    """Ends the process without running anything that could still ack or commit."""
    logging.shutdown()
    os._exit(code)
