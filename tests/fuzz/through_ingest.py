"""Drives every way in: files of JSON lines and of CSV through the feed, and request bodies through the web server's reader.

Whatever stands in a file is a post, a dead letter or told as refused, in its order; nothing between two entries is passed
over. What ingest takes, the classify stage takes too.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Final

from pipeline.ingest.canonical import Defaults
from pipeline.ingest.feed import Feed
from pipeline.ingest.http.answers import Refusal
from pipeline.ingest.http.body import JSON, NDJSON, entries_of
from pipeline.ingest.http.body import Entry as Posted
from pipeline.ingest.http.deliver import deliver
from pipeline.ingest.publish import MAX_DEAD_LETTER
from pipeline.ingest.report import Counts
from pipeline.ingest.sources import Entry, Position
from pipeline.ingest.sources.file import FileSource
from pipeline.ingest.sources.form import Form, form_of
from schemas import codec
from schemas.codec import InvalidMessage
from tests.doubles.manual_clock import START, ManualClock
from tests.doubles.scripted_publisher import ScriptedPublisher
from tests.fuzz import records
from tests.fuzz.inputs import Input, encoded
from tests.fuzz.texts import MARK, text

COLUMNS: Final = ("source", "id", "text", "created_at", "lang", "place.lat")


class _Listener:
    """Keeps what a feed tells, and never stops it: a `Report` and a `Watch`."""

    def __init__(self) -> None:
        self.told: list[InvalidMessage] = []

    def fault(self, name: str, line: int, fault: InvalidMessage, kept: bool) -> None:
        self.told.append(fault)

    def resumed(self, name: str, after_line: int) -> None:
        raise AssertionError("there is no cursor")

    def progressed(self, position: Position, counts: Counts) -> None:
        pass

    def stopped(self) -> bool:
        return False

    def idle(self) -> None:
        raise AssertionError("a file is never waited for")


async def through_ingest(given: Sequence[Input], chance: Random, folder: Path) -> Counter[tuple[str, str]]:
    """(way in, what became of an entry) → how many. Raises AssertionError when an entry is lost, altered or quoted."""
    too_long = b"x" * (MAX_DEAD_LETTER + 1)
    lines = [encoded(records.good(chance), chance), *(one.value or b"" for one in given), too_long]
    ends: Counter[tuple[str, str]] = Counter()
    for name, content in (("posts.jsonl", b"\n".join(lines)), ("posts.csv", _table(given, chance))):
        path = folder / name
        path.write_bytes(content)
        ends.update({(path.suffix, end): number for end, number in _through_feed(path).items()})
    with ThreadPoolExecutor(1) as thread:
        for end, number in (await _through_http(given, chance, thread)).items():
            ends["http", end] += number
    return ends


def _table(given: Sequence[Input], chance: Random) -> bytes:
    """Well written rows of hostile cells, and between them lines that are no rows at all."""
    rows = [_row(*COLUMNS), _row("x", "1", MARK, "2026-08-15T11:00:00Z", "en", "51.5")]
    for number, one in enumerate(given):
        if chance.random() < 0.3:
            rows.append((one.value or b"")[:2_000])
        else:
            place = chance.choice(("", "51.5", "1e9", "nan"))
            rows.append(_row("x", str(number), text(chance), "2026-08-15T11:00:00Z", chance.choice(("", "en")), place))
    return chance.choice((b"\n", b"\r\n")).join(rows)


def _row(*cells: str) -> bytes:
    row = io.StringIO(newline="")
    csv.writer(row, lineterminator="").writerow(cells)
    return row.getvalue().encode("utf-8", "surrogatepass")


def _through_feed(path: Path) -> Counter[str]:
    clock, listener, publisher = ManualClock(), _Listener(), ScriptedPublisher()
    form = form_of(path, None, None, {})
    entries = _entries_in(path, form)
    feed = Feed(publisher, Defaults(), listener, listener.stopped, now=clock.wall, monotonic=clock.monotonic)
    source = FileSource(path, form, listener)
    end = feed.run(source)
    source.close()
    counts = feed.counts
    assert end == entries[-1].after, "the file was not read to its end"
    assert counts.total == len(entries), f"{len(entries)} entries, {counts.total} with an end"
    assert (counts.sent, counts.bad) == (len(publisher.posts), len(publisher.letters))
    assert len({letter.origin for _, letter in publisher.letters}) == counts.bad, "two dead letters of one line"
    letters = Counter(value for value, _ in publisher.letters)
    kept = [(one.raw, one.fields) for one in entries if one.raw is not None]
    unreadable = Counter(raw for raw, fields in kept if isinstance(fields, InvalidMessage))
    assert not unreadable - letters, "what could not be read is not among the dead letters as it was"
    assert not letters - Counter(raw for raw, _ in kept), "a dead letter is not what stood in the file"
    assert not [one for _, one in publisher.letters if MARK in f"{one.reason} {one.detail}"], "a header quotes a post"
    _check_posts(publisher)
    return Counter({"posts": counts.sent, "dead letters": counts.bad, "told as refused": counts.refused})


def _entries_in(path: Path, form: Form) -> list[Entry]:
    """What the source finds in the file; between two entries there is nothing but blank lines."""
    source = FileSource(path, form, _Listener())
    entries = list(source.entries(Position()))
    source.close()
    content = path.read_bytes()
    place = content.index(b"\n") + 1 if form.kind == "csv" else 0
    for entry in entries:
        stands = content[place : entry.after.offset].removesuffix(b"\n")
        assert entry.raw is None or stands.endswith(entry.raw), "an entry is not what stands in the file"
        assert entry.raw is None or not stands.removesuffix(entry.raw).strip(), "something was passed over"
        place = entry.after.offset
    assert not content[place:].strip(), "the end of the file was passed over"
    return entries


async def _through_http(given: Sequence[Input], chance: Random, thread: Executor) -> Counter[str]:
    ends: Counter[str] = Counter()
    for values in _requests(given, chance):
        kind = chance.choice((JSON, NDJSON[0]))
        body = b"\n".join(values) if kind != JSON else values[0] if len(values) == 1 else b"[%s]" % b",".join(values)
        publisher = ScriptedPublisher()
        entries = _posts_in(body, kind)
        if isinstance(entries, Refusal):
            assert entries.status in (400, 413)
            assert MARK not in entries.message, "an answer quotes a post"
            ends["requests refused"] += 1
            continue
        receipt = await deliver(entries, Defaults(), START, publisher, thread, 60.0)
        assert receipt.accepted == len(publisher.posts)
        assert receipt.accepted + len({one.index for one in receipt.rejected}) == len(entries), "a post has no answer"
        assert MARK not in str(receipt), "an answer quotes a post"
        _check_posts(publisher)
        ends["posts"] += receipt.accepted
        ends["told as rejected"] += len(receipt.rejected)
    return ends


def _posts_in(body: bytes, kind: str) -> list[Posted] | Refusal:
    try:
        return entries_of(body, kind)
    except Refusal as refusal:
        return refusal


def _requests(given: Sequence[Input], chance: Random) -> Iterator[list[bytes]]:
    start = 0
    while start < len(given):
        size = chance.choice((1, 1, 5, 200))
        yield [one.value or b"" for one in given[start : start + size]]
        start += size


def _check_posts(publisher: ScriptedPublisher) -> None:
    """What ingest takes, nobody dead-letters later."""
    for uid, value in publisher.posts:
        assert codec.decode_post(value, START).uid == uid
