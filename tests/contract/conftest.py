"""`flagpost` in the test's own process, for tests that are not about the process: its start is most of what it takes."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.classify.judge import Judge
from pipeline.cli import main
from pipeline.settings import Settings, load_settings

Here = Callable[..., subprocess.CompletedProcess[str]]

_LOADED: dict[Path, Judge] = {}
"""Folder → the judge with its model. A folder is a test's own, or the released model's, which no test writes to."""


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Iterator[Here]:
    """Runs ``flagpost ARGUMENTS…`` as a user does, ``stdin`` being what is piped to it, on lines of ``width`` columns.

    Each model is loaded once for all tests: that it loads is what tests of processes show. ``env`` sets further variables.
    """
    load = Judge.load

    def loaded(settings: Settings) -> Judge:
        if settings.model not in _LOADED:
            _LOADED[settings.model] = load(settings)
        return _LOADED[settings.model]

    def run(
        *arguments: str | Path, stdin: bytes = b"", width: int = 100, **env: str
    ) -> subprocess.CompletedProcess[str]:
        with monkeypatch.context() as patch:
            for name, value in {"COLUMNS": str(width), **env}.items():
                patch.setenv(name, value)
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            patch.setattr(Judge, "load", loaded)
            capsysbinary.readouterr()
            load_settings.cache_clear()
            words = [str(argument) for argument in arguments]
            with pytest.raises(SystemExit) as ended:
                main(words)
            out, err = capsysbinary.readouterr()
            code = ended.value.code
            return subprocess.CompletedProcess(words, code if isinstance(code, int) else 0, out.decode(), err.decode())

    yield run
    load_settings.cache_clear()
