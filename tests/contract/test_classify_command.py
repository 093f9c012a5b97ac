"""`flagpost classify` with the released model, as a user runs it: as a process where one could tell."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from models import language as languages
from pipeline.classify.judge import Judge
from pipeline.errors import ModelRefused
from pipeline.settings import Settings
from tests.contract.conftest import Here


def run(*arguments: str, stdin: bytes = b"", **options: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pipeline.cli", "classify", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=60, **options)


def verdicts(done: subprocess.CompletedProcess[Any]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_one_verdict_for_each_post_in_input_order() -> None:
    lines = [
        {"id": "b", "text": "please help, a man with a knife is trying to get into my house right now"},
        {"id": 7, "text": "lovely sunset over the bay tonight", "source": "x", "other": [1]},
        {"text": "no id"},
    ]
    done = run("-", stdin=b"\n".join(json.dumps(line).encode() for line in lines))
    assert done.returncode == 0, done.stderr
    found = verdicts(done)
    assert [one["id"] for one in found] == ["b", 7, 3]
    assert found[0]["label"] == "help_request"
    assert found[0]["grade"] == "immediate"
    assert set(found[0]) == {"id", "label", "also", "scores", "grade", "unsure", "language", "reasons", "model"}
    assert sum(found[0]["scores"].values()) == pytest.approx(1, abs=1e-3)
    assert found[1]["label"] == "chatter"
    assert found[1]["grade"] is None


def test_plain_lines_are_posts_with_their_line_numbers(here: Here) -> None:
    done = here("classify", "--text", "-", stdin="first\n\nthird – ünïcode 🚓\r\n".encode())
    assert done.returncode == 0, done.stderr
    assert [one["id"] for one in verdicts(done)] == [1, 3]


def test_bad_lines_are_named_and_the_rest_goes_on(here: Here) -> None:
    done = here(
        "classify", "-", stdin=b'{"text": "a"}\nplain secret words\n{"id": 3}\n\xff\n{"text": ["x"]}\n{"text": "e"}\n'
    )
    assert done.returncode == 1
    assert [one["id"] for one in verdicts(done)] == [1, 6]
    assert done.stderr.splitlines() == [
        "2 lines could not be used: not a JSON object (lines 2, 4).",
        "1 line could not be used: without `text` (line 3).",
        "1 line could not be used: `text` is not of the right kind (line 5).",
        "With --text each line is the text of a post; `flagpost probe` reads CSV too.",
    ]


def test_a_csv_is_no_flood_of_errors(here: Here, tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text("id,text\n" + "".join(f"{number},a post\n" for number in range(30)))
    done = here("classify", str(tmp_path / "posts.csv"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "31 lines could not be used: not a JSON object (lines 1, 2, 3, 4, 5 …).",
        "With --text each line is the text of a post; `flagpost probe` reads CSV too.",
    ]


def test_a_deletion_is_nothing_to_judge(here: Here) -> None:
    deletion = b'{"type": "post_deleted", "source": "x", "id": "1", "deleted_at": "2026-08-15T10:00:00Z"}\n'
    done = here("classify", "-", stdin=deletion + b'{"text": "a"}\n')
    assert done.returncode == 0
    assert len(verdicts(done)) == 1


def test_nothing_in_nothing_out() -> None:
    done = run("-")
    assert (done.returncode, done.stdout) == (0, b"")


def test_a_missing_file_is_a_sentence(here: Here, tmp_path: Path) -> None:
    done = here("classify", str(tmp_path / "nowhere.jsonl"))
    assert done.returncode == 2
    assert "nowhere.jsonl can't be read (No such file or directory)." in done.stderr


def test_a_full_disk_is_a_sentence() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", "classify", "--text", "-"],
            input=b"a\n",
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 74
    assert b"no space left" in done.stderr
    assert b"Traceback" not in done.stderr


def test_serving_needs_neither_torch_nor_transformers() -> None:
    code = (
        "import sys; from pipeline.classify.judge import Judge; from pipeline.settings import Settings;"
        "Judge.load(Settings()).verdicts(['help']); print({'torch', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_what_a_terminal_would_obey_is_printed_escaped(here: Here) -> None:
    line = json.dumps({"id": "a\u009b31m", "text": "please help \u202eknife\u202c at my \u009b31mdoor now"})
    done = here("classify", "-", stdin=line.encode())
    assert done.returncode == 0
    assert not any(character in done.stdout for character in "\u009b\u202e\u202c")
    assert verdicts(done)[0]["id"] == "a\u009b31m"


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    done = run("-", stdin=b"x" * 3_000_000 + b'\n{"text": "a"}\n')
    assert done.returncode == 1
    assert [one["id"] for one in verdicts(done)] == [2]


def test_an_input_that_breaks_off_is_no_success(here: Here) -> None:
    done = here("classify", "/proc/self/mem")
    assert done.returncode == 2
    assert "can't be read to its end" in done.stderr
    assert "Traceback" not in done.stderr


def test_where_languages_cannot_be_unpacked_nothing_is_judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "full"))
    languages._identifier.cache_clear()  # as in a process that has just started
    with pytest.raises(ModelRefused) as refused:
        Judge.load(Settings())
    assert f"can't be unpacked in {tmp_path / 'full'} (No such file or directory)" in refused.value.message
    assert "TMPDIR" in refused.value.hint
