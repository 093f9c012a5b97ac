from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.sources import Position
from pipeline.ingest.sources.lines import BLOCK, split_lines


@given(st.binary(max_size=300).map(lambda text: text.replace(b"x", b"\n")), st.integers(1, 7))
def test_lines_and_offsets_cover_the_stream_however_it_is_cut(text: bytes, block: int) -> None:
    stream = io.BytesIO(text)
    lines = list(split_lines(lambda _: stream.read(block), Position()))
    assert b"\n".join(line.raw or b"" for line in lines) == text.removesuffix(b"\n")
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert not lines or lines[-1].after.offset == len(text)


@pytest.mark.parametrize("cut", range(4))
def test_reading_on_from_a_position_gives_the_rest(cut: int) -> None:
    text = b"one\ntwo\nthree\nfour"
    all_lines = list(split_lines(io.BytesIO(text).read, Position()))
    start = all_lines[cut].after
    assert list(split_lines(io.BytesIO(text[start.offset :]).read, start)) == all_lines[cut + 1 :]


def test_an_over_long_line_is_counted_and_not_kept() -> None:
    text = b"a\n" + b"b" * (3 * BLOCK) + b"\nc\n"
    short, long, last = split_lines(io.BytesIO(text).read, Position(), longest=BLOCK)
    assert (short.raw, long.raw, last.raw) == (b"a", None, b"c")
    assert (long.size, long.number, last.number) == (3 * BLOCK, 2, 3)
    assert last.after.offset == len(text)
