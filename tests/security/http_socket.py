"""Requests as bytes on a socket: a client that does what no HTTP library would."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re

TOKEN = "sesame-open-wide"
POST = json.dumps({"source": "webform", "id": "1", "text": "help", "created_at": "2026-08-15T11:00:00Z"}).encode()


def request(payload: bytes = POST, *lines: str, token: str = TOKEN, type: str = "application/json") -> bytes:
    """A request as bytes; ``lines`` are further headers, which replace Content-Length when they say how long the body is."""
    head = ["POST /posts HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", f"Content-Type: {type}", *lines]
    if not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in lines):
        head.append(f"Content-Length: {len(payload)}")
    return "\r\n".join([*head, "", ""]).encode() + payload


async def asked(port: int, sent: bytes, seconds: float = 20) -> bytes:
    """All that the server answers to ``sent`` until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        async with asyncio.timeout(seconds):
            answer = b""
            with contextlib.suppress(ConnectionError):
                while block := await reader.read(65536):
                    answer += block
            return answer
    finally:
        writer.close()


def statuses(answer: bytes) -> list[int]:
    """Status of every answer on one connection."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]
