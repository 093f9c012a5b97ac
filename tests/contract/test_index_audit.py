"""Lines of `[audit]` through the index stage: each is stored once, and nothing that comes later changes it."""

from __future__ import annotations

from pathlib import Path

from pipeline.audit import audited
from pipeline.index.audit_document import audit_id
from pipeline.message import Message
from schemas import codec
from schemas.topics import AUDIT
from tests.contract.test_bulk_faults import bench
from tests.doubles.bulk_faults import PARTLY_BUSY
from tests.doubles.manual_clock import START
from tests.messages import item, message

LINE = audited("items-searched", "flagpost-items", START, "ada", query="knife", found="3").value
OTHER = audited("item-viewed", "abc", START, "ada").value


def of_audit(value: bytes | None, offset: int) -> Message:
    return message(value, offset, topic="audit", key=b"flagpost-items")


def id_of(value: bytes) -> str:
    return audit_id(codec.decode(AUDIT, value))


async def test_lines_and_items_of_a_batch_take_one_request(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        await at.delivery.deliver([message(item("n1"), topic="flagged"), of_audit(LINE, 0), of_audit(OTHER, 1)])
        assert at.server.bulks == [3]
        assert {id_of(LINE), id_of(OTHER)} < set(at.index.documents)
        assert at.index.documents[id_of(LINE)][1]["flagpost"]["audit"]["found"] == 3


async def test_a_line_that_comes_again_from_whatever_place_changes_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path, [PARTLY_BUSY]) as at:
        await at.delivery.deliver([of_audit(LINE, 0), of_audit(OTHER, 1)])
        stored = dict(at.index.documents)
        await at.delivery.deliver([of_audit(LINE, 0), of_audit(OTHER, 7), of_audit(LINE, 8)])
        assert at.index.documents == stored
        assert at.producer.sent == []


async def test_what_is_no_line_is_a_dead_letter_and_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        await at.delivery.deliver([of_audit(b"{", 0), of_audit(None, 1), of_audit(LINE, 2)])
        assert [sent.value for sent in at.producer.on("dead-letters")] == [b"{", b""]
        assert set(at.index.documents) == {id_of(LINE)}
