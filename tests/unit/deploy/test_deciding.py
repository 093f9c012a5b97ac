"""How the demo runs commands beside what it shows."""

from __future__ import annotations

import pytest

from deploy.demo.deciding import run_quietly
from pipeline.errors import FlagpostError


def test_what_a_command_says_is_shown_only_where_it_fails(capfd: pytest.CaptureFixture[str]) -> None:
    run_quietly("nothing-like-that", allowed=(2,))
    assert capfd.readouterr() == ("", "")
    with pytest.raises(FlagpostError, match="ended with 2"):
        run_quietly("nothing-like-that")
    assert "nothing-like-that" in capfd.readouterr().err
