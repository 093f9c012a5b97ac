"""Reads a request's body within its limits, and the posts in it."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from aiohttp import web

from pipeline.ingest.http.answers import Refusal
from pipeline.ingest.sources.jsonl import parse_object
from schemas.codec import InvalidMessage

MAX_BODY: Final = 4 * 1024 * 1024
MAX_POSTS: Final = 1000
BODY_SECONDS: Final = 15.0

JSON: Final = "application/json"
NDJSON: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")

Entry = dict[str, Any] | InvalidMessage


def require_usable(request: web.BaseRequest) -> None:
    """Raises `Refusal` for what the headers already show to be unusable."""
    if request.content_type not in (JSON, *NDJSON) or (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise Refusal(415, f"The content type must be {JSON} or {NDJSON[0]}, in UTF-8.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refusal(415, "A packed body is not taken; send it without Content-Encoding.")
    if (request.content_length or 0) > MAX_BODY:
        raise _too_large()


async def read_body(request: web.BaseRequest, seconds: float = BODY_SECONDS) -> bytes:
    """The body. Raises `Refusal` when it is larger than `MAX_BODY` or takes longer than ``seconds``."""
    blocks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for block in request.content.iter_any():
                size += len(block)
                if size > MAX_BODY:
                    raise _too_large()
                blocks.append(block)
    except TimeoutError:
        raise Refusal(408, f"The body took longer than {seconds:.0f} s.") from None
    return b"".join(blocks)


def entries_of(body: bytes, content_type: str) -> list[Entry]:
    """The posts of ``body``, each an object or what is wrong with it. Raises `Refusal`."""
    entries = _lines(body) if content_type in NDJSON else _values(body)
    if not entries:
        raise Refusal(400, "There is no post in the body.")
    if len(entries) > MAX_POSTS:
        raise Refusal(413, f"{len(entries)} posts in one request; at most {MAX_POSTS}.")
    return entries


def _lines(body: bytes) -> list[Entry]:
    lines = [line for line in body.split(b"\n") if line and not line.isspace()]
    if len(lines) > MAX_POSTS:
        raise Refusal(413, f"{len(lines)} posts in one request; at most {MAX_POSTS}.")
    entries: list[Entry] = []
    for line in lines:
        try:
            entries.append(parse_object(line))
        except InvalidMessage as fault:
            entries.append(fault)
    return entries


def _values(body: bytes) -> list[Entry]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        raise Refusal(400, "The body is not JSON in UTF-8.") from None
    values = value if isinstance(value, list) else [value]
    return [one if isinstance(one, dict) else InvalidMessage("wrong_shape", "not a JSON object") for one in values]


def _too_large() -> Refusal:
    return Refusal(413, f"The body is larger than {MAX_BODY} bytes.")
