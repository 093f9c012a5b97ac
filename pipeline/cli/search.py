"""``flagpost search``: the flagged items, on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console

from pipeline.cli.on_record import OnRecord, described, why_option
from pipeline.cli.search_options import search_options
from pipeline.safe_text import json_line
from pipeline.settings import load_settings
from schemas.mapping import INDEX

if TYPE_CHECKING:
    from pipeline.index.search import Found, Search

_MOST: int = 10_000
"""Elasticsearch's own limit for one page (index.max_result_window)."""


@click.command()
@search_options
@click.option("-n", "--limit", type=click.IntRange(1, _MOST), default=10, show_default=True, help="Most items shown.")
@click.option("--sort", type=click.Choice(["newest", "relevance"]), default="newest", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print each item as one JSON object a line.")
@why_option
def search(wanted: Search, as_json: bool, why: str | None) -> None:
    """Search the flagged items; without a QUERY, show all, newest first.

    Labels and grades are the analyst's where one has decided, else the model's.

    All words must be there. "in quotes" is a phrase as it stands, begin* a beginning, | is or; give - for not after --:
    flagpost search -- knife -kitchen. Nothing that is typed can be wrong syntax.

    That you searched, for what and how many were found is written to the audit log before anything is shown.

    JSON: the stored document (see schemas/document.py) with _id and _score.
    """
    # Elasticsearch's client is slow to import: `search --help` does without.
    from pipeline.elasticsearch_client import connect
    from pipeline.index.search import search as ask

    settings = load_settings()
    on_record = OnRecord.of(settings, why)
    with connect(settings) as client:
        found = ask(client, settings, wanted)
    on_record.write("items-searched", settings.named(INDEX), **described(wanted), found=str(found.total))
    if as_json:
        for hit in found.hits:
            click.echo(json_line({"_id": hit.id, "_score": hit.score, **hit.document}))
    else:
        _show(found)


def _show(found: Found) -> None:
    from pipeline.cli.hit import render

    console = Console(highlight=False)
    if not found.total:
        console.print(f"Nothing found among {counted(found.searched or 0)}.")
        return
    for hit in found.hits:
        console.print(render(hit))
    shown = len(found.hits)
    all_of_it = shown == found.total
    console.print(f"{counted(found.total)} found." if all_of_it else f"{shown:,} of {counted(found.total)} shown.")


def counted(items: int) -> str:
    return f"{items:,} item{'' if items == 1 else 's'}"
