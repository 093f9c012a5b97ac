"""The pages behind the links: nothing from elsewhere, headers that forbid it, and readable by day, by night and aloud."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import ClientResponse

from tests.alert_links import NOW, Client, Stage, answering, link, press
from tests.doubles.manual_clock import ManualClock
from tests.html_page import Read, contrast


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[Client]:
    async with answering(stage, ManualClock(NOW)) as client:
        yield client


async def test_every_answer_forbids_what_a_page_of_ours_never_needs(client: Client) -> None:
    answers = [
        await client.get(link()),
        await press(client, "acknowledge", follow=False),
        await client.get("/nowhere"),
        await client.get("/healthz"),
        await client.put(link()),
    ]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        for part in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
            assert part in policy
        assert "unsafe" not in policy
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["Server"] == "flagpost"
        assert "Set-Cookie" not in answer.headers


async def test_the_style_that_is_sent_is_the_one_that_the_policy_allows(client: Client) -> None:
    answer = await client.get(link())
    (style,) = re.findall("<style>(.*?)</style>", await answer.text(), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]


Look = Callable[[Client, Stage], Awaitable[ClientResponse]]


async def _pending(client: Client, stage: Stage) -> ClientResponse:
    stage.answers = False
    return await press(client, "resolve")


LOOKS: dict[str, Look] = {
    "alert": lambda client, stage: client.get(link()),
    "recorded": lambda client, stage: press(client, "acknowledge"),
    "pending": _pending,
    "nowhere": lambda client, stage: client.get("/nowhere"),
    "expired": lambda client, stage: client.get(link(at=NOW - dt.timedelta(days=1))),
    "no form": lambda client, stage: press(client, "nonsense"),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
async def test_every_page_can_be_read_aloud_and_needs_nothing_from_elsewhere(
    client: Client, stage: Stage, look: Look
) -> None:
    answer = await look(client, stage)
    html = await answer.text()
    page = Read(html)
    assert answer.content_type == "text/html"
    assert html.startswith("<!doctype html>")
    assert page.all("html") == [{"lang": "en-GB"}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")
    assert page.all("script") == page.all("img") == page.all("link") == page.all("iframe") == []
    assert not re.search("(?i)https?://|url\\(|@import", html)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for button in page.all("button"):
        assert button["aria-describedby"] in ids
    for form in page.all("form"):
        assert form == {"method": "post", "action": "?"}


async def test_colours_can_be_told_apart_by_day_and_by_night(client: Client) -> None:
    html = await (await client.get(link())).text()
    schemes = [
        dict(re.findall("--([a-z]+): (#[0-9a-f]{6})", part)) for part in re.findall(":root {[^}]*--[^}]*}", html)
    ]
    assert len(schemes) == 2
    for colours in schemes:
        for text in ("ink", "quiet", "act"):
            assert contrast(colours[text], colours["paper"]) >= 4.5, text
        assert contrast(colours["on"], colours["act"]) >= 4.5
        assert contrast(colours["line"], colours["paper"]) >= 3
