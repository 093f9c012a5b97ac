"""The endpoint behind the links on a real socket, as it is shipped: nobody without a link learns or does anything there."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest

from pipeline.ingest.http.serve import serve
from pipeline.page.http import form
from pipeline.page.http.app import LinksServer
from tests.alert_links import ALERT, LINKS, NOW, Stage, link
from tests.security.http_socket import asked, statuses
from tests.security.logs import logged

SIGNATURE = link().rpartition(".")[2]


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
async def port(stage: Stage) -> AsyncIterator[int]:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    server = LinksServer(LINKS, stage, stage.publish, now=lambda: NOW)
    running = asyncio.create_task(serve(server, "127.0.0.1", 0, ready.set_result, most=8))
    yield int((await ready).rpartition(":")[2])
    signal.raise_signal(signal.SIGTERM)
    await running


def pressed(payload: bytes = b"kind=resolve", *lines: str, path: str = "", method: str = "POST") -> bytes:
    """A request as bytes; ``lines`` are further headers."""
    head = [f"{method} {path or link()} HTTP/1.1", "Host: x", f"Content-Type: {form.FORM}", *lines]
    if not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in lines):
        head.append(f"Content-Length: {len(payload)}")
    return "\r\n".join([*head, "Connection: close", "", ""]).encode() + payload


async def test_a_button_on_the_same_socket_works(port: int, stage: Stage) -> None:
    assert statuses(await asked(port, pressed())) == [303]
    assert len(stage.actions) == 1


@pytest.mark.parametrize(
    "sent",
    [
        pressed(method="GET"),
        pressed(method="HEAD"),
        pressed(method="PUT"),
        pressed(path=link().replace(ALERT.id, "zzzzzzzzzzzzzzzz")),
        pressed(path=link() + "/"),
        pressed(path="//a.example" + link()),
        pressed(path=link() + "%00"),
        pressed(path="/a/%ff%fe"),
        pressed(path="/a/" + "x" * 7000),
        pressed(b"kind=resolve", "Content-Encoding: gzip"),
        pressed(b"", "Transfer-Encoding: chunked") + (b"1000\r\n" + b"k" * 4096 + b"\r\n") * 10,
        pressed(b"kind=resolve", "Content-Length: 12", "Content-Length: 13"),
        pressed(b"GET " + link().encode() + b" HTTP/1.1\r\n\r\n"),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST " + b"/" * 100_000 + b" HTTP/1.1\r\n\r\n",
    ],
    ids=[
        "get", "head", "put", "other alert", "slash", "host", "nul", "no text", "long", "packed", "endless", "lengths",
        "smuggled", "tls", "line",
    ],
)  # fmt: skip
async def test_what_no_button_sends_does_nothing_and_is_not_quoted(port: int, stage: Stage, sent: bytes) -> None:
    with logged() as lines:
        answer = await asked(port, sent)
    assert len(statuses(answer)) <= 1
    assert stage.actions == []
    assert SIGNATURE.encode() not in answer
    assert b"Traceback" not in answer
    assert SIGNATURE not in lines.getvalue()


async def test_no_link_is_in_the_log(port: int) -> None:
    with logged("DEBUG") as lines:
        for sent in (pressed(), pressed(), pressed(method="GET"), pressed(path=link()[:-1]), pressed(b"kind=x")):
            await asked(port, sent)
    assert "action recorded" in lines.getvalue()
    assert SIGNATURE[:-1] not in lines.getvalue()


async def test_a_body_that_drips_is_refused_in_time(port: int, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "BODY_SECONDS", 0.2)
    assert statuses(await asked(port, pressed(b"kind", "Content-Length: 12"), seconds=60)) == [408]
    assert stage.actions == []


async def test_beyond_the_bound_a_connection_is_sent_away(port: int) -> None:
    open_ones = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
    assert statuses(await asked(port, b"", seconds=60)) == [503]
    for _, writer in open_ones:
        writer.close()
