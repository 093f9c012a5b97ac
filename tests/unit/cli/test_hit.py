from __future__ import annotations

import datetime as dt
import io
from typing import Any

from rich.console import Console

from pipeline.cli.hit import cut, local_time, render
from pipeline.index.search import HIT_END, HIT_START, Hit

CEST = dt.timezone(dt.timedelta(hours=2))


def hit(message: str = "lads dealing by the pier", marked: str | None = None, **flagpost: Any) -> Hit:
    fields = {"source": "x", "label": "intel", "grade": "prompt", **flagpost}
    document = {
        "@timestamp": "2026-08-15T12:05:00Z",
        "message": message,
        "flagpost": fields,
        "user": {"name": "@bob"},
        "geo": {"name": "Whitby"},
        "event": {"url": "https://x.example/1"},
    }
    return Hit("id", 1.0, document, marked)


def shown(hit: Hit, colour: bool = False) -> str:
    console = Console(
        file=io.StringIO(),
        width=80,
        highlight=False,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
    )
    console.print(render(hit, CEST))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_hit_says_how_urgent_what_when_who_where_why_and_the_link() -> None:
    reasons = [{"text": "dealing"}, {"text": "the pier"}]
    lines = shown(hit(also=["complaint"], unsure=True, reasons=reasons)).splitlines()
    assert lines[0].rstrip() == " PROMPT  intel + complaint unsure  2026-08-15 14:05  x · @bob · Whitby · id"
    assert [line.rstrip() for line in lines[1:]] == [
        "  lads dealing by the pier",
        "  why: dealing · the pier",
        "  https://x.example/1",
        "",
    ]


def test_a_hit_says_what_its_text_names_and_leaves_the_handles_to_the_text() -> None:
    named = hit()
    related = {"user": ["bob"], "places": ["Swindon"], "registration_marks": ["AB12CDE"], "roads": ["M1", "M1 J12"]}
    lines = shown(Hit("id", 1.0, {**named.document, "related": related}, None)).splitlines()
    assert "  names: AB12CDE · M1 · M1 J12 · Swindon" in [line.rstrip() for line in lines]
    assert "names:" not in shown(named)


def test_a_hit_does_not_list_more_names_than_can_be_read() -> None:
    many = {**hit().document, "related": {"roads": [f"A{number}" for number in range(100, 130)]}}
    assert "A111 · …" in shown(Hit("id", 1.0, many, None))


def test_the_first_characters_of_its_id_name_a_hit() -> None:
    long = Hit("k3j5h2lqab" * 5, 1.0, hit().document, None)
    assert "Whitby · k3j5h2lq\n" in "\n".join(line.rstrip() for line in shown(long).splitlines()) + "\n"


def test_a_hit_says_who_decided_what_and_what_the_model_had_said() -> None:
    review = {"by": "a.khan", "at": "2026-08-15T12:20:00Z", "grade": "prompt", "label": "intel", "note": "seen\nagain"}
    decided = shown(hit(unsure=True, review=review, verdict={"label": "intel", "grade": "routine"}))
    assert "reviewed by a.khan, 2026-08-15 14:20: seen again (the model said routine)" in decided
    assert "unsure" not in decided


def test_a_hit_that_was_dismissed_says_so_and_by_whom() -> None:
    review = {"by": "a.khan", "at": "2026-08-15T12:20:00Z", "dismissed": True}
    lines = shown(hit(review=review, verdict={"label": "intel"})).splitlines()
    assert "intel dismissed" in lines[0]
    assert "  dismissed by a.khan, 2026-08-15 14:20" in [line.rstrip() for line in lines]


def test_what_was_found_stands_out_on_a_terminal() -> None:
    rendered = shown(hit(marked=f"lads {HIT_START}dealing{HIT_END} by the pier"), colour=True)
    assert "\x1b[1;4;33mdealing\x1b[0m by the pier" in rendered


def test_a_post_can_not_speak_to_the_terminal() -> None:
    rendered = shown(
        hit("\x1b[2Jgone \x1b]0;owned\x07 [red]not markup[/red] \u202eevil", reasons=[{"text": "\x1b[1m"}])
    )
    assert "\x1b" not in rendered
    assert "\u202e" not in rendered
    assert "␛[2Jgone ␛]0;owned␇ [red]not markup[/red]" in rendered


def test_every_line_fits_eighty_columns() -> None:
    rendered = shown(hit("word " * 100 + "x" * 200, reasons=[{"text": "y" * 50}] * 5))
    assert max(map(len, rendered.splitlines())) <= 80


def test_a_long_post_is_cut_around_what_was_found() -> None:
    piece = cut("a" * 5000 + f"{HIT_START}found{HIT_END}" + "b" * 5000)
    assert f"{HIT_START}found{HIT_END}" in piece
    assert piece.startswith("… ")
    assert piece.endswith(" …")
    assert len(piece) < 620


def test_a_cut_never_leaves_a_mark_open() -> None:
    piece = cut("a" * 595 + f"{HIT_START}{'f' * 50}{HIT_END}")
    assert piece.count(HIT_START) == piece.count(HIT_END)


def test_a_post_without_words_and_a_document_without_parts_are_shown() -> None:
    assert "(no words)" in shown(hit(""))
    assert "NO GRADE" in shown(Hit("id", None, {}, None))


def test_a_date_that_is_none_is_said() -> None:
    assert local_time("not a date") == "no date"
