"""What the commands that judge a model print: within the terminal's width, and safe whatever the posts say."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from models.evaluation.estimate import Estimate
from pipeline.classify.judge import Judge
from pipeline.cli.shown import comparison, evaluation, probe
from pipeline.evaluation.comparison import compare
from pipeline.evaluation.evaluation import evaluate
from pipeline.evaluation.judging import Judged, judged
from pipeline.evaluation.numbers import change, counted, figure, listed, percent, points
from pipeline.evaluation.posts import LabelledPost, Text
from pipeline.evaluation.probing import probe as measure
from tests.doubles.keyword_classifier import KeywordClassifier
from tests.unit.evaluation.posts import judge, labelled, post

EVIL = "\x1b[2Jhelp \x1b]0;owned\x07 [red]me[/red] \u202eevil \n\r\t now"
POSTS = (
    post(EVIL, "chatter", line=1, source=EVIL, theme="[bold]theme"),
    post("dealing " * 200, "complaint", "routine", also=["intel"], line=2, source="x" * 100),
    post("x" * 300, "intel", "immediate", line=3),
)


def printed(show: Callable[[Console], None], width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, color_system=None)
    show(console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def reports(width: int) -> dict[str, str]:
    columns = ("text", "label", "grade", "also", "source", "theme")
    found = labelled(*POSTS * 10, columns=columns)
    texts = [Text(one.line, EVIL, one.text) for one in POSTS]
    first = judge(*POSTS * 10)
    second = Judged(found.posts, first.verdicts[1:] + first.verdicts[:1])
    compared = compare(found, first, second, (EVIL, "b" * 100), (1.0, 2.0))
    probed = measure(EVIL, EVIL, texts, judged(Judge(KeywordClassifier()), [one.text for one in texts]), "chatter", 9)
    return {
        "evaluation": printed(lambda console: evaluation.show(evaluate(found, first, 20), console), width),
        "comparison": printed(lambda console: comparison.show(compared, 20, console), width),
        "probe": printed(lambda console: probe.show(probed, console), width),
    }


@pytest.mark.parametrize("name", ["evaluation", "comparison", "probe"])
@pytest.mark.parametrize("width", [60, 80, 140])
def test_a_report_fits_and_can_not_be_spoken_through(name: str, width: int) -> None:
    found = reports(width)[name]

    assert max(map(len, found.splitlines())) <= width
    assert not any(character in found for character in "\x1b\x07\u202e\r\t")
    assert "␛[2Jhelp" in found
    assert "[red]me[/red]" in found


def test_an_evaluation_says_which_reading_is_which() -> None:
    found = reports(100)["evaluation"]

    assert "as decided" in found
    assert "The label as decided and the one with the highest score are the same" in found
    assert "is complaint, decided intel 85 %, routine (its also has intel)" in found


@pytest.mark.parametrize(
    ("posts", "says"),
    [
        ([post("lovely", "chatter")], "No post is labelled intel, help request or complaint"),
        ([post("lovely", "chatter")], "No mistakes."),
        ([post("", "intel")], "(no words)"),
    ],
)
def test_what_is_missing_is_said(posts: list[LabelledPost], says: str) -> None:
    found = printed(lambda console: evaluation.show(evaluate(labelled(*posts), judge(*posts), 20), console), 200)

    assert says in found


def test_models_that_judge_alike_are_said_to() -> None:
    first: Any = judge(*POSTS)
    compared = compare(labelled(*POSTS), first, first, ("a", "b"), (1.0, 1.0))

    assert "Both judge every post alike." in printed(lambda console: comparison.show(compared, 5, console))


def test_an_interval_is_as_fine_as_it_is_narrow() -> None:
    assert percent(Estimate(0.9421, 0.88, 0.97)) == "94 % (88–97)"
    assert percent(Estimate(0.9421, 0.929, 0.955)) == "94.2 % (92.9–95.5)"
    assert percent(Estimate(1.0)) == "100 %"
    assert figure(Estimate(0.5, 0.4, 0.6)) == "0.500 (0.400–0.600)"
    assert change(Estimate(-0.0121, -0.03, 0.006)) == "−0.012 (−0.030 to +0.006)"
    assert points(Estimate(0.01, -0.02, 0.04)) == "+1.0 (−2.0 to +4.0)"
    assert [one(Estimate(None)) for one in (percent, figure, change, points)] == ["–"] * 4


def test_words_are_counted_and_listed() -> None:
    assert [counted(1, "post"), counted(1234, "post")] == ["1 post", "1,234 posts"]
    assert [listed(list("abc")[:many], "or") for many in (1, 2, 3)] == ["a", "a or b", "a, b or c"]
