"""What every command promises: one sentence and a code, never a traceback."""

from __future__ import annotations

import click
import pytest

from pipeline import cli
from pipeline.errors import InvalidInput, KafkaUnavailable


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    return int(ended.value.code or 0)


@pytest.fixture
def fail_with(monkeypatch: pytest.MonkeyPatch) -> object:
    def install(error: BaseException) -> None:
        @click.command()
        def failing() -> None:
            raise error

        monkeypatch.setattr(cli.cli, "get_command", lambda *_: failing)

    return install


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in cli.COMMANDS)


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(name, "--help") == 0
    assert "Usage: flagpost " in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [("nonsense",), ("search", "--nonsense"), ("classify",)])
def test_wrong_use_says_how_to_use_it(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    shown = capsys.readouterr().err
    assert "Error: " in shown
    assert "Traceback" not in shown


def test_an_error_is_a_sentence_a_hint_and_its_code(fail_with, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    fail_with(KafkaUnavailable("Nobody answers.", "Start it."))
    assert run("x") == 3
    assert capsys.readouterr().err == "Error: Nobody answers.\nStart it.\n"


def test_an_unforeseen_error_is_no_traceback(fail_with, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    fail_with(ZeroDivisionError("1 / 0"))
    assert run("x") == 70
    shown = capsys.readouterr().err
    assert "Traceback" not in shown
    assert "--debug" in shown


def test_debug_shows_where(fail_with) -> None:  # type: ignore[no-untyped-def]
    fail_with(InvalidInput("bad"))
    with pytest.raises(InvalidInput):
        cli.main(["--debug", "x"])


def test_what_the_system_refuses_is_a_sentence(fail_with, capfd: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    fail_with(PermissionError(13, "Permission denied", "/somewhere"))
    assert run("x") == 74
    assert capfd.readouterr().err.startswith("Error: The system refused: Permission denied: /somewhere.")


def test_ctrl_c_is_no_error_of_ours(fail_with, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    fail_with(KeyboardInterrupt())
    assert run("x") == 130
    assert "Traceback" not in capsys.readouterr().err


def test_an_unknown_stage_is_named_with_those_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("worker", "classyfy") == 2
    shown = capsys.readouterr().err
    assert "classyfy" in shown
    assert "classify, index" in shown
