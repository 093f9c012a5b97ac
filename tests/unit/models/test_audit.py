"""The corpus passes its audits, and each audit fails on a corpus that has the fault it looks for."""

from __future__ import annotations

from models.training.audit import alike, audit, guessed_from_form, guessed_from_theme, shared_runs, skeleton
from models.training.dataset import Row, read_corpus
from schemas.labels import LABELS


def row(number: int, text: str, label: int = 0, theme: str = "theme") -> Row:
    return Row(str(number), text, LABELS[label], [], None if label == 3 else "routine", theme, "a", 1)


def test_the_corpus_passes() -> None:
    findings = audit(read_corpus())

    assert [finding for finding in findings if not finding.passed] == []
    assert len({finding.name for finding in findings}) == 8


def test_a_label_that_follows_the_theme_is_found_out() -> None:
    rows = [row(number, f"word{number}", number % 4, f"theme {number % 4}") for number in range(200)]

    assert guessed_from_theme(rows) > 0.9


def test_a_label_that_follows_the_form_is_found_out() -> None:
    rows = [
        row(number, "short" if number % 4 == 3 else "many words in a row here!", number % 4) for number in range(200)
    ]

    assert guessed_from_form(rows) > 0.4


def test_eight_words_in_common_are_found_unless_they_are_twins() -> None:
    run = "one two three four five six seven eight"
    rows = [row(1, f"{run} nine"), row(2, f"then {run}"), row(3, f"{run} ten", label=1)]

    assert [(one.id, other.id) for one, other in shared_runs(rows)] == [("1", "2")]


def test_posts_that_are_nearly_the_same_are_found_unless_they_are_twins() -> None:
    text = "a b c d e f g"
    rows = [
        row(1, text),
        row(2, f"@Somebody {text}"),
        row(3, text, label=2),
        row(4, "quite other words stand in here now"),
    ]

    assert [(one.id, other.id) for one, other in alike(rows)] == [("1", "2")]


def test_a_skeleton_keeps_what_a_template_keeps() -> None:
    first = skeleton("@CityPolice there is a man with a knife on Mill Lane at 20:15 https://t.co/x")

    assert first == skeleton("there is a dog with a collar on Ash Road at 07:30 @Else")
    assert first != skeleton("a man with a knife is on Mill Lane at 20:15")
