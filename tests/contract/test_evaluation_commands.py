"""`flagpost evaluate`, `compare`, `probe` and `models` with the released model, as a user runs them.

One of each that loads a model runs as a process, and what is wrong is told in the test's own.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from models.manifest import MANIFEST, read_manifest
from pipeline.classify.judge import Judge
from pipeline.errors import ModelRefused
from pipeline.settings import ROOT, Settings
from tests.contract.conftest import Here

RELEASED = ROOT / "models/released"
THEMES = ("domestic-abuse", "speeding-and-dangerous-driving")


def run(*arguments: str | Path, width: int = 100, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline.cli", *map(str, arguments)]
    done = subprocess.run(
        command, input=stdin, capture_output=True, check=False, timeout=110, env={**os.environ, "COLUMNS": str(width)}
    )
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    files = [ROOT / f"models/corpus/{theme}.jsonl" for theme in THEMES]
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def posts(rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As JSON lines; a CSV with other names lies beside it."""
    folder = tmp_path_factory.mktemp("posts")
    (folder / "posts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with (folder / "posts.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(
            [("Tweet", "Category"), *((row["text"], row["label"].replace("_", " ").title()) for row in rows)]
        )
    return folder / "posts.jsonl"


@pytest.fixture(scope="module")
def evaluated(posts: Path) -> dict[str, Any]:
    done = run("evaluate", posts, "--json", posts.parent / "out.json", "--html", posts.parent / "out.html", width=60)
    assert done.returncode == 0, done.stderr
    assert "macro-F1" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 60
    found: dict[str, Any] = json.loads((posts.parent / "out.json").read_text(encoding="utf-8"))
    return found


def test_what_is_evaluated_is_what_the_pipeline_would_do(evaluated: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    verdicts = Judge.load(Settings()).verdicts([row["text"] for row in rows])

    right = sum(verdict.label == row["label"] for verdict, row in zip(verdicts, rows, strict=True))
    assert evaluated["posts"] == len(rows)
    assert evaluated["decided"]["accuracy"]["value"] == pytest.approx(right / len(rows), abs=1e-4)
    assert evaluated["mistakes"] == len(rows) - right
    assert evaluated["model"] == read_manifest(RELEASED).model


def test_an_evaluation_of_trained_posts_is_far_from_chance(evaluated: dict[str, Any]) -> None:
    assert evaluated["decided"]["macro_f1"]["value"] > 0.6
    assert evaluated["immediate"]["posts"] > 0
    assert {one["by"] for one in evaluated["slices"]} == {"length", "theme"}


def test_the_page_marks_the_reasons_of_every_mistake(posts: Path, evaluated: dict[str, Any]) -> None:
    page = (posts.parent / "out.html").read_text(encoding="utf-8")

    assert page.count("<svg") == 2
    assert page.count("<blockquote") == len(evaluated["most_confident_mistakes"])
    assert page.count("<mark>") >= sum(bool(one["reasons"]) for one in evaluated["most_confident_mistakes"])


def test_a_csv_with_other_names_gives_the_same_figures(here: Here, posts: Path, evaluated: dict[str, Any]) -> None:
    done = here("evaluate", posts.with_suffix(".csv"), "--json", "-")

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["decided"]["confusion"] == evaluated["decided"]["confusion"]
    assert found["columns"] == {"text": "Tweet", "label": "Category"}
    assert found["immediate"] is None


def test_a_model_compared_with_itself_changes_nothing(posts: Path) -> None:
    done = run("compare", RELEASED, RELEASED, posts)

    assert done.returncode == 0, done.stderr
    assert "Both judge every post alike." in done.stdout
    assert "p = 1" in done.stdout
    assert "posts/s" in done.stdout


def test_another_threshold_is_another_model(here: Here, posts: Path, tmp_path: Path) -> None:
    other = shutil.copytree(RELEASED, tmp_path / "other")
    manifest = json.loads((other / MANIFEST).read_text(encoding="utf-8"))
    manifest["version"] = "9"
    manifest["thresholds"] |= {"immediate": 0.0, "unsure": 1.0}
    if "flag" in manifest["thresholds"]:
        manifest["thresholds"]["flag"] = 0.0
    (other / MANIFEST).write_text(json.dumps(manifest))

    done = here("compare", RELEASED, other, posts, "--changed", "2", "--json", tmp_path / "out.json")

    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert found["second"]["model"].endswith("@9")
    assert found["second"]["chatter_flagged"]["value"] == 1
    assert {one["before"] for one in found["changed"]} == {"chatter"}
    assert done.stdout.count("  line ") == 2


def test_a_probe_tells_shares_and_surprises(tmp_path: Path) -> None:
    (tmp_path / "posts.txt").write_text(
        "lovely sunset over the bay tonight\n\nplease help, a man with a knife is trying to get into my house right now\n"
    )
    done = run("probe", tmp_path / "posts.txt", "--expect", "chatter", "--json", tmp_path / "out.json")

    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (found["posts"], found["surprises"]) == (2, 1)
    assert found["most_confident_surprises"][0]["line"] == 3
    assert "line 3: help request" in done.stdout


def test_the_released_model_is_listed_and_shown(here: Here) -> None:
    manifest = read_manifest(RELEASED)

    assert f"* {manifest.model}" in here("models", "list").stdout
    shown = here("models", "show").stdout
    assert manifest.model in shown
    assert manifest.trained.corpus_sha256 in shown
    assert json.loads(here("models", "show", "--json").stdout)["version"] == manifest.version


def test_the_released_model_verifies_here() -> None:
    done = run("models", "verify")

    assert (done.returncode, done.stderr) == (0, "")
    assert "is whole, loads" in done.stdout


def test_an_altered_model_does_not_verify(here: Here, tmp_path: Path) -> None:
    copy = shutil.copytree(RELEASED, tmp_path / "model")
    (copy / "tokenizer.json").write_text("{}")

    done = here("models", "verify", copy)

    assert done.returncode == ModelRefused.exit_code
    assert "was altered" in done.stderr
    assert "Traceback" not in done.stderr
    assert here("models", "show", copy).returncode == ModelRefused.exit_code
    assert "✗" in here("models", "list", tmp_path).stdout


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        (["evaluate", "nope.csv"], "There is no file nope.csv.", 2),
        (["evaluate", "nope.txt"], "There is no file nope.txt.", 2),
        (["evaluate", ".", "--format", "csv"], "is a folder", 2),
        (["evaluate", "-", "--format", "csv"], "holds no posts", 2),
        (["compare", "nope", "nope", "x.jsonl"], "There is no file x.jsonl.", 2),
        (["probe", "nope"], "There is no file nope.", 2),
        (["probe", "-", "--text", "--column", "1"], "--text reads whole lines", 2),
        (["probe", "-", "--text", "--expect", "spam"], "is not a label", 2),
        (["models", "list", "nope"], "There is no folder nope.", 2),
        (["models", "show", "nope"], "There is no folder nope.", 2),
        (["models", "verify", "nope"], "There is no folder nope.", 2),
        (["models", "show", "tests"], "no released model", 7),
        (["models", "verify", "tests"], "no released model", 7),
    ],
)
def test_what_can_not_be_done_is_a_sentence_and_its_code(
    here: Here, arguments: list[str], says: str, code: int
) -> None:
    done = here(*arguments)

    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
