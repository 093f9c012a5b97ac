"""Files as people write them are read, and those that can't be are refused in a sentence that says what to do."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidInput
from pipeline.evaluation.table import Form, Table, read_table


def table(tmp_path: Path, name: str, content: str | bytes, form: Form | None = None) -> Table:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path, form or Form())


def refusal(tmp_path: Path, name: str, content: str | bytes, form: Form | None = None) -> str:
    with pytest.raises(InvalidInput) as refused:
        table(tmp_path, name, content, form)
    assert refused.value.message.endswith(".")
    assert refused.value.hint
    return f"{refused.value.message} {refused.value.hint}"


def test_json_lines_keep_their_keys_in_the_order_they_came(tmp_path: Path) -> None:
    found = table(tmp_path, "a.jsonl", '\ufeff{"b": 1, "a": 2}\n\n{"c": 3}\r\n')

    assert found.columns == ["b", "a", "c"]
    assert [(one.line, dict(one.fields)) for one in found.records] == [(1, {"b": 1, "a": 2}), (3, {"c": 3})]


def test_a_record_of_several_lines_has_the_number_of_its_first(tmp_path: Path) -> None:
    found = table(tmp_path, "a.csv", 'text,label\n"one\ntwo, three",x\n\nb,y\n')

    assert [(one.line, dict(one.fields)) for one in found.records] == [
        (2, {"text": "one\ntwo, three", "label": "x"}),
        (5, {"text": "b", "label": "y"}),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_is_parted_by_what_parts_its_first_row(tmp_path: Path, delimiter: str) -> None:
    found = table(tmp_path, "a.csv", f"text{delimiter}label\nwords{delimiter}x\n")

    assert dict(found.records[0].fields) == {"text": "words", "label": "x"}


def test_a_tsv_is_parted_by_tabs_alone(tmp_path: Path) -> None:
    found = table(tmp_path, "a.tsv", "text\tlabel\na, b, c\tx\n")

    assert dict(found.records[0].fields) == {"text": "a, b, c", "label": "x"}


def test_quotation_marks_may_mean_nothing(tmp_path: Path) -> None:
    found = table(tmp_path, "a.tsv", 'text\tlabel\n"he said\tx\n', Form(quoted=False))

    assert found.records[0].fields["text"] == '"he said'


def test_columns_without_a_header_are_numbers(tmp_path: Path) -> None:
    found = table(tmp_path, "a.csv", "a,x\nb,y\n", Form(header=False))

    assert found.columns == ["1", "2"]
    assert [one.fields["1"] for one in found.records] == ["a", "b"]
    assert [one.line for one in found.records] == [1, 2]


def test_a_text_file_is_parted_at_line_feeds_alone(tmp_path: Path) -> None:
    found = table(tmp_path, "a.txt", "one\u2028still one\r\n  \nthree\x0bthree\n")

    assert [(one.line, one.fields["text"]) for one in found.records] == [
        (1, "one\u2028still one"),
        (3, "three\x0bthree"),
    ]


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(str.strip),
            st.sampled_from(["intel", "chatter"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_what_was_written_as_csv_or_json_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    with (folder / "a.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    lines = [json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in rows]
    (folder / "a.jsonl").write_bytes("\n".join(lines).encode())

    for name in ("a.csv", "a.jsonl"):
        records = read_table(folder / name, Form()).records
        assert [(one.fields["text"], one.fields["label"]) for one in records] == rows


def test_another_encoding_is_read_when_it_is_named(tmp_path: Path) -> None:
    found = table(tmp_path, "a.csv", "text\ncafé – £5\n".encode("cp1252"), Form(encoding="cp1252"))

    assert found.records[0].fields["text"] == "café – £5"


@pytest.mark.parametrize(
    ("name", "content", "form", "says"),
    [
        ("a.csv", b"", None, "holds no posts"),
        ("a.csv", b"text,label\n", None, "holds no posts"),
        ("a.jsonl", b"\n \n", None, "holds no posts"),
        ("a.xlsx", b"PK", None, "--format"),
        ("a.csv", b"text\nok\ncaf\xe9\n", None, "Line 3 of"),
        ("a.csv", b"text\nok\ncaf\xe9\n", None, "--encoding cp1252"),
        ("a.csv", "text\nx\n".encode("utf-16"), None, "--encoding utf-16"),
        ("a.csv", b"\x00\x01\xff\xfe" * 50, None, "is not text"),
        ("a.jsonl", b'{"text": "a"}\n\x00', None, "is not text"),
        ("a.jsonl", b'{"text": "a"}\nnot json\n', None, "Line 2 of"),
        ("a.jsonl", b'"text"\n', None, "not a JSON object"),
        ("a.json", b'[{"text": "a"}]', None, "jq -c"),
        ("a.csv", b"text,label\na,b,c\n", None, "3 cells"),
        ("a.csv", b'text\n"never closed\n', None, "--no-quotes"),
        ("a.csv", b"text,text\na,b\n", None, "appears twice"),
        ("a.csv", b"text\na\n", Form(encoding="nonsense"), "no encoding 'nonsense'"),
        ("a.csv", b"text\na\n", Form(encoding="base64"), "can't be read as 'base64'"),
    ],
)
def test_what_can_not_be_read_is_refused(
    tmp_path: Path, name: str, content: bytes, form: Form | None, says: str
) -> None:
    assert says in refusal(tmp_path, name, content, form)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for name in ("nope.csv", "nope.txt", "nope"):
        with pytest.raises(InvalidInput, match=rf"There is no file .*{name}\."):
            read_table(tmp_path / name, Form())
    with pytest.raises(InvalidInput, match="is a folder"):
        read_table(tmp_path, Form())


def test_a_refusal_never_quotes_a_post(tmp_path: Path) -> None:
    assert "secret" not in refusal(tmp_path, "a.jsonl", '{"text": "secret"')
    assert "secret" not in refusal(tmp_path, "a.csv", 'text\n"secret\n')
    assert "secret" not in refusal(tmp_path, "a.csv", "text\nsecret,secret\n")
