"""The bulk writer against everything that a cluster can answer, on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from elasticsearch import AsyncElasticsearch

from pipeline.index.bulk import MOST_BYTES, BulkWriter, Write
from pipeline.result import DeadLetter, Done, Halt, Result, Retry

Answer = Callable[[web.Request, list[Any]], Awaitable[web.StreamResponse]]

PRODUCT = {"X-Elastic-Product": "Elasticsearch"}


@asynccontextmanager
async def writer(answer: Answer, patience: float = 5.0) -> AsyncIterator[BulkWriter]:
    """A bulk writer on a server whose every bulk request is answered by ``answer(request, lines)``."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await answer(request, [json.loads(line) for line in (await request.read()).splitlines()])

    application = web.Application(client_max_size=2 * MOST_BYTES)
    application.router.add_route("*", "/{tail:.*}", handle)
    server = TestServer(application, host="127.0.0.1")
    await server.start_server()
    client = AsyncElasticsearch(str(server.make_url("/")), max_retries=0, request_timeout=patience)
    try:
        yield BulkWriter(client, "items-write")
    finally:
        await client.close()
        await server.close()


def writes(number: int, size: int = 0) -> list[Write]:
    return [Write(f"id{n}", n, json.dumps({"n": n, "pad": "x" * size}).encode()) for n in range(number)]


def lines(actions: list[Any], status: int = 201) -> list[dict[str, Any]]:
    return [{"index": {"_id": action["index"]["_id"], "status": status}} for action in actions[::2]]


def reply(body: Any, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, headers=PRODUCT)


async def run(answer: Answer, number: int = 3, size: int = 0, patience: float = 5.0) -> list[Result]:
    async with writer(answer, patience) as bulk:
        return await bulk.write(writes(number, size))


async def test_documents_go_out_with_external_versions_through_the_alias() -> None:
    seen: list[Any] = []

    async def answer(request: web.Request, body: list[Any]) -> web.Response:
        seen.append((request.path, request.query["require_alias"], body))
        return reply({"items": lines(body)})

    assert await run(answer, 2) == [Done("indexed")] * 2
    path, require_alias, body = seen[0]
    assert (path, require_alias) == ("/items-write/_bulk", "true")
    assert body[2] == {"index": {"_id": "id1", "version": 1, "version_type": "external_gte"}}
    assert body[3]["n"] == 1


async def test_documents_of_another_index_go_out_in_the_same_request_through_their_own_alias() -> None:
    seen: list[Any] = []

    async def answer(request: web.Request, body: list[Any]) -> web.Response:
        seen.append((request.path, request.query["require_alias"], body[::2]))
        return reply({"items": lines(body)})

    async with writer(answer) as bulk:
        item, alert = writes(2)
        assert await bulk.write([item, replace(alert, alias="alerts-write")]) == [Done("indexed")] * 2
    (path, require_alias, (first, second)) = seen[0]
    assert (len(seen), path, require_alias) == (1, "/items-write/_bulk", "true")
    assert "_index" not in first["index"]
    assert second["index"]["_index"] == "alerts-write"


async def test_what_is_written_once_goes_out_as_a_create_and_is_done_when_it_is_there_already() -> None:
    seen: list[Any] = []

    async def answer(_: web.Request, body: list[Any]) -> web.Response:
        seen.extend(body[::2])
        there = {"_id": "id1", "status": 409, "error": {"type": "version_conflict_engine_exception"}}
        return reply({"items": [{"index": {"_id": "id0", "status": 200}}, {"create": there}]})

    async with writer(answer) as bulk:
        item, line = writes(2)
        written = await bulk.write([item, replace(line, version=None, alias="audit-write")])
    assert written == [Done("indexed"), Done("stale")]
    assert seen[1] == {"create": {"_id": "id1", "_index": "audit-write"}}


async def test_an_answer_that_says_index_where_create_was_asked_for_is_no_success() -> None:
    async def answer(_: web.Request, body: list[Any]) -> web.Response:
        return reply({"items": [{"index": {"_id": "id0", "status": 200}}]})

    async with writer(answer) as bulk:
        assert [type(one) for one in await bulk.write([replace(writes(1)[0], version=None)])] == [Retry]


async def test_each_document_has_its_own_result() -> None:
    async def answer(_: web.Request, body: list[Any]) -> web.Response:
        items = lines(body)
        items[1]["index"] = {"_id": "id1", "status": 409, "error": {"type": "version_conflict_engine_exception"}}
        items[2]["index"] = {"_id": "id2", "status": 400, "error": {"type": "document_parsing_exception"}}
        items[3]["index"] = {"_id": "id3", "status": 429, "error": {"type": "es_rejected_execution_exception"}}
        return reply({"errors": True, "items": items})

    results = await run(answer, 5)
    assert [type(one) for one in results] == [Done, Done, DeadLetter, Retry, Done]
    assert results[1] == Done("stale")


@pytest.mark.parametrize("status", [302, 400, 405, 407, 409, 410, 421, 429, 431, 500, 501, 502, 503, 504, 507])
async def test_a_refused_request_is_tried_again(status: int) -> None:
    async def answer(*_: Any) -> web.Response:
        body = {"error": "a proxy's words"} if status == 400 else {"error": {"type": "unavailable"}, "status": status}
        return reply(body, status)

    assert all(isinstance(one, Retry) for one in await run(answer))


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_what_an_administrator_must_repair_halts(status: int) -> None:
    async def answer(*_: Any) -> web.Response:
        return reply(
            {"error": {"type": "security_exception" if status != 404 else "index_not_found_exception"}}, status
        )

    assert all(isinstance(one, Halt) for one in await run(answer))


async def test_a_gateway_that_answers_html_is_tried_again() -> None:
    async def answer(*_: Any) -> web.Response:
        return web.Response(text="<html>502</html>", status=502, content_type="text/html")

    assert all(isinstance(one, Retry) for one in await run(answer))


async def test_the_words_of_a_proxy_are_never_repeated() -> None:
    async def answer(request: web.Request, body: list[Any]) -> web.Response:
        return web.Response(text=f"refused: {body}", status=503, headers=PRODUCT)

    assert "pad" not in str(await run(answer))


async def test_what_is_not_elasticsearch_stores_nothing() -> None:
    async def answer(*_: Any) -> web.Response:
        return web.json_response({"welcome": True})

    assert all(isinstance(one, Halt) for one in await run(answer))


async def test_one_line_that_spoils_the_request_is_found_by_halving() -> None:
    async def answer(_: web.Request, body: list[Any]) -> web.Response:
        if any(line.get("n") == 1 for line in body):
            return reply({"error": {"type": "x_content_parse_exception"}, "status": 400}, 400)
        return reply({"items": lines(body)})

    assert [type(one) for one in await run(answer, 4)] == [Done, DeadLetter, Done, Done]


async def test_an_answer_that_is_too_short_is_no_success() -> None:
    async def answer(_: web.Request, body: list[Any]) -> web.Response:
        return reply({"items": lines(body)[:-1]})

    assert all(isinstance(one, Retry) for one in await run(answer))


async def test_an_answer_in_another_order_is_no_success() -> None:
    async def answer(_: web.Request, body: list[Any]) -> web.Response:
        return reply({"items": lines(body)[::-1]})

    assert all(isinstance(one, Retry) for one in await run(answer))


@pytest.mark.parametrize("body", [b'{"items": [{"index": {"_id"', b"null", b"[]", b'{"items": {}}', b"{}"])
async def test_a_damaged_answer_is_no_success(body: bytes) -> None:
    async def answer(*_: Any) -> web.Response:
        return web.Response(body=body, content_type="application/json", headers=PRODUCT)

    assert all(isinstance(one, Retry) for one in await run(answer))


async def test_a_redirect_to_nowhere_is_tried_again() -> None:
    async def answer(*_: Any) -> web.Response:
        return web.Response(status=307, headers={"Location": "http://"})

    assert all(isinstance(one, Retry) for one in await run(answer))


async def test_an_answer_nested_too_deeply_is_tried_again() -> None:
    async def answer(*_: Any) -> web.Response:
        return web.Response(body=b"[" * 200_000, content_type="application/json", headers=PRODUCT)

    assert all(isinstance(one, Retry) for one in await run(answer))


async def test_a_connection_that_is_cut_is_tried_again() -> None:
    async def answer(request: web.Request, _: list[Any]) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return reply({})

    assert all(isinstance(one, Retry) for one in await run(answer))


async def test_an_answer_that_is_cut_short_is_tried_again() -> None:
    async def answer(request: web.Request, body: list[Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={**PRODUCT, "Content-Type": "application/json", "Content-Length": "9999"})
        await response.prepare(request)
        await response.write(json.dumps({"items": lines(body)}).encode())
        assert request.transport is not None
        request.transport.close()
        return response

    assert all(isinstance(one, Retry) for one in await run(answer))


async def test_a_hanging_cluster_is_tried_again_after_the_timeout() -> None:
    async def answer(*_: Any) -> web.Response:
        await asyncio.sleep(30)
        return reply({})

    assert all(isinstance(one, Retry) for one in await run(answer, patience=0.3))


async def test_nobody_there_is_tried_again() -> None:
    client = AsyncElasticsearch("http://127.0.0.1:1", max_retries=0)
    try:
        assert all(isinstance(one, Retry) for one in await BulkWriter(client, "items-write").write(writes(2)))
    finally:
        await client.close()


async def test_a_request_that_is_too_large_is_halved_until_it_fits() -> None:
    sizes: list[int] = []

    async def answer(_: web.Request, body: list[Any]) -> web.Response:
        sizes.append(len(body) // 2)
        if len(body) > 4:
            return reply({"error": {"type": "content_too_long"}}, 413)
        return reply({"items": lines(body)})

    assert await run(answer, 8) == [Done("indexed")] * 8
    assert sizes == [8, 4, 2, 2, 4, 2, 2]


async def test_a_single_document_that_is_too_large_is_a_dead_letter() -> None:
    async def answer(_: web.Request, body: list[Any]) -> web.Response:
        if any(line.get("n") == 2 for line in body):
            return reply({"error": {"type": "content_too_long"}}, 413)
        return reply({"items": lines(body)})

    results = await run(answer, 4)
    assert [type(one) for one in results] == [Done, Done, DeadLetter, Done]


async def test_large_batches_go_out_in_several_requests() -> None:
    sizes: list[int] = []

    async def answer(_: web.Request, body: list[Any]) -> web.Response:
        sizes.append(len(body) // 2)
        return reply({"items": lines(body)})

    assert await run(answer, 5, size=MOST_BYTES // 2 - 1000) == [Done("indexed")] * 5
    assert sizes == [2, 2, 1]
