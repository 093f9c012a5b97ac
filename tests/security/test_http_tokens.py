"""Who has no token learns nothing from `flagpost ingest-http`, and makes it do nothing; real sockets."""

from __future__ import annotations

import hmac

import pytest

from pipeline.ingest.http import app, body
from tests.doubles.scripted_publisher import ScriptedPublisher
from tests.security.http_socket import TOKEN, asked, request, statuses


async def test_a_good_request_on_the_same_socket_code_is_taken(port: int, publisher: ScriptedPublisher) -> None:
    assert statuses(await asked(port, request())) == [200]
    assert len(publisher.posts) == 1


async def test_tokens_are_compared_in_constant_time(
    port: int, publisher: ScriptedPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr(app, "hmac", type("hmac", (), {"compare_digest": staticmethod(compare)}))
    wrong = ["", TOKEN[:-1], f"{TOKEN}x", TOKEN.upper(), f"{TOKEN} {TOKEN}"]
    answers = [statuses(await asked(port, request(token=one))) for one in wrong]
    assert answers == [[401]] * len(wrong)
    assert len(compared) == len(wrong)
    assert {other for _, other in compared} == {TOKEN.encode()}
    assert publisher.posts == []


async def test_without_a_token_no_body_is_read(port: int) -> None:
    """Somebody unknown must not make us hold four megabytes: the answer comes before the body does."""
    unsent = request(b"", f"Content-Length: {body.MAX_BODY}", token="wrong")
    assert statuses(await asked(port, unsent, seconds=60)) == [401]


async def test_refusals_do_not_repeat_what_was_sent(port: int) -> None:
    for sent in (request(b'{"text": "s3cret'), request(token="s3cret"), b"GET /s3cret HTTP/1.1\r\nHost: x\r\n\r\n"):
        answer = await asked(port, sent)
        assert len(statuses(answer)) == 1
        assert b"s3cret" not in answer
        assert TOKEN.encode() not in answer
        assert b"Traceback" not in answer
