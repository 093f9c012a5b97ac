"""Where a report can't be written is said before the work, and what is missing says what to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import FlagpostError, InvalidInput
from pipeline.evaluation import extra
from pipeline.evaluation.files import require_writable


def test_a_file_that_can_be_made_is_fine(tmp_path: Path) -> None:
    require_writable(tmp_path / "new.json", "--json", (tmp_path / "posts.jsonl",))
    require_writable(None, "--json", ())


@pytest.mark.parametrize(
    ("name", "says"), [("", "names a folder"), ("no/x.json", "doesn't exist"), ("in.jsonl", "is read")]
)
def test_a_file_that_can_not_is_refused(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "in.jsonl").write_text("{}")

    with pytest.raises(InvalidInput, match=says):
        require_writable(tmp_path / name, "--json", (tmp_path / "in.jsonl",))


def test_a_missing_extra_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    extra.require_extra()
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "sklearn" else object())

    with pytest.raises(FlagpostError, match="needs scikit-learn, which is not installed") as refused:
        extra.require_extra()
    assert "flagpost[evaluate]" in refused.value.hint


@pytest.mark.parametrize("module", ["models", "evaluate", "compare", "probe"])
def test_help_and_the_registry_do_without_the_extra(module: str) -> None:
    code = f"import sys, pipeline.cli.{module}; print({set(extra.PACKAGES)} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
