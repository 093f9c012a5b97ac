"""``flagpost evaluate``: how good the model is on somebody's labelled posts."""

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
@click.argument("file", type=click.Path(allow_dash=True, path_type=Path))
@labelled_options
@click.option("--mistakes", type=click.IntRange(min=0), default=20, show_default=True, help="Most that are shown.")
@json_option
@click.option("--html", "html_file", type=click.Path(path_type=Path), metavar="FILE", help="Write a report to look at.")
def evaluate(
    file: Path,
    kind: Any,
    encoding: str,
    no_quotes: bool,
    no_header: bool,
    maps: tuple[str, ...],
    mistakes: int,
    json_file: Path | None,
    html_file: Path | None,
    **columns: str | None,
) -> None:
    """Judge the labelled posts of FILE and say how often, and where, the model is right.

    FILE is JSON lines, CSV or TSV with a text and a label a post. Columns are found under usual names (text, tweet,
    message …; label, category, class …); labels may be written in any case: "Help request" is help_request.

    Every figure is told twice where it matters: as decided, which is what the pipeline would do with the post, and by the
    highest score alone, before the model's thresholds. Reports hold texts of posts: keep them as you keep the posts.
    """
    require_extra()
    from pipeline.evaluation.columns import Asked
    from pipeline.evaluation.files import json_of, require_writable
    from pipeline.evaluation.judging import Judged, judge_of, judged
    from pipeline.evaluation.label_names import LabelNames
    from pipeline.evaluation.posts import read_labelled
    from pipeline.evaluation.table import Form

    to_stdout = json_file is not None and str(json_file) == "-"
    require_writable(None if to_stdout else json_file, "--json", (file,))
    require_writable(html_file, "--html", (file,))
    asked = Asked(**{name.removesuffix("_column"): column for name, column in columns.items()})
    labelled = read_labelled(file, Form(kind, encoding, not no_quotes, not no_header), asked, LabelNames(maps))
    # Last, for what computes the figures takes a second to import: what is wrong is told before.
    from pipeline.cli.shown.evaluation import show
    from pipeline.evaluation.evaluation import evaluate as measure

    settings = load_settings()
    judge = judge_of(settings.model, settings)
    with progress_bar() as progress:
        task = progress.add_task("judged", total=len(labelled.posts))
        verdicts = judged(judge, [post.text for post in labelled.posts], lambda done: progress.advance(task, done))
    evaluation = measure(labelled, Judged(labelled.posts, verdicts), mistakes)
    if json_file and not to_stdout:
        json_file.write_bytes(json_of(evaluation))
    if html_file:
        from pipeline.evaluation.html import html_of

        html_file.write_text(html_of(evaluation), encoding="utf-8")
    if to_stdout:
        click.echo(json_line(msgspec.to_builtins(evaluation)))
    else:
        show(evaluation, Console(highlight=False))
