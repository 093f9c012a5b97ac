"""The alert stage: one candidate for every record of `[flagged]`, and what a page may tell of an item."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alert.candidate import shortened
from pipeline.alert.rules import RulesFile
from pipeline.alert.stage import AlertStage
from pipeline.message import Message, NotAcknowledged
from pipeline.result import DeadLetter, Done, Retry
from schemas import codec
from schemas.alert import MOST_EXCERPT, Gone, Matched
from schemas.identity import version_of
from schemas.item import Decision, Item, Withdrawn
from schemas.post import Author, Place
from schemas.topics import ALERT_CANDIDATES
from tests import messages
from tests.doubles.manual_clock import START
from tests.doubles.recording_producer import RecordingProducer
from tests.messages import item, post
from tests.unit.alert.files import rule, rules_file

INTEL = rule("intel", {"labels": ["intel"]}, severity="error")
LONG = "six lads dealing by the pier " * 40


class Bench:
    def __init__(self, file: RulesFile | None = None) -> None:
        self.file = file or rules_file(INTEL)
        self.producer = RecordingProducer()
        self.stage = AlertStage(lambda: self.file, self.producer)

    def candidates(self) -> list[Matched | Gone]:
        return [codec.decode(ALERT_CANDIDATES, sent.value) for sent in self.producer.on("alert-candidates")]

    async def candidate(self, record: Item | Withdrawn) -> Matched | Gone:
        (result,) = await self.stage.handle([message(record)])
        assert isinstance(result, Done)
        return self.candidates()[-1]


def message(value: bytes | msgspec.Struct | None, offset: int = 0) -> Message:
    return messages.message(value, offset, topic="flagged")


def withdrawn() -> Withdrawn:
    return Withdrawn(source="x", id="1", reason="deleted", revision=START, withdrawn_at=START, activation=1)


async def test_an_item_that_a_rule_matches_is_told_with_what_a_page_needs() -> None:
    place = Place(name="Castle Sands")
    one = item(post=post(text=LONG, place=place, url="https://x.example/1"), reviews=2)
    found = await Bench().candidate(one)
    assert isinstance(found, Matched)
    assert (found.uid, found.version, found.revision) == ("x:1", version_of(one), one.revision)
    assert [(match.rule, match.severity, match.group) for match in found.matches] == [
        ("intel", "error", "intel · Castle Sands")
    ]
    assert found.excerpt is not None
    assert (found.excerpt.label, found.excerpt.grade, found.excerpt.score) == ("intel", "routine", 0.9)
    assert (found.excerpt.place, found.excerpt.url) == ("Castle Sands", "https://x.example/1")
    assert found.excerpt.posted_at == one.post.created_at
    assert len(found.excerpt.text) <= MOST_EXCERPT
    assert found.excerpt.text.endswith("dealing…")
    assert len(found.likeness) == 64


async def test_a_page_tells_nothing_of_who_wrote_it() -> None:
    author = Author(id="no-7-7", handle="jo_b", name="Joanna")
    bench = Bench()
    await bench.candidate(item(post=post(author=author, extra={"followers": 9}, reply_to="kim")))
    (sent,) = bench.producer.sent
    for word in (b"no-7-7", b"jo_b", b"Joanna", b"followers", b"kim"):
        assert word not in sent.value


async def test_an_item_that_no_rule_matches_is_told_too_without_its_text() -> None:
    """An open alert must learn that its item was edited."""
    found = await Bench(rules_file(rule("none", {"words": ["submarine"]}))).candidate(item())
    assert found == Matched(source="x", id="1", version=version_of(item()), revision=item().revision)


async def test_a_dismissed_item_is_told_to_be() -> None:
    one = item(reviews=1, review=Decision(by="a.khan", at=START, dismissed=True))
    found = await Bench().candidate(one)
    assert isinstance(found, Matched)
    assert (found.matches, found.dismissed) == ([], True)


async def test_what_an_analyst_decided_is_what_is_told() -> None:
    one = item(reviews=1, review=Decision(by="a.khan", at=START, label="help_request", grade="immediate"))
    found = await Bench(rules_file(rule(when={"labels": ["help_request"]}))).candidate(one)
    assert isinstance(found, Matched)
    assert found.excerpt is not None
    assert (found.excerpt.label, found.excerpt.grade) == ("help_request", "immediate")


async def test_a_withdrawal_is_told() -> None:
    found = await Bench().candidate(withdrawn())
    assert found == Gone(source="x", id="1", version=version_of(withdrawn()), reason="deleted", revision=START)


async def test_candidates_go_out_in_the_order_of_the_messages_under_their_uid() -> None:
    bench = Bench()
    records = [item("b"), item("a"), withdrawn(), item("a", text="edited")]
    results = await bench.stage.handle([message(record, n) for n, record in enumerate(records)])
    assert [result.note for result in results if isinstance(result, Done)] == ["matched", "matched", "gone", "matched"]
    assert [sent.key for sent in bench.producer.sent] == [b"x:b", b"x:a", b"x:1", b"x:a"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", "not_json"),
        (None, "empty"),
        (codec.encode(item()).replace(b'"label":"intel"', b'"label":"chatter"'), "wrong_shape"),
        (codec.encode(item(post=post(created_at=dt.datetime(2200, 1, 1, tzinfo=dt.UTC)))), "version_out_of_range"),
    ],
)
async def test_what_can_not_be_used_is_a_dead_letter_and_its_neighbours_are_told(
    value: bytes | None, reason: str
) -> None:
    bench = Bench()
    results = await bench.stage.handle([message(item("1"), 0), message(value, 1), message(item("3"), 2)])
    assert isinstance(results[1], DeadLetter)
    assert results[1].reason == reason
    assert [one.uid for one in bench.candidates()] == ["x:1", "x:3"]


async def test_nothing_is_done_before_it_is_acknowledged() -> None:
    bench = Bench()
    bench.producer.refuse["alert-candidates"] = 1
    both = [message(item("1"), 0), message(item("2"), 1)]
    assert [type(result) for result in await bench.stage.handle(both)] == [Retry, Done]
    assert [type(result) for result in await bench.stage.handle(both[:1])] == [Done]
    assert await bench.stage.settle([]) is None


async def test_behind_a_candidate_that_kafka_does_not_take_nothing_is_sent() -> None:
    bench = Bench()
    bench.producer.errors["alert-candidates"] = NotAcknowledged("away")
    results = await bench.stage.handle([message(item(str(n)), n) for n in range(3)])
    assert all(isinstance(result, Retry) for result in results)
    assert bench.producer.sent == []


async def test_changed_rules_hold_from_the_next_batch_on() -> None:
    bench = Bench()
    await bench.candidate(item())
    bench.file = rules_file(rule("none", {"words": ["submarine"]}))
    found = await bench.candidate(item())
    assert isinstance(found, Matched)
    assert found.matches == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", "short"),
        ("two\n\n lines\t", "two lines"),
        ("one two three", "one two…"),
        ("one twotwo three", "one…"),
        ("onetwothreefour", "onetwoth…"),
        ("one two t", "one two t"),
        ("", ""),
    ],
)
def test_a_text_is_cut_behind_a_word(text: str, expected: str) -> None:
    assert shortened(text, 9) == expected


@given(st.text(), st.integers(2, 40))
def test_what_is_cut_is_never_longer_and_says_that_it_is_cut(text: str, most: int) -> None:
    line = " ".join(text.split())
    cut = shortened(text, most)
    assert len(cut) <= most
    assert cut == line or (cut.endswith("…") and line.startswith(cut[:-1]))
