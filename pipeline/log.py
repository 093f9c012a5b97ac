"""Structured logs: one JSON object a line on stderr. The text of a post is never logged above DEBUG."""

from __future__ import annotations

import logging
import logging.config
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import structlog

SELDOM_SECONDS: Final = 30.0


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


class Seldom(logging.Filter):
    """Lets a message through once in `SELDOM_SECONDS`: clients repeat theirs many times a second while Kafka is away."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        message = (record.name, str(record.msg))
        now = self._monotonic()
        if now - self._last.get(message, -SELDOM_SECONDS) < SELDOM_SECONDS:
            return False
        self._last[message] = now
        return True


class OnlyType(logging.Filter):
    """Leaves only the type of a record's exception: aiohttp's quote what is no HTTP, which may be a token or a post."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0]:
            record.msg = f"{record.msg} ({record.exc_info[0].__name__})"
            record.exc_info = record.exc_text = None
        return True


_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_config(level: str = "INFO") -> dict[str, Any]:
    """A ``logging.config`` dictionary: libraries' records and ours in one form. Faust takes it as it is."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "filters": {"seldom": {"()": Seldom}, "only_type": {"()": OnlyType}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "json"},
            "seldom": {
                "class": "logging.StreamHandler",
                "stream": sys.stderr,
                "formatter": "json",
                "filters": ["seldom"],
            },
            "only_type": {
                "class": "logging.StreamHandler",
                "stream": sys.stderr,
                "formatter": "json",
                "filters": ["only_type", "seldom"],  # anybody can send what is no HTTP, as often as they like
            },
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # What these say at INFO repeats every second or holds whole records.
            "aiokafka": {"level": "WARNING", "handlers": ["seldom"], "propagate": False},
            "kafka": {"level": "WARNING", "handlers": ["seldom"], "propagate": False},
            "aiohttp.server": {"level": "WARNING", "handlers": ["only_type"], "propagate": False},
            "faust": {"level": "WARNING"},
            "mode": {"level": "WARNING"},
            "mode.timers": {"level": "ERROR"},
            "elastic_transport": {"level": "ERROR"},
        },
    }


def configure(level: str = "INFO") -> None:
    """Sets up logging for this process."""
    logging.config.dictConfig(logging_config(level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
