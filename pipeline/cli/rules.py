"""``flagpost rules``: whether the rules file is right, and what it would make of posts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
import msgspec
from rich.console import Console

from pipeline.alert.fault import Fault
from pipeline.alert.rules import RulesFile
from pipeline.alert.rules_file import Read, parse_rules, read_rules, text_of
from pipeline.cli.bad_lines import BadLines
from pipeline.cli.evaluation_options import progress_bar
from pipeline.errors import InvalidInput, InvalidSettings
from pipeline.evaluation.numbers import counted
from pipeline.safe_text import json_line, one_line
from pipeline.settings import load_settings

WRONG = 2
"""Exit code where the rules can't be used."""


@click.group()
def rules() -> None:
    """Check the rules file, and try it on posts. It says which items page whom."""


@rules.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def check(context: click.Context, file: Path | None, as_json: bool) -> None:
    """Say what FILE defines, what is wrong in it and what is odd. Without one it is the file of the settings.

    The exit code is 2 when the file can't be used; with warnings alone it is 0.

    JSON: {"file", "faults": [{"line", "place", "says", "do"}], "warnings": [as faults], "rules"}; rules is null when there
    are faults.
    """
    from pipeline.cli.shown.rules import show_file

    path = file or load_settings().rules
    read = parse_rules(text_of(path), str(path))
    warnings = [*read.advice, *(_unopened(read.file) if read.file else [])]
    if as_json:
        shown = {name: [_object(read, fault) for fault in found] for name, found in _both(read, warnings)}
        click.echo(json_line({"file": str(path), **shown, "rules": msgspec.to_builtins(read.file)}))
    else:
        for fault in read.faults:
            click.echo(f"Error: {one_line(read.sentence(fault))}", err=True)
            if fault.do:
                click.echo(f"  {one_line(fault.do)}", err=True)
        if read.file:
            show_file(read.file, str(path), dt.datetime.now(dt.UTC), Console(highlight=False))
        for fault in warnings:
            click.echo(one_line(f"Warning: {read.sentence(fault)} {fault.do}"), err=True)
    if read.faults:
        context.exit(WRONG)


@rules.command("try")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("posts", type=click.Path(allow_dash=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def try_(context: click.Context, file: Path, posts: Path, as_json: bool) -> None:
    """Judge POSTS with the model and say what the rules of FILE would have made of them. Nobody is paged.

    POSTS (or standard input: -) is JSON lines, as for `flagpost ingest`; only `text` is needed. Edits and deletions are
    followed. Alerts are grouped as the page stage groups them, by the posts' own times, with nobody to acknowledge any.

    Lines that can't be used are told on standard error at the end; the exit code is 1 then.
    """
    from pipeline.alert.trial import try_rules
    from pipeline.cli.posts_judged import judged_records
    from pipeline.cli.shown.rules import show_trial

    settings = load_settings()
    rules_file = read_rules(file)
    bad = BadLines()
    with progress_bar() as progress:
        task = progress.add_task("judged", total=None)
        judged = judged_records(posts, settings, bad, lambda done, of: progress.update(task, completed=done, total=of))
    if not judged.posts:
        raise InvalidInput(f"{posts} holds no post that can be used.", " ".join(bad.sentences()))
    trial = try_rules(rules_file, judged.posts, judged.records, dt.datetime.now(dt.UTC))
    if as_json:
        click.echo(json_line({"model": judged.model, "undated": judged.undated, **msgspec.to_builtins(trial)}))
    else:
        show_trial(trial, judged.model, Console(highlight=False))
    if judged.undated:
        click.echo(
            f"{counted(judged.undated, 'post')} without `created_at` counted as posted now, all at once.", err=True
        )
    for sentence in bad.sentences():
        click.echo(sentence, err=True)
    if bad:
        context.exit(1)


def _unopened(file: RulesFile) -> list[Fault]:
    """A warning for each channel that can't be opened here. Elsewhere it may be: secrets are where the workers run."""
    from pipeline.page.channels import open_channel

    found = []
    for name, channel in file.channels.items():
        try:
            open_channel(name, channel)
        except InvalidSettings as error:
            says = error.message.removesuffix(".")
            found.append(Fault(("channels", name), f"not usable here, where this command runs: {says}", error.hint))
    return found


def _both(read: Read, warnings: list[Fault]) -> list[tuple[str, list[Fault]]]:
    return [("faults", read.faults), ("warnings", warnings)]


def _object(read: Read, fault: Fault) -> dict[str, object]:
    return {"line": read.line_of(fault), "place": fault.place, "says": fault.says, "do": fault.do}
