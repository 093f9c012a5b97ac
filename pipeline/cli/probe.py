"""``flagpost probe``: what the model makes of posts that nobody has labelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from pipeline.cli.evaluation_options import form_options, json_option, progress_bar
from pipeline.evaluation.extra import require_extra
from pipeline.safe_text import json_line
from pipeline.settings import load_settings


@click.command()
@click.argument("file", type=click.Path(allow_dash=True, path_type=Path))
@click.option("--expect", metavar="LABEL", help="What every post should be; others are surprises.")
@click.option("--text", "plain", is_flag=True, help="Each line is a text, whatever FILE is called.")
@click.option("--column", metavar="NAME", help="Column of the text: its name, or its number from 1.")
@form_options
@click.option("--surprises", type=click.IntRange(min=0), default=20, show_default=True, help="Most that are shown.")
@json_option
def probe(
    file: Path,
    expect: str | None,
    plain: bool,
    column: str | None,
    kind: Any,
    encoding: str,
    no_quotes: bool,
    no_header: bool,
    surprises: int,
    json_file: Path | None,
) -> None:
    """Judge the posts of FILE, which need no labels, and say how many got which label.

    FILE is text (a post a line), JSON lines, CSV or TSV. With --expect, say of a general stream --expect chatter, the posts
    that got another label are shown, the most confident first.
    """
    require_extra()
    from pipeline.errors import InvalidInput
    from pipeline.evaluation.files import json_of, require_writable
    from pipeline.evaluation.judging import judge_of, judged
    from pipeline.evaluation.label_names import label_of
    from pipeline.evaluation.posts import read_texts
    from pipeline.evaluation.table import Form

    if plain and (kind not in (None, "txt") or column is not None):
        raise InvalidInput("--text reads whole lines.", "Leave --format and --column out, or --text.")
    to_stdout = json_file is not None and str(json_file) == "-"
    require_writable(None if to_stdout else json_file, "--json", (file,))
    expected = label_of(expect, "--expect") if expect is not None else None
    texts, read_from = read_texts(file, Form("txt" if plain else kind, encoding, not no_quotes, not no_header), column)
    # Last, for what computes the figures takes a second to import: what is wrong is told before.
    from pipeline.cli.shown.probe import show
    from pipeline.evaluation.probing import probe as measure

    settings = load_settings()
    judge = judge_of(settings.model, settings)
    with progress_bar() as progress:
        task = progress.add_task("judged", total=len(texts))
        verdicts = judged(judge, [one.text for one in texts], lambda done: progress.advance(task, done))
    found = measure(str(file), read_from, texts, verdicts, expected, surprises)
    if to_stdout:
        click.echo(json_line(msgspec.to_builtins(found)))
        return
    if json_file:
        json_file.write_bytes(json_of(found))
    show(found, Console(highlight=False))
