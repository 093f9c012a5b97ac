"""Items and alerts of one batch through the index stage: one request, two indices, the newest of each."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pipeline.message import Message
from schemas import codec, mapping
from schemas.alert import Alert
from schemas.topics import ALERTS
from tests.contract.test_bulk_faults import bench
from tests.doubles.bulk_faults import PARTLY_BUSY
from tests.messages import item, message

EXAMPLE = Path(mapping.__file__).parent / "examples" / "alerts" / "good" / "open.json"


def alert(sequence: int, state: str = "open") -> Alert:
    one: Alert = codec.decode(ALERTS, EXAMPLE.read_bytes())
    return msgspec.structs.replace(one, sequence=sequence, state=state)


def of_alerts(value: Alert | bytes | None, offset: int) -> Message:
    return message(value, offset, topic="alerts", key=b"abcdefghijkl2345")


async def test_items_and_alerts_of_a_batch_take_one_request(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        await at.delivery.deliver([message(item("n1"), topic="flagged"), of_alerts(alert(1), 0)])
        assert at.server.bulks == [2]
        assert {source["event"]["kind"] for _, source in at.index.documents.values()} == {"alert"}
        version, source = at.index.documents["abcdefghijkl2345"]
        assert (version, source["flagpost"]["alert"]["state"]) == (1, "open")


async def test_the_state_of_the_highest_sequence_is_what_is_found(tmp_path: Path) -> None:
    async with bench(tmp_path, [PARTLY_BUSY]) as at:
        await at.delivery.deliver([of_alerts(alert(3, "resolved"), 2), of_alerts(alert(2, "acknowledged"), 1)])
        assert at.index.documents["abcdefghijkl2345"][1]["flagpost"]["alert"]["state"] == "resolved"
        await at.delivery.deliver([of_alerts(alert(1), 0)])
        assert at.index.documents["abcdefghijkl2345"][0] == 3
        assert at.producer.sent == []


async def test_an_alert_that_its_topic_forgets_stays_to_be_seen(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        await at.delivery.deliver([of_alerts(alert(1), 0), of_alerts(None, 1)])
        assert set(at.index.documents) == {"abcdefghijkl2345"}
        assert at.producer.sent == []


async def test_an_alert_that_nobody_can_use_is_a_dead_letter(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        await at.delivery.deliver([of_alerts(b"{", 0), of_alerts(b"", 1), of_alerts(alert(1), 2)])
        assert [sent.value for sent in at.producer.on("dead-letters")] == [b"{", b""]
        assert set(at.index.documents) == {"abcdefghijkl2345"}
