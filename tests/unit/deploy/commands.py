"""Whether a line that somebody is told to type is one that flagpost understands."""

from __future__ import annotations

from collections.abc import Sequence

import click

from pipeline.cli import cli


def parsed(arguments: Sequence[str]) -> str:
    """The command that ``arguments`` of `flagpost` run, by its full name; nothing runs. Raises click's `UsageError`.

    A file that is not there is no mistake of the line.
    """
    context = cli.make_context("flagpost", list(arguments))
    while isinstance(context.command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, command, after = context.command.resolve_command(context, rest)
        if command is None:
            raise click.UsageError(f"there is no command {rest[0]!r}")
        try:
            context = command.make_context(name, after, parent=context)
        except click.BadParameter as error:
            if "does not exist" not in error.message:
                raise
            return f"{context.command_path} {name}"
    return context.command_path
