"""``flagpost compare``: which of two models is better on somebody's labelled posts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from pipeline.cli.evaluation_options import json_option, labelled_options, progress_bar
from pipeline.evaluation.extra import require_extra
from pipeline.safe_text import json_line
from pipeline.settings import load_settings


@click.command()
@click.argument("model_a", type=click.Path(path_type=Path))
@click.argument("model_b", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(allow_dash=True, path_type=Path))
@labelled_options
@click.option("--changed", type=click.IntRange(min=0), default=0, metavar="N", help="Show N posts judged otherwise.")
@json_option
def compare(
    model_a: Path,
    model_b: Path,
    file: Path,
    kind: Any,
    encoding: str,
    no_quotes: bool,
    no_header: bool,
    maps: tuple[str, ...],
    changed: int,
    json_file: Path | None,
    **columns: str | None,
) -> None:
    """Judge the labelled posts of FILE with two released models, MODEL_A and MODEL_B: folders, as `flagpost models list`
    names them.

    Tells the differences with intervals of a paired bootstrap, McNemar's exact test, and which posts B judges otherwise
    than A. FILE is read as by `flagpost evaluate`.
    """
    require_extra()
    from pipeline.evaluation.columns import Asked
    from pipeline.evaluation.files import json_of, require_writable
    from pipeline.evaluation.judging import Judged, judge_of
    from pipeline.evaluation.label_names import LabelNames
    from pipeline.evaluation.posts import read_labelled
    from pipeline.evaluation.table import Form
    from pipeline.evaluation.turns import judge_both

    to_stdout = json_file is not None and str(json_file) == "-"
    require_writable(None if to_stdout else json_file, "--json", (file,))
    asked = Asked(**{name.removesuffix("_column"): column for name, column in columns.items()})
    labelled = read_labelled(file, Form(kind, encoding, not no_quotes, not no_header), asked, LabelNames(maps))
    # Last, for what computes the figures takes a second to import: what is wrong is told before.
    from pipeline.cli.shown.comparison import show
    from pipeline.evaluation.comparison import compare as measure

    settings = load_settings()
    judges = judge_of(model_a, settings), judge_of(model_b, settings)
    with progress_bar() as progress:
        task = progress.add_task("judged by both", total=len(labelled.posts))
        texts = [post.text for post in labelled.posts]
        (first, second), speeds = judge_both(judges, texts, lambda done: progress.advance(task, done))
    comparison = measure(
        labelled,
        Judged(labelled.posts, first),
        Judged(labelled.posts, second),
        (str(model_a), str(model_b)),
        speeds,
    )
    if to_stdout:
        click.echo(json_line(msgspec.to_builtins(comparison)))
        return
    if json_file:
        json_file.write_bytes(json_of(comparison))
    show(comparison, changed, Console(highlight=False))
