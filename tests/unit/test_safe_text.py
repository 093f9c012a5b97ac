from __future__ import annotations

import json

import pytest

from pipeline.safe_text import json_line, one_line, safe

EVIL = "\x1b[2J\x1b]0;owned\x07 \x9b31m \u202egnp.exe\u202c \x00 \x7f\ud800"


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    assert safe("\x1b[31mred\x07\x7f\x9b") == "␛[31mred␇␡�"


@pytest.mark.parametrize("made_safe", [safe(EVIL), one_line(EVIL), json_line({"text": EVIL})])
def test_no_control_character_gets_through(made_safe: str) -> None:
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in made_safe)
    assert not set(made_safe) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ud800")
    made_safe.encode()


def test_words_of_every_language_and_emoji_stay() -> None:
    text = "Żółć кошка قطة 猫 👩‍👩‍👧 naïve"
    assert safe(text) == text
    assert json_line(text) == f'"{text}"'


def test_json_holds_the_same_data() -> None:
    assert json.loads(json_line({"text": EVIL, "n": 1})) == {"text": EVIL, "n": 1}


def test_lines_become_one() -> None:
    assert one_line("  one\r\n\n two\tthree ") == "one two three"
