from __future__ import annotations

import pytest

from pipeline.errors import NotSetUp
from pipeline.message import NotAcknowledged, Outgoing, RecordTooLarge, send_in_order
from schemas.topics import FLAGGED
from tests.doubles.recording_producer import RecordingProducer

SMALL = Outgoing(FLAGGED, b"k", b"v")
LARGE = Outgoing(FLAGGED, b"k", b"x" * (FLAGGED.max_bytes + 1))


async def test_each_record_has_its_own_end() -> None:
    sent = await send_in_order(RecordingProducer(), [SMALL, LARGE, SMALL])
    assert [type(one) for one in sent] == [type(None), RecordTooLarge, type(None)]


async def test_behind_a_record_that_was_not_taken_in_nothing_is_sent() -> None:
    producer = RecordingProducer(errors={"flagged": NotAcknowledged("away")})
    sent = await send_in_order(producer, [SMALL] * 3)
    assert all(isinstance(one, NotAcknowledged) for one in sent)
    assert producer.sent == []


async def test_an_acknowledgement_that_fails_is_told_of_its_record_alone() -> None:
    producer = RecordingProducer(refuse={"flagged": 1})
    first, second = await send_in_order(producer, [SMALL, SMALL])
    assert isinstance(first, NotAcknowledged)
    assert second is None


async def test_what_an_operator_must_repair_is_raised() -> None:
    with pytest.raises(NotSetUp):
        await send_in_order(RecordingProducer(errors={"flagged": NotSetUp("no topic")}), [SMALL])


async def test_nothing_to_send_is_sent() -> None:
    assert await send_in_order(RecordingProducer(), []) == []
