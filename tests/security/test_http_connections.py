"""Connections that are slow, idle or too many keep nobody else out of `flagpost ingest-http`; real sockets."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from pipeline.ingest.http import body
from tests.doubles.scripted_publisher import ScriptedPublisher
from tests.security.http_server import IDLE_SECONDS, serving
from tests.security.http_socket import asked, request, statuses
from tests.security.logs import logged


@pytest.mark.parametrize(
    "sent", [b"", b"POST /posts HTTP/1.1\r\nHost: x\r\nX-Slow: "], ids=["nothing", "half a header"]
)
async def test_a_connection_on_which_no_request_comes_is_closed(port: int, sent: bytes) -> None:
    assert statuses(await asked(port, sent, seconds=10 * IDLE_SECONDS)) in ([], [400], [408])


async def test_a_header_that_drips_is_cut_off(port: int) -> None:
    """Slowloris: a byte now and then keeps a connection for ever where only silence is timed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /posts HTTP/1.1\r\nHost: x\r\n")
    closed = asyncio.create_task(reader.read())
    async with asyncio.timeout(20 * IDLE_SECONDS):
        while not closed.done():
            with contextlib.suppress(ConnectionError):
                writer.write(b"X: y\r\n")
                await writer.drain()
            await asyncio.wait({closed}, timeout=IDLE_SECONDS / 5)
    writer.close()


async def test_slow_connections_keep_nobody_else_out(port: int, publisher: ScriptedPublisher) -> None:
    slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
    for number, (_, writer) in enumerate(slow):
        # Half of them stop in the header, half before the body: these have no valid token, so they get no slot.
        writer.write(b"POST /posts HTTP/1.1\r\n" if number % 2 else request(b"", "Content-Length: 9", token="wrong"))
    assert statuses(await asked(port, request())) == [200]
    for _, writer in slow:
        writer.close()


async def test_a_body_that_drips_is_refused_in_time(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body.read_body, "__defaults__", (IDLE_SECONDS,))
    chunked = request(b"", "Transfer-Encoding: chunked", type="application/x-ndjson")
    assert statuses(await asked(port, chunked + b"1\r\n{\r\n")) == [408]
    assert statuses(await asked(port, request(b"{", "Content-Length: 100"))) == [408]


async def test_beyond_the_bound_a_connection_is_sent_away_until_another_has_ended(
    publisher: ScriptedPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    with logged() as lines:
        async with serving(publisher, monkeypatch, most=4) as port:
            open_ones = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
            for _ in range(20):
                assert statuses(await asked(port, b"", seconds=60)) == [503]
            assert lines.getvalue().count("too many connections") == 1, "once a minute"
            assert publisher.posts == []
            for _, writer in open_ones:
                writer.close()
            async with asyncio.timeout(5):
                while statuses(await asked(port, request())) != [200]:  # noqa: ASYNC110 — the server's side ends later
                    await asyncio.sleep(0.01)
    assert len(publisher.posts) == 1


async def test_of_many_that_connect_at_once_no_more_than_the_bound_are_kept(
    publisher: ScriptedPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(publisher, monkeypatch, most=4, idle=60) as port:
        opened = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(60)))
        reading = [asyncio.create_task(reader.read()) for reader, _ in opened]
        async with asyncio.timeout(10):
            while sum(one.done() for one in reading) < 60 - 4:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        kept = [writer for one, (_, writer) in zip(reading, opened, strict=True) if not one.done()]
        assert len(kept) == 4
        for writer in kept:
            writer.close()
