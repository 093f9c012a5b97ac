"""Which button was pressed: reads the form of a page of ours, within its limits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, get_args
from urllib.parse import parse_qs

from aiohttp import web

from pipeline.page.http import pages
from schemas.alert import ActionKind

MAX_BODY: Final = 4096
BODY_SECONDS: Final = 10.0
MOST_DIGITS: Final = 9
"""Of a number of escalation steps."""

FORM: Final = "application/x-www-form-urlencoded"
KINDS: Final[tuple[ActionKind, ...]] = get_args(ActionKind)


class Refusal(Exception):
    """A request that is answered with ``page`` and records nothing."""

    def __init__(self, status: int, page: str) -> None:
        super().__init__(str(status))
        self.status = status
        self.page = page


@dataclass(frozen=True, slots=True)
class Press:
    """A button, and how many escalation steps were taken when its page was made; None where the page did not say."""

    kind: ActionKind
    step: int | None = None


async def press_in(request: web.Request) -> Press:
    """Which button was pressed. Raises `Refusal`; a body beyond `MAX_BODY` is not read to its end."""
    if request.content_type != FORM or request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refusal(415, pages.no_form())
    body = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for block in request.content.iter_any():
                body += block
                if len(body) > MAX_BODY:
                    raise Refusal(413, pages.no_form())
    except TimeoutError:
        raise Refusal(408, pages.no_form()) from None
    try:
        fields = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=4)
    except ValueError:
        raise Refusal(400, pages.no_form()) from None
    kind, step = kind_of(fields.get("kind", [""])[0]), fields.get("step", [None])[0]
    if kind is None or not (step is None or (step.isdecimal() and len(step) <= MOST_DIGITS)):
        raise Refusal(400, pages.no_form())
    return Press(kind, None if step is None else int(step))


def kind_of(text: str | None) -> ActionKind | None:
    return next((kind for kind in KINDS if kind == text), None)
