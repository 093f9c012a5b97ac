from __future__ import annotations

import pytest
from click.testing import CliRunner

from pipeline.circle import Circle
from pipeline.cli.search import counted, search
from pipeline.cli.search_options import parse_near
from pipeline.errors import InvalidInput


def test_a_circle_is_read() -> None:
    assert parse_near("51.5, -0.12,2.5") == Circle(51.5, -0.12, 2.5)


@pytest.mark.parametrize(
    "text", ["_", "1,2", "1,2,3,4", "a,b,c", "91,0,1", "0,181,1", "0,0,0", "0,0,-1", "nan,0,1", "0,0,inf"]
)
def test_what_is_no_circle_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="--near"):
        parse_near(text)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--phone", "12"], "--phone"),
        (["--phone", "AB12 CDE"], "--phone"),
        (["--near-mentioned"], "--near-mentioned"),
        (["--since", "1h", "--until", "2h"], "--since"),
    ],
    ids=" ".join,
)
def test_what_can_find_nothing_is_refused_before_anybody_is_asked(options: list[str], fault: str) -> None:
    ran = CliRunner().invoke(search, options)
    assert isinstance(ran.exception, InvalidInput)
    assert ran.exception.message.startswith(fault)


def test_items_are_counted_in_words() -> None:
    assert [counted(0), counted(1), counted(1234)] == ["0 items", "1 item", "1,234 items"]
