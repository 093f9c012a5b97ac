"""``python -m deploy.kibana`` writes flagpost.ndjson; ``… check`` says of each part how it was checked; ``… print``."""

from __future__ import annotations

from collections.abc import Iterator

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.kibana.build import FILE, ndjson, saved_objects
from deploy.kibana.checks import check as checked
from deploy.kibana.names import Names
from deploy.kibana.runs import run
from pipeline.elasticsearch_client import connect, explained
from pipeline.errors import FlagpostError
from pipeline.settings import load_settings

Line = tuple[str, str, str, str, str]


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Write flagpost.ndjson from its definition."""
    if context.invoked_subcommand is None:
        FILE.write_text(ndjson(), encoding="utf-8")


@main.command("print")
@click.option("--namespace", default="", help="As an installation with FLAGPOST_NAMESPACE needs it.")
def print_(namespace: str) -> None:
    """Print what flagpost.ndjson would hold, to import it by hand."""
    click.echo(ndjson(namespace), nl=False)


@main.command()
@click.option(
    "--run", "on_elasticsearch", is_flag=True, help="Run every request on the Elasticsearch of the settings, too."
)
def check(on_elasticsearch: bool) -> None:
    """Hold every field, operation, query and reference against the mapping; exits with 1 where something is wrong."""
    lines = list(_against_the_mapping())
    if on_elasticsearch:
        try:
            lines += _on_elasticsearch()
        except FlagpostError as error:
            raise click.ClickException(f"{error.message} {error.hint}") from None
    table = Table("object", "part", "how it was checked", "result", box=None, header_style="bold", pad_edge=False)
    for object, part, how, result, problem in lines:
        table.add_row(object, part, how, Text(problem, "red") if problem else result)
    Console(highlight=False, markup=False).print(table)
    wrong = sum(bool(problem) for *_, problem in lines)
    click.echo(f"{len(lines)} checks, {wrong} wrong.")
    raise SystemExit(1 if wrong else 0)


def _against_the_mapping() -> Iterator[Line]:
    for one in checked(saved_objects(Names())):
        yield one.object, one.part, one.how, "ok", one.problem


def _on_elasticsearch() -> Iterator[Line]:
    settings = load_settings()
    with explained(settings), connect(settings) as client:
        for ran in run(client, saved_objects(Names(settings.namespace))):
            asking = ran.request.asking
            yield asking.object, asking.part, f"run on {ran.request.index}", ran.found, ran.problem


if __name__ == "__main__":
    main()
