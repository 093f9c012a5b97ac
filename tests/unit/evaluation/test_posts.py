"""Columns are found, labels are understood, and what is not is named with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidInput
from pipeline.evaluation.columns import USUAL
from pipeline.evaluation.label_names import LabelNames, label_of
from pipeline.evaluation.posts import read_texts
from pipeline.evaluation.table import Form
from schemas.labels import LABELS
from tests.unit.evaluation.posts import read


def jsonl(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    path = tmp_path / "posts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def refusal(path: Path, maps: tuple[str, ...] = (), **asked: str) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as refused:
        read(path, maps=maps, **asked)
    return refused.value.message, refused.value.hint


@pytest.mark.parametrize("text", [name for name in USUAL["text"] if name != "sentence"])
@pytest.mark.parametrize("label", USUAL["label"])
def test_columns_are_found_under_usual_names_in_any_case(tmp_path: Path, text: str, label: str) -> None:
    names = [name.replace("_", " ").title() for name in (text, label)]
    (tmp_path / "a.csv").write_text(f"{names[0]},other,{names[1]}\nhello,1,chatter\n")

    found = read(tmp_path / "a.csv")

    assert found.posts[0].text == "hello"
    assert dict(found.columns) == {"text": names[0], "label": names[1]}


def test_the_likeliest_of_several_usual_names_is_taken(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"content": "no", "text": "yes", "class": "intel", "label": "chatter"})

    assert read(path).posts[0].text == "yes"
    assert read(path).posts[0].label == "chatter"


def test_a_column_may_be_asked_for_by_name_number_or_path(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\nhello,chatter\n")
    nested = jsonl(tmp_path, {"data": {"words": "hello"}, "label": "chatter"})

    assert read(tmp_path / "a.csv", text="A", label="2").posts[0].text == "hello"
    assert read(nested, text="data.words").posts[0].text == "hello"


def test_a_wrong_column_is_refused_with_those_that_are_there(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"text": "a", "label": "intel"})

    assert refusal(path, label="nope")[0].endswith("has no column 'nope' (--label-column).")
    assert refusal(path, label="nope")[1] == "Its columns are: text, label."


def test_no_usual_name_says_which_option_names_one(tmp_path: Path) -> None:
    message, hint = refusal(jsonl(tmp_path, {"foo": "a", "bar": "intel"}))

    assert "usual name for the text" in message
    assert hint == "Add --text-column NAME. Its columns are: foo, bar."


@given(
    st.sampled_from(LABELS), st.sampled_from(["_", " ", "-", "", " - "]), st.sampled_from([str.upper, str.title, str])
)
def test_a_label_may_be_written_in_any_case_and_with_any_gap(label: str, gap: str, case: Any) -> None:
    assert LabelNames().read(f" {case(label.replace('_', gap))} ") == label


def test_maps_give_names_their_meaning(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"text": "a", "label": "Tip Off"}, {"text": "b", "label": 3}, {"text": "c", "label": None})

    found = read(path, maps=("tip-off=intel", "3=help request", "=-"))

    assert [one.label for one in found.posts] == ["intel", "help_request"]
    assert found.left_out == 1


@pytest.mark.parametrize("wrong", ["a", "a=b", "=", "a=chatter=x"])
def test_a_map_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidInput, match="OLD=NEW"):
        LabelNames([wrong])


def test_a_name_that_is_mapped_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="elsewhere"):
        LabelNames(["a=intel", "A=chatter"])


def test_an_unknown_label_is_named_with_its_line_and_what_it_may_mean(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path, {"text": "a", "label": "intel"}, {"text": "b", "label": "Complaints"}, {"text": "b", "label": "spam"}
    )

    message, hint = refusal(path)

    assert message.startswith(f"Line 2 of {path} has the label 'Complaints'")
    assert "--map 'Complaints=complaint'" in hint
    assert "'spam'" in hint


def test_a_missing_label_is_named_with_its_line(tmp_path: Path) -> None:
    message, hint = refusal(jsonl(tmp_path, {"text": "a", "label": "intel"}, {"text": "b"}))

    assert message.startswith("Line 2 of")
    assert message.endswith("has no label.")
    assert "--map =-" in hint


def test_a_label_can_not_speak_to_the_terminal_nor_repeat_a_post(tmp_path: Path) -> None:
    message, hint = refusal(jsonl(tmp_path, {"text": "a", "label": "\x1b[2J\u202e" + "x" * 500}))

    assert "\x1b" not in message + hint
    assert "\u202e" not in message + hint
    assert len(message) < 300


@pytest.mark.parametrize("text", [None, 3, ["a"], {"a": 1}])
def test_a_text_that_is_none_is_named_with_its_line(tmp_path: Path, text: Any) -> None:
    assert refusal(jsonl(tmp_path, {"text": text, "label": "intel"}))[0].startswith("Line 1 of")


def test_an_empty_text_is_a_post(tmp_path: Path) -> None:
    assert read(jsonl(tmp_path, {"text": "", "label": "chatter"})).posts[0].text == ""


@pytest.mark.parametrize(
    "also",
    [["Help Request", "complaint"], "complaint, help-request", "help_request|complaint", "['complaint';help request]"],
)
def test_other_labels_are_read_however_they_are_listed(tmp_path: Path, also: Any) -> None:
    found = read(jsonl(tmp_path, {"text": "a", "label": "intel", "also": also}))

    assert found.posts[0].also == ["help_request", "complaint"]


def test_the_first_label_and_chatter_are_no_others(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path,
        {"text": "a", "label": "intel", "also": "intel, chatter"},
        {"text": "b", "label": "chatter", "also": "intel"},
        {"text": "c", "label": "intel", "also": None},
    )

    assert [one.also for one in read(path).posts] == [[], [], []]


def test_a_grade_is_read_in_any_case_and_of_flagged_posts_alone(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path,
        {"text": "a", "label": "intel", "grade": "Immediate"},
        {"text": "b", "label": "chatter", "grade": "routine"},
        {"text": "c", "label": "intel", "grade": None},
    )

    assert [one.grade for one in read(path).posts] == ["immediate", None, None]


def test_an_unknown_grade_is_named_and_may_be_passed_over(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"text": "a", "label": "intel", "grade": "soon"})

    assert refusal(path)[0].startswith(f"Line 1 of {path} has the grade 'soon'")
    assert read(path, grade="").posts[0].grade is None


def test_leaving_everything_out_is_refused(tmp_path: Path) -> None:
    assert "left out" in refusal(jsonl(tmp_path, {"text": "a", "label": "x"}), maps=("x=-",))[0]


def test_a_file_of_texts_is_not_labelled(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello\n")

    assert "flagpost probe" in refusal(tmp_path / "a.txt")[1]


def test_texts_are_read_from_lines_columns_and_the_only_column(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n\ntwo\n")
    (tmp_path / "b.csv").write_text("whatever\none\n")
    (tmp_path / "c.csv").write_text("id,what\n7,one\n")

    assert [(one.line, one.id, one.text) for one in read_texts(tmp_path / "a.txt", Form(), None)[0]] == [
        (1, "1", "one"),
        (3, "3", "two"),
    ]
    assert read_texts(tmp_path / "b.csv", Form(), None)[0][0].text == "one"
    assert read_texts(tmp_path / "c.csv", Form(), "2")[0][0].id == "7"
    with pytest.raises(InvalidInput, match="--column") as refused:
        read_texts(tmp_path / "c.csv", Form(), "3")
    assert "id, what" in refused.value.hint


def test_a_label_that_is_asked_for_is_understood_or_refused() -> None:
    assert label_of("Help request", "--expect") == "help_request"
    with pytest.raises(InvalidInput, match="--expect 'spam' is not a label"):
        label_of("spam", "--expect")
