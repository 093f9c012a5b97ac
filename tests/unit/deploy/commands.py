"""Whether a line that somebody is told to type is one that flagpost understands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from click.exceptions import Exit, NoArgsIsHelpError

from pipeline.cli import cli
from pipeline.errors import InvalidInput

_BLOCK = re.compile(r"^ *```console\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_SAID = re.compile(r"`flagpost ([^`]+)`", re.DOTALL)
_TYPED = re.compile(r"(?:^\s*(?:\$ )?(?:[A-Z_]+=\S+ +)*(?:\S*/)?| -- | exec [\w-]+ )flagpost (.*)")


def parsed(arguments: Sequence[str]) -> str:
    """The command that ``arguments`` of `flagpost` run, by its full name; nothing runs. Raises click's `UsageError`.

    A file that is not there is no mistake of the line, and a group may be named without one of its commands.
    """
    context = cli.make_context("flagpost", list(arguments))
    while isinstance(context.command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, command, after = context.command.resolve_command(context, rest)
        if command is None:
            raise click.UsageError(f"there is no command {rest[0]!r}")
        if isinstance(command, click.Group) and not after:
            return f"{context.command_path} {name}"
        try:
            context = command.make_context(name, after, parent=context)
        except click.BadParameter as error:
            if "does not exist" not in error.message:
                raise
            return f"{context.command_path} {name}"
        except (NoArgsIsHelpError, Exit):
            return f"{context.command_path} {name}"
        except InvalidInput as error:
            if not error.message.startswith("There is no folder"):
                raise
            return f"{context.command_path} {name}"
    return context.command_path


def typed(guide: Path) -> Iterator[list[str]]:
    """Arguments of every `flagpost` of a block of commands in ``guide``, as a shell would give them."""
    for block in _BLOCK.findall(guide.read_text("utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            if found := _TYPED.search(line):
                yield before_a_pipe(shlex.split(found[1], comments=True))


def said(guide: Path) -> Iterator[list[str]]:
    """Arguments of every `flagpost` in a sentence of ``guide``. Of a|b the first is meant; what is cut short by … is not."""
    text = _BLOCK.sub("", guide.read_text("utf-8"))
    for found in _SAID.findall(text):
        words = shlex.split(found)
        if not any("…" in word for word in words):
            yield before_a_pipe([word.split("|")[0] if word.strip("|") else word for word in words])


def before_a_pipe(words: list[str]) -> list[str]:
    ends = [place for place, word in enumerate(words) if word in ("|", ">", "<", "&&", "||", ";", "&", "2>")]
    return words[: min(ends, default=len(words))]
