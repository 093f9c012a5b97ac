"""What is no HTTP, or pretends to be other HTTP than it is, sent to `flagpost ingest-http`; real sockets."""

from __future__ import annotations

import pytest

from tests.doubles.scripted_publisher import ScriptedPublisher
from tests.security.http_socket import POST, TOKEN, asked, request, statuses
from tests.security.logs import logged


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
