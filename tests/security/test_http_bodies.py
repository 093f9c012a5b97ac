"""Bodies that `flagpost ingest-http` must not unpack, gather without end, or take for another kind; real sockets."""

from __future__ import annotations

import gzip
import zlib

import psutil
import pytest

from tests.doubles.scripted_publisher import ScriptedPublisher
from tests.security.http_socket import POST, asked, request, statuses


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
