from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import InvalidInput, KafkaUnavailable
from pipeline.ingest.canonical import Defaults
from pipeline.ingest.cursor import Cursor
from pipeline.ingest.feed import Feed
from pipeline.ingest.report import Counts
from pipeline.ingest.sources import Position
from pipeline.ingest.sources.file import FileSource
from pipeline.ingest.sources.form import Form
from pipeline.ingest.wordings import Wordings
from schemas import codec
from schemas.codec import InvalidMessage
from schemas.topics import POSTS
from tests.doubles.manual_clock import START, ManualClock
from tests.doubles.scripted_publisher import ScriptedPublisher


class Told:
    def __init__(self) -> None:
        self.faults: list[tuple[int, str, bool]] = []
        self.resumed_after: list[int] = []

    def fault(self, name: str, line: int, fault: InvalidMessage, kept: bool) -> None:
        self.faults.append((line, fault.reason, kept))

    def resumed(self, name: str, after_line: int) -> None:
        self.resumed_after.append(after_line)

    def progressed(self, position: Position, counts: Counts) -> None:
        pass


def line(number: int, **fields: object) -> str:
    post = {"source": "x", "id": number, "text": "t", "created_at": "2026-08-15T11:00:00Z", **fields}
    return json.dumps(post) + "\n"


class Bench:
    """A file, its cursor and a feed around a scripted publisher."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "posts.jsonl"
        self.told = Told()
        self.publisher = ScriptedPublisher()
        self.stop_after: int | None = None
        self.counts = Counts()

    def stopped(self) -> bool:
        return self.stop_after is not None and len(self.publisher.posts) >= self.stop_after

    def idle(self) -> None:
        pass

    def run(self, defaults: Defaults | None = None, wordings: Wordings | None = None) -> Position:
        clock = ManualClock()
        feed = Feed(
            self.publisher,
            defaults or Defaults(),
            self.told,
            self.stopped,
            now=clock.wall,
            monotonic=clock.monotonic,
            wordings=wordings,
        )
        self.counts = feed.counts
        source = FileSource(self.path, Form("jsonl"), self)
        cursor = Cursor(self.path.parent / "cursors", self.path, "T1")
        try:
            return feed.run(source, cursor)
        finally:
            cursor.close()
            source.close()

    def answer(self, answer: Callable[[int], object]) -> None:
        self.publisher = ScriptedPublisher(answer)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_good_lines_are_posts_and_bad_ones_dead_letters_verbatim(bench: Bench) -> None:
    bad = '{"source": "x", "broken…\r'
    bench.path.write_text(line(1) + bad + "\n\n" + line(2), newline="")
    bench.run()
    assert [uid for uid, _ in bench.publisher.posts] == ["x:1", "x:2"]
    ((value, letter),) = bench.publisher.letters
    assert value == bad.encode()
    assert (letter.reason, letter.stage, letter.origin) == ("not_json", "ingest", f"{bench.path}:2")
    assert letter.dead_at == START
    assert bench.counts == Counts(sent=2, bad=1)
    assert bench.told.faults == [(2, "not_json", True)]


def test_a_second_run_sends_only_what_is_new(bench: Bench) -> None:
    bench.path.write_text(line(1) + line(2))
    assert bench.run().line == 3
    with bench.path.open("a") as file:
        file.write(line(3))
    bench.run()
    assert [uid for uid, _ in bench.publisher.posts] == ["x:1", "x:2", "x:3"]
    assert bench.told.resumed_after == [2]


def test_a_run_that_was_stopped_goes_on_behind_what_was_acknowledged(bench: Bench) -> None:
    bench.path.write_text("".join(line(number) for number in range(20)))
    bench.stop_after = 7
    assert bench.run().line == 8
    bench.stop_after = None
    bench.run()
    assert [uid for uid, _ in bench.publisher.posts] == [f"x:{number}" for number in range(20)]


def test_what_was_not_acknowledged_is_sent_again(bench: Bench) -> None:
    bench.path.write_text("".join(line(number) for number in range(20)))
    bench.answer(lambda number: KafkaUnavailable("down") if number == 5 else None)
    with pytest.raises(KafkaUnavailable):
        bench.run()
    assert bench.counts == Counts(sent=5)
    bench.answer(lambda number: None)
    bench.run()
    assert bench.publisher.posts[0][0] == "x:5"
    assert bench.told.resumed_after == [5]


def test_an_acknowledgement_that_overtakes_does_not_move_the_cursor(bench: Bench) -> None:
    bench.path.write_text("".join(line(number) for number in range(3)))
    bench.answer(lambda number: ... if number == 0 else None)

    def crash() -> None:
        raise KafkaUnavailable("silent")

    bench.publisher.flush = crash  # type: ignore[method-assign]
    with pytest.raises(KafkaUnavailable):
        bench.run()
    bench.answer(lambda number: None)
    bench.run()
    assert [uid for uid, _ in bench.publisher.posts] == ["x:0", "x:1", "x:2"]


def test_a_line_too_long_for_the_dead_letters_is_reported_and_passed(bench: Bench) -> None:
    bench.path.write_text(line(1) + line(2, text="t" * 3_000_000) + line(3))
    bench.run()
    assert [uid for uid, _ in bench.publisher.posts] == ["x:1", "x:3"]
    assert bench.publisher.letters == []
    assert bench.counts == Counts(sent=2, refused=1)
    assert bench.told.faults == [(2, "too_large", False)]


def test_a_file_that_lacks_the_same_field_everywhere_is_not_begun(bench: Bench) -> None:
    bench.path.write_text('{"id": 1, "text": "a"}\n{"id": 2, "text": "b"}\n')
    with pytest.raises(InvalidInput, match="no `source` and no `created_at`") as refused:
        bench.run()
    assert "--source NAME and --created-at now" in refused.value.hint
    assert not bench.publisher.posts
    assert not bench.publisher.letters
    bench.run(Defaults("webform", dt.datetime(2026, 8, 15, tzinfo=dt.UTC)))
    assert len(bench.publisher.posts) == 2


def test_one_line_that_lacks_a_field_is_only_a_bad_line(bench: Bench) -> None:
    bench.path.write_text('{"id": 1, "text": "a"}\n' + line(2))
    bench.run()
    assert bench.counts == Counts(sent=1, bad=1)


def test_a_json_array_is_explained(bench: Bench) -> None:
    bench.path.write_text("\n [" + line(1) + "]")
    with pytest.raises(InvalidInput, match="one JSON array"):
        bench.run()


def test_a_changed_wording_that_its_source_does_not_call_an_edit_is_sent_as_one(bench: Bench, tmp_path: Path) -> None:
    bench.path.write_text(line(1) + line(1, text="there is a man with a gun"), newline="")
    with Wordings(tmp_path / "wordings") as wordings:
        bench.run(wordings=wordings)
    first, second = (codec.decode(POSTS, value) for _, value in bench.publisher.posts)
    assert (first.edited_at, second.edited_at) == (None, START)
