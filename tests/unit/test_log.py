from __future__ import annotations

import logging

from pipeline.log import SELDOM_SECONDS, Seldom
from tests.doubles.manual_clock import ManualClock


def record(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("aiokafka", logging.WARNING, "", 0, message, arguments, None)


def test_what_a_client_repeats_is_said_once_in_a_while() -> None:
    clock = ManualClock()
    seldom = Seldom(clock.monotonic)
    assert seldom.filter(record("can't connect to %s", 1))
    assert not seldom.filter(record("can't connect to %s", 2))
    assert seldom.filter(record("something else"))
    clock.advance(SELDOM_SECONDS + 1)
    assert seldom.filter(record("can't connect to %s", 3))
