from __future__ import annotations

import numpy as np

from models.classifier import Judgement
from models.prepare import prepare
from pipeline.classify.reasons import MOST_REASONS, reasons_for
from schemas.labels import FLAGGED, GRADES, LABELS


def judgement(text: str, pieces: list[tuple[str, float]]) -> Judgement:
    """Pieces are found in ``text`` from left to right; each has its share of the first label."""
    spans, shares, at = [], np.zeros((len(pieces), len(LABELS)), dtype=np.float32), 0
    for row, (piece, share) in enumerate(pieces):
        start = text.index(piece, at)
        at = start + len(piece)
        spans.append((start, at))
        shares[row, 0] = share
    return Judgement(
        dict.fromkeys(LABELS, 0.25), dict.fromkeys(GRADES, 0.3), dict.fromkeys(FLAGGED, 0.5), shares, spans
    )


def test_pieces_of_a_word_add_up_and_neighbours_make_a_phrase() -> None:
    text = "they are dealing again by the pier"
    pieces = [("they", 0.0), ("deal", 0.5), ("ing", 0.25), ("again", 0.5), ("by", 0.0), ("pier", 0.25)]
    first, second = reasons_for("intel", judgement(text, pieces), prepare(text))
    assert (first.text, first.share) == ("dealing again", 1.25)
    assert text[first.start : first.end] == "dealing again"
    assert second.text == "pier"


def test_words_that_mean_nothing_alone_are_named_only_between_two_that_do() -> None:
    text = "he is at the back of the pub now"
    pieces = [(word, 1.0) for word in text.split()]
    assert [reason.text for reason in reasons_for("intel", judgement(text, pieces), prepare(text))] == [
        "pub now",
        "back",
    ]


def test_one_function_word_may_stand_inside_a_phrase() -> None:
    text = "dealing by night"
    (reason,) = reasons_for("intel", judgement(text, [("dealing", 0.5), ("by", 0.25), ("night", 0.5)]), prepare(text))
    assert (reason.text, reason.share) == ("dealing by night", 1.25)


def test_handles_and_links_are_no_reasons() -> None:
    text = "@SandhavenPolice fire https://t.co/x1"
    pieces = [("@", 0.5), ("Sand", 0.5), ("havenPolice", 0.5), ("fire", 0.4), ("https://t.co/x1", 0.9)]
    assert [reason.text for reason in reasons_for("intel", judgement(text, pieces), prepare(text))] == ["fire"]


def test_words_that_speak_against_the_label_are_not_named() -> None:
    text = "no dealing here"
    assert [r.text for r in reasons_for("intel", judgement(text, [("no", -1.0), ("dealing", 0.5)]), prepare(text))] == [
        "dealing"
    ]


def test_no_word_is_named_when_none_speaks_for_the_label() -> None:
    assert reasons_for("intel", judgement("nothing", [("nothing", -0.1)]), prepare("nothing")) == []


def test_punctuation_is_never_a_reason() -> None:
    text = "stop!!! thief"
    named = reasons_for("intel", judgement(text, [("stop", 0.1), ("!!!", 0.9), ("thief", 0.9)]), prepare(text))
    assert [reason.text for reason in named] == ["thief"]


def test_offsets_point_into_the_original_text() -> None:
    original = "a  kn\u200bife now"
    prepared = prepare(original)
    (reason,) = reasons_for("intel", judgement(prepared.text, [("knife", 1.0)]), prepared)
    assert original[reason.start : reason.end] == reason.text == "kn\u200bife"


def test_no_more_reasons_than_a_person_reads() -> None:
    text = " x ".join(f"word{n}" for n in range(20))
    named = reasons_for("intel", judgement(text, [(f"word{n}", 1.0) for n in range(20)]), prepare(text))
    assert len(named) == MOST_REASONS
