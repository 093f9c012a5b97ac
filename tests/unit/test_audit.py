"""Lines of `[audit]`: what they hold, and that an act without one is not done."""

from __future__ import annotations

import pytest

from pipeline import send as sending
from pipeline.audit import audited, record
from pipeline.errors import InvalidInput, KafkaUnavailable
from pipeline.settings import Settings
from schemas import codec
from schemas.audit import MOST_CHARACTERS, AuditEntry
from schemas.topics import AUDIT
from tests.doubles.manual_clock import START


def decoded(value: bytes) -> AuditEntry:
    entry: AuditEntry = codec.decode(AUDIT, value)
    return entry


def test_a_line_says_who_did_what_to_what_and_when() -> None:
    made = audited("item-viewed", "abc", START, "ada", why="case 7")
    assert (made.topic, made.key) == (AUDIT, b"abc")
    assert decoded(made.value) == AuditEntry(at=START, by="ada", act="item-viewed", on="abc", detail={"why": "case 7"})


def test_a_detail_is_cut_to_what_fits_and_the_longest_fit_together() -> None:
    made = audited("items-searched", "x", START, **{f"n{number}": "\U0001f52a" * 9000 for number in range(32)})
    assert {len(value) for value in decoded(made.value).detail.values()} == {MOST_CHARACTERS}


def test_what_a_command_line_holds_and_is_no_unicode_is_made_visible() -> None:
    entry = decoded(audited("items-searched", "\udcff", START, "b\udcfeb", query="caf\udce9").value)
    assert (entry.on, entry.by, entry.detail) == (r"\udcff", r"b\udcfeb", {"query": r"caf\udce9"})


def test_a_line_that_nobody_could_read_is_refused_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "sent", lambda *_: pytest.fail("something was sent"))
    with pytest.raises(InvalidInput, match="can't be recorded"):
        record(Settings(), audited("items-searched", "x", START), audited("items-searched", "x", START, "b" * 513))


def test_whoever_can_not_write_the_line_is_told_that_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise KafkaUnavailable("Nobody answers.", "Start it.")

    monkeypatch.setattr(sending, "sent", away)
    with pytest.raises(KafkaUnavailable) as raised:
        record(Settings(), audited("items-searched", "x", START))
    assert raised.value.message == "Nobody answers. What can't be recorded is not done."
    assert raised.value.hint == "Start it."
