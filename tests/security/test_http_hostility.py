"""What somebody can do to `flagpost ingest-http` who only reaches its port; real sockets, the server as shipped."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hmac
import signal
import zlib
from collections.abc import AsyncIterator
from typing import Any

import psutil
import pytest
from aiohttp import web

from pipeline.ingest.http import app, body, serve
from tests.doubles.scripted_publisher import ScriptedPublisher
from tests.security.http_socket import POST, TOKEN, asked, request, statuses
from tests.security.logs import logged

IDLE_SECONDS = 0.5
"""Instead of the shipped half minute, so that the tests need not wait for it."""


@pytest.fixture
def publisher() -> ScriptedPublisher:
    return ScriptedPublisher()


@pytest.fixture
async def port(publisher: ScriptedPublisher, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """Where `serve` listens, with everything as shipped but the time that an idle connection may stay."""

    def runner(application: web.Application, **options: Any) -> web.AppRunner:
        assert 0 < options["keepalive_timeout"] <= 60
        assert 0 < options["lingering_time"] <= 10
        return web.AppRunner(
            application, **{**options, "keepalive_timeout": IDLE_SECONDS, "lingering_time": IDLE_SECONDS}
        )

    monkeypatch.setattr(serve, "web", type("web", (), {"AppRunner": staticmethod(runner), "TCPSite": web.TCPSite}))
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve.serve(app.PostsServer(publisher, TOKEN), "127.0.0.1", 0, ready.set_result))
    await asyncio.wait({ready, serving}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        await serving  # says why
    yield int(ready.result().rpartition(":")[2])
    signal.raise_signal(signal.SIGTERM)
    await serving


async def test_a_good_request_on_the_same_socket_code_is_taken(port: int, publisher: ScriptedPublisher) -> None:
    assert statuses(await asked(port, request())) == [200]
    assert len(publisher.posts) == 1


async def test_tokens_are_compared_in_constant_time(
    port: int, publisher: ScriptedPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr(app, "hmac", type("hmac", (), {"compare_digest": staticmethod(compare)}))
    wrong = ["", TOKEN[:-1], f"{TOKEN}x", TOKEN.upper(), f"{TOKEN} {TOKEN}"]
    answers = [statuses(await asked(port, request(token=one))) for one in wrong]
    assert answers == [[401]] * len(wrong)
    assert len(compared) == len(wrong)
    assert {other for _, other in compared} == {TOKEN.encode()}
    assert publisher.posts == []


async def test_without_a_token_no_body_is_read(port: int) -> None:
    """Somebody unknown must not make us hold four megabytes: the answer comes before the body does."""
    unsent = request(b"", f"Content-Length: {body.MAX_BODY}", token="wrong")
    assert statuses(await asked(port, unsent, seconds=5)) == [401]


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


@pytest.mark.parametrize(
    "packed",
    [
        ("gzip", gzip.compress(b"[" + b" " * 64_000_000 + b"]")),
        ("deflate", zlib.compress(b"[" + b" " * 64_000_000 + b"]")),
        ("gzip, gzip", gzip.compress(gzip.compress(b" " * 64_000_000))),
        ("br", b"\x0b\x02\x80"),
        ("GZIP", gzip.compress(POST)),
    ],
    ids=lambda packed: packed[0],
)
async def test_a_packed_body_is_refused_without_unpacking(
    port: int, publisher: ScriptedPublisher, packed: tuple[str, bytes]
) -> None:
    before = psutil.Process().memory_info().rss
    assert statuses(await asked(port, request(packed[1], f"Content-Encoding: {packed[0]}"))) == [415]
    assert psutil.Process().memory_info().rss - before < 30_000_000
    assert publisher.posts == []


async def test_packing_in_the_transfer_is_refused_too(port: int, publisher: ScriptedPublisher) -> None:
    bomb = gzip.compress(b"[" + b" " * 64_000_000 + b"]")
    sent = request(b"%x\r\n%b\r\n0\r\n\r\n" % (len(bomb), bomb), "Transfer-Encoding: gzip, chunked")
    assert statuses(await asked(port, sent))[0] >= 400
    assert publisher.posts == []


async def test_a_body_without_end_is_cut_off_at_the_limit(port: int, publisher: ScriptedPublisher) -> None:
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    endless = request(b"", "Transfer-Encoding: chunked", type="application/x-ndjson") + chunk * 100
    assert statuses(await asked(port, endless)) == [413]
    assert publisher.posts == []


@pytest.mark.parametrize(
    "type", ["text/plain", "multipart/form-data; boundary=x", "application/json, text/html", "application/xml", ""]
)
async def test_another_content_type_is_refused(port: int, publisher: ScriptedPublisher, type: str) -> None:
    assert statuses(await asked(port, request(type=type))) == [415]
    assert publisher.posts == []


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS to a plain port
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n" * 1000 + b"\x00" * 1000,
        b"POST /posts HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n123456",
        b"POST /posts HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /posts HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /posts HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"POST /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /posts HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
    ],
    ids=["tls", "version", "nul", "two lengths", "length and chunks", "negative", "long header", "long path", "many"],
)
async def test_garbage_is_answered_with_an_error_or_not_at_all(
    port: int, publisher: ScriptedPublisher, garbage: bytes
) -> None:
    found = statuses(await asked(port, garbage))
    assert all(400 <= status < 500 for status in found), found
    assert len(found) <= 1
    assert publisher.posts == []


async def test_behind_garbage_no_further_request_is_read(port: int, publisher: ScriptedPublisher) -> None:
    found = statuses(await asked(port, request() + b"\x00garbage\r\n\r\n" + request() * 3))
    assert found[-1] == 400
    # What is not answered with 200 is sent again by its sender: it may be there, but not twice.
    assert len(publisher.posts) == found.count(200) <= 1


async def test_a_request_smuggled_in_a_refused_body_is_not_read_as_one(port: int, publisher: ScriptedPublisher) -> None:
    inner = request()
    assert statuses(await asked(port, request(inner, token="wrong"))) == [401]
    assert publisher.posts == []


async def test_what_is_no_http_is_logged_without_being_quoted(port: int) -> None:
    """aiohttp's own words quote the line: here the right token, and a post that stands where a request should."""
    with logged() as lines:
        await asked(port, request(token=f"{TOKEN}\x00\x1b[2J"))
        await asked(port, request(POST + POST, f"Content-Length: {len(POST)}"))
        await asked(port, request(b'{"text": "help'))
    told = lines.getvalue()
    assert "BadHttpMessage" in told, "the logging that is under test has seen something"
    assert TOKEN not in told
    assert "help" not in told


async def test_refusals_do_not_repeat_what_was_sent(port: int) -> None:
    for sent in (request(b'{"text": "s3cret'), request(token="s3cret"), b"GET /s3cret HTTP/1.1\r\nHost: x\r\n\r\n"):
        answer = await asked(port, sent)
        assert len(statuses(answer)) == 1
        assert b"s3cret" not in answer
        assert TOKEN.encode() not in answer
        assert b"Traceback" not in answer
