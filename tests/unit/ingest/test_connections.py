from __future__ import annotations

import asyncio
from typing import Any

from pipeline.ingest.http.connections import SENT_AWAY, TOLD_EVERY, BoundedConnections
from tests.doubles.manual_clock import ManualClock
from tests.security.logs import logged


class Full:
    """aiohttp's server with as many connections as there may be."""

    connections = (None,)


class Caller(asyncio.Transport):
    """Somebody who connects; remembers what was said to them."""

    def __init__(self) -> None:
        super().__init__()
        self.told = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.told += data

    def close(self) -> None:
        self.closed = True


def test_who_is_sent_away_is_told_so_and_the_log_once_a_minute_how_many() -> None:
    clock = ManualClock()
    bounded = BoundedConnections(Full(), most=1, monotonic=clock.monotonic)  # type: ignore[arg-type]
    with logged() as lines:
        for _ in range(3):
            caller = Caller()
            bounded().connection_made(caller)
            assert (caller.told, caller.closed) == (SENT_AWAY, True)
        assert lines.getvalue().count("too many connections") == 1
        clock.advance(TOLD_EVERY)
        bounded().connection_made(Caller())
    assert lines.getvalue().count("too many connections") == 2
    assert '"sent_away": 3' in lines.getvalue()


def test_the_answer_to_who_is_sent_away_is_whole() -> None:
    head, _, body = SENT_AWAY.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head.split(b"\r\n")
