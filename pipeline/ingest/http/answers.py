"""What the server answers, always JSON."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from aiohttp import web


class Rejected(msgspec.Struct, frozen=True):
    """A post that was not taken; ``index`` counts from 0 in the order of the request."""

    index: int
    reason: str
    detail: str


class Receipt(msgspec.Struct, frozen=True):
    """``accepted`` posts are acknowledged by Kafka."""

    accepted: int
    rejected: list[Rejected]

    def status(self) -> int:
        return 200 if self.accepted else 422


class Refusal(Exception):
    """A request of which nothing counts as taken. ``message`` never quotes it."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


def answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(body), content_type="application/json", headers=dict(headers or {})
    )
