"""What `POST /posts` promises its senders, with a scripted publisher behind it."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from pipeline.errors import KafkaUnavailable
from pipeline.ingest.canonical import Defaults
from pipeline.ingest.http import body
from pipeline.ingest.http.app import PostsServer
from pipeline.ingest.wordings import Wordings
from schemas import codec
from schemas.topics import POSTS
from tests.doubles.manual_clock import START
from tests.doubles.scripted_publisher import ScriptedPublisher

TOKEN = "sesame-open-wide"
SIGNED = {"Authorization": f"Bearer {TOKEN}"}
NDJSON = {**SIGNED, "Content-Type": "application/x-ndjson"}
POST = {"source": "webform", "id": "1", "text": "help", "created_at": "2026-08-15T11:00:00Z"}

SERVER = web.AppKey("server", PostsServer)

Client = TestClient[web.Request, web.Application]
Start = Callable[..., Awaitable[Client]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    clients: list[Client] = []

    async def begin(publisher: ScriptedPublisher, token: str | None = TOKEN, **options: Any) -> Client:
        server = PostsServer(publisher, token, now=lambda: START, **options)
        application = server.application()
        application[SERVER] = server
        listening = TestServer(application)
        await listening.start_server(auto_decompress=False)
        client = TestClient(listening)
        clients.append(client)
        await client.start_server()
        return client

    yield begin
    for client in clients:
        await client.close()


async def sent_something(publisher: ScriptedPublisher) -> None:
    while not publisher.posts:  # noqa: ASYNC110 — the publisher is called in a thread and knows no loop
        await asyncio.sleep(0.01)


async def test_posts_are_accepted_one_in_an_array_and_one_a_line(start: Start) -> None:
    publisher = ScriptedPublisher()
    client = await start(publisher)
    one = await client.post("/posts", json=POST, headers=SIGNED)
    two = await client.post("/posts", json=[{**POST, "id": 2}, {**POST, "id": 3}], headers=SIGNED)
    lines = await client.post("/posts", data=f"{json.dumps(POST)}\n\n{json.dumps(POST)}\n", headers=NDJSON)
    assert [answer.status for answer in (one, two, lines)] == [200, 200, 200]
    assert await two.json() == {"accepted": 2, "rejected": []}
    assert [uid for uid, _ in publisher.posts] == [f"webform:{n}" for n in (1, 2, 3, 1, 1)]


async def test_rejected_posts_are_told_by_index_and_reason_and_are_nobodys_dead_letters(start: Start) -> None:
    publisher = ScriptedPublisher()
    client = await start(publisher)
    answer = await client.post("/posts", json=[{**POST, "created_at": 5}, POST, 7], headers=SIGNED)
    told = await answer.json()
    assert (answer.status, told["accepted"]) == (200, 1)
    assert [(one["index"], one["reason"]) for one in told["rejected"]] == [(0, "bad_date"), (2, "wrong_shape")]
    assert publisher.letters == []


async def test_when_every_post_is_rejected_the_answer_is_422(start: Start) -> None:
    client = await start(ScriptedPublisher())
    answer = await client.post("/posts", data='{"broken\n', headers=NDJSON)
    assert answer.status == 422
    assert (await answer.json())["rejected"][0]["reason"] == "not_json"


async def test_nothing_is_accepted_before_kafka_acknowledged_it(start: Start) -> None:
    publisher = ScriptedPublisher(lambda number: ...)
    client = await start(publisher)
    asked = asyncio.create_task(client.post("/posts", json=POST, headers=SIGNED))
    await sent_something(publisher)
    await asyncio.sleep(0.05)
    assert not asked.done()
    publisher.flush()
    assert (await asked).status == 200


@pytest.mark.parametrize("failing", ["one answer", "silence", "at once"])
async def test_without_an_acknowledgement_the_answer_is_503_and_the_producer_is_distrusted(
    start: Start, failing: str
) -> None:
    answers = {"one answer": lambda n: KafkaUnavailable("down") if n == 1 else None, "silence": lambda n: ...}
    publisher = ScriptedPublisher(answers.get(failing, lambda n: None))
    publisher.trouble = KafkaUnavailable("down") if failing == "at once" else None
    client = await start(publisher, patience=0.2)
    answer = await client.post("/posts", json=[POST, POST], headers=SIGNED)
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    assert publisher.distrusted == 1


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer töken", "Bearer \udcff"]
)
async def test_a_missing_or_wrong_token_is_401(start: Start, header: str | None) -> None:
    publisher = ScriptedPublisher()
    client = await start(publisher)
    answer = await client.post("/posts", json=POST, headers={"Authorization": header} if header else {})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert publisher.posts == []


@pytest.mark.parametrize(
    ("data", "headers", "status"),
    [
        (b"{", {"Content-Type": "application/json"}, 400),
        (b"\xff", {"Content-Type": "application/json"}, 400),
        (b"[" * 100_000, {"Content-Type": "application/json"}, 400),
        (b"", {"Content-Type": "application/json"}, 400),
        (b"[]", {"Content-Type": "application/json"}, 400),
        (b"\n\n", {"Content-Type": "application/x-ndjson"}, 400),
        (b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"{}", {"Content-Type": "application/json; charset=utf-16"}, 415),
        (
            gzip.compress(b"0" * 50_000_000, mtime=0),
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
            415,
        ),
        (b"1\n" * (body.MAX_POSTS + 1), {"Content-Type": "application/x-ndjson"}, 413),
        (b"1," * (body.MAX_BODY // 2 + 1), {"Content-Type": "application/json"}, 413),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_what_can_not_be_used_is_refused(start: Start, data: bytes, headers: dict[str, str], status: int) -> None:
    publisher = ScriptedPublisher()
    client = await start(publisher)
    answer = await client.post("/posts", data=data, headers={**SIGNED, **headers})
    assert answer.status == status
    assert (await answer.json())["error"]
    assert publisher.posts == []


async def test_a_large_body_is_refused_however_it_is_sent(start: Start) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(80):
            yield b" " * 65_536

    client = await start(ScriptedPublisher())
    answer = await client.post("/posts", data=chunks(), headers=NDJSON)
    assert answer.status == 413


async def test_a_body_that_takes_too_long_is_408(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(1)

    monkeypatch.setattr(body.read_body, "__defaults__", (0.1,))
    client = await start(ScriptedPublisher())
    answer = await client.post("/posts", data=slow(), headers=NDJSON)
    assert answer.status == 408


async def test_other_methods_and_paths_are_told(start: Start) -> None:
    client = await start(ScriptedPublisher())
    wrong = await client.get("/posts")
    assert (wrong.status, wrong.headers["Allow"]) == (405, "POST")
    assert (await client.get("/nope")).status == 404


async def test_more_requests_than_there_is_room_for_are_sent_away(start: Start) -> None:
    publisher = ScriptedPublisher(lambda number: ...)
    client = await start(publisher, max_requests=1)
    first = asyncio.create_task(client.post("/posts", json=POST, headers=SIGNED))
    await sent_something(publisher)
    assert (await client.post("/posts", json=POST, headers=SIGNED)).status == 503
    publisher.flush()
    assert (await first).status == 200


async def test_stopping_finishes_what_is_in_work_and_takes_no_more(start: Start) -> None:
    publisher = ScriptedPublisher(lambda number: ...)
    client = await start(publisher)
    assert client.app
    server = client.app[SERVER]
    first = asyncio.create_task(client.post("/posts", json=POST, headers=SIGNED))
    await sent_something(publisher)
    finishing = asyncio.create_task(server.finish())
    await asyncio.sleep(0.05)
    assert not finishing.done()
    assert (await client.post("/posts", json=POST, headers=SIGNED)).status == 503
    publisher.flush()
    assert (await first).status == 200
    await finishing


async def test_health_says_whether_anything_can_be_sent(start: Start) -> None:
    publisher = ScriptedPublisher()
    client = await start(publisher)
    assert (await client.get("/healthz")).status == 200
    publisher.trouble = KafkaUnavailable("down")
    assert (await client.get("/healthz")).status == 503


async def test_without_a_token_everybody_may_send_and_defaults_fill_in(start: Start) -> None:
    publisher = ScriptedPublisher()
    client = await start(publisher, token=None, defaults=Defaults("webform", "now"))
    assert (await client.post("/posts", json={"id": 1, "text": "t"})).status == 200
    assert publisher.posts[0][0] == "webform:1"


async def test_neither_text_nor_token_is_logged(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    client = await start(ScriptedPublisher())
    await client.post("/posts", json=[{**POST, "text": "s3cret"}, {"text": "s3cret"}], headers=SIGNED)
    await client.post("/posts", json=POST, headers={"Authorization": "Bearer s3cret"})
    await client.post("/posts", data=b'{"text": "s3cret', headers={**SIGNED, "Content-Type": "application/json"})
    assert "s3cret" not in caplog.text
    assert TOKEN not in caplog.text


async def test_a_changed_wording_that_its_sender_does_not_call_an_edit_is_sent_as_one(
    start: Start, tmp_path: Path
) -> None:
    publisher = ScriptedPublisher()
    with Wordings(tmp_path / "wordings") as wordings:
        client = await start(publisher, wordings=wordings)
        for text in ("help", "help, he has a gun", "help"):
            await client.post("/posts", json={**POST, "text": text}, headers=SIGNED)
    edits = [codec.decode(POSTS, value).edited_at for _, value in publisher.posts]
    assert edits == [None, START, None], "what comes again is no edit"
