from __future__ import annotations

import pytest

from pipeline.circle import Circle


def test_a_circle_is_read() -> None:
    assert Circle.read("51.5, -0.12,2.5") == Circle(51.5, -0.12, 2.5)


@pytest.mark.parametrize("text", ["", "1,2", "1,2,3,4", "a,b,c", "91,0,1", "0,181,1", "0,0,0", "nan,0,1", "0,0,inf"])
def test_what_is_no_circle_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Circle.read(text)


def test_london_is_344_kilometres_from_paris() -> None:
    london, paris = (51.5074, -0.1278), (48.8566, 2.3522)
    assert Circle(*london, 345).holds(*paris)
    assert not Circle(*london, 342).holds(*paris)


def test_a_circle_reaches_over_the_date_line_and_round_the_earth() -> None:
    assert Circle(0, 179.9, 30).holds(0, -179.9)
    assert Circle(51.5, -0.12, 20_040).holds(-51.5, 179.88)
