"""A pytest plugin: ends the run when any of our modules came from elsewhere than the folder that pytest runs in.

Without it a mutant could look as if it survived (or the copy as if it were green) because the installed source was tested.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import pytest

PACKAGES: Final = ("agents", "deploy", "models", "pipeline", "schemas", "tests")

ELSEWHERE: Final = 99
"""Exit code that pytest itself never gives."""


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    here = Path.cwd().resolve()
    ours = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in PACKAGES}
    files = {name: Path(file).resolve() for name, module in ours.items() if (file := getattr(module, "__file__", None))}
    strangers = [f"{name} from {file}" for name, file in sorted(files.items()) if not file.is_relative_to(here)]
    if strangers:
        pytest.exit(f"not imported from {here}: {', '.join(strangers)}", ELSEWHERE)
