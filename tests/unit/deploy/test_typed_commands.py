"""Every command of flagpost that a guide tells somebody to type is one that there is, with options that it has."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from pipeline.settings import ROOT
from pipeline.supervisor import STAGES
from tests.unit.deploy.commands import before_a_pipe, parsed, said, typed
from tests.unit.deploy.composition import LINKS, SERVICES


def guides() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    written = [ROOT / name for name in listed.splitlines()] or list(ROOT.glob("**/*.md"))
    return [path for path in written if "flagpost " in path.read_text("utf-8")]


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("guide", guides(), ids=_named)
def test_what_is_to_be_typed_is_understood(guide: Path) -> None:
    wrong = []
    for words in typed(guide):
        try:
            parsed(words)
        except click.UsageError as error:
            wrong.append(f"flagpost {' '.join(words)}: {error.format_message()}")
    assert wrong == []


@pytest.mark.parametrize("guide", guides(), ids=_named)
def test_a_command_that_a_sentence_names_is_there(guide: Path) -> None:
    wrong = []
    for words in said(guide):
        try:
            parsed(words)
        except (click.MissingParameter, click.BadOptionUsage):
            pass  # a sentence may name a command, or its option, without all that it wants
        except click.UsageError as error:
            wrong.append(f"flagpost {' '.join(words)}: {error.format_message()}")
    assert wrong == []


@pytest.mark.parametrize(
    "words",
    [["serch"], ["search", "--labels", "intel"], ["alerts", "acknowledge", "x"], ["dead-letters", "replay", "--al"]],
)
def test_a_command_that_is_not_there_is_noticed(words: list[str]) -> None:
    with pytest.raises(click.UsageError):
        parsed([*words, "--no-such-option"] if words[-1] == "--al" else words)


@pytest.mark.parametrize("guide", guides(), ids=_named)
def test_what_a_guide_says_to_compose_names_its_file_and_services_and_their_commands(guide: Path) -> None:
    text = guide.read_text("utf-8").replace("\\\n", " ")
    assert re.findall(r"docker compose (?!-f deploy/compose\.yaml)[a-z]", text) == []
    named = re.findall(r"docker compose[^`\n]*? (?:run(?: -T)? --rm|exec) ([\w-]+)", text)
    named += re.findall(r"docker compose[^`\n]*? up --detach --force-recreate ([\w-]+)", text)
    assert set(named) <= set(SERVICES)
    for service, line in re.findall(r"docker compose[^`\n]*? run(?: -T)? --rm ([\w-]+) ([^`\n]+)", text):
        if "entrypoint" not in SERVICES[service]:
            parsed(before_a_pipe(shlex.split(line)))


def test_what_compose_must_be_told_is_written_where_cron_and_others_find_it() -> None:
    """Compose refuses every command, `run --rm retain` too, where a variable is missing that it must have."""
    guide = (ROOT / "deploy" / "compose" / "README.md").read_text("utf-8")
    for name in LINKS:
        assert re.search(rf"^echo {name}=\S+ >> deploy/\.env", guide, re.MULTILINE)
    runbook = (ROOT / "deploy" / "runbook.md").read_text("utf-8")
    for text in (guide, runbook):
        assert re.findall(r"export \w+=|`[A-Z_]+=\S+ docker compose", text) == []


def test_a_unit_of_systemd_starts_a_command_that_there_is_for_every_stage_that_it_is_for() -> None:
    started = []
    for guide in guides():
        for line in re.findall(r"^ExecStart=\S*/flagpost (.*)$", guide.read_text("utf-8"), re.MULTILINE):
            started += [parsed(line.replace("%i", stage).split()) for stage in STAGES]
    assert set(started) == {"flagpost worker", "flagpost retain"}
