"""Options that `flagpost evaluate`, `compare` and `probe` share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Command = TypeVar("Command", bound=Callable[..., Any])

_FORM: Final = (
    click.option(
        "--format",
        "kind",
        type=click.Choice(["jsonl", "csv", "tsv", "txt"]),
        help="How FILE is written, where its name doesn't tell.",
    ),
    click.option("--encoding", default="utf-8", show_default=True, help="Of FILE; a byte order mark does not matter."),
    click.option("--no-quotes", is_flag=True, help='In CSV and TSV a " is a character like any other.'),
    click.option("--no-header", is_flag=True, help="In CSV and TSV the first row is a post; columns are numbers."),
)

_LABELLED: Final = (
    click.option("--text-column", metavar="NAME", help="Column, or JSON key, of the text."),
    click.option("--label-column", metavar="NAME", help="Of the true label."),
    click.option("--grade-column", metavar="NAME", help="Of the true grade; '' reads none."),
    click.option(
        "--also-column", metavar="NAME", help="Of other labels that fit too, separated by commas; '' reads none."
    ),
    click.option("--source-column", metavar="NAME", help="Of what posts are sliced by."),
    click.option("--theme-column", metavar="NAME", help="Of the theme: sliced by, and drawn whole for intervals."),
    click.option("--map", "maps", multiple=True, metavar="OLD=NEW", help="The label OLD means NEW; - leaves it out."),
)


def form_options(command: Command) -> Command:
    """How the file is written."""
    return _with(command, _FORM)


def labelled_options(command: Command) -> Command:
    """How the file is written, and which column is what."""
    return _with(command, (*_LABELLED, *_FORM))


def json_option(command: Command) -> Command:
    """Where all of it is written as JSON."""
    option = click.option(
        "--json",
        "json_file",
        type=click.Path(path_type=Path, allow_dash=True),
        metavar="FILE",
        help="Write everything as JSON; - is standard output, and nothing else is printed then.",
    )
    return option(command)


def _with(command: Command, options: tuple[Callable[[Any], Any], ...]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def progress_bar() -> Progress:
    """A bar on standard error, only in a terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
