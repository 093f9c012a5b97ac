"""``flagpost search``: the flagged items, on the command line."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click
from rich.console import Console

from pipeline.cli.terminal import json_line
from pipeline.errors import InvalidInput
from pipeline.moments import moment
from pipeline.settings import load_settings
from schemas.labels import FLAGGED, GRADES, Flagged, Grade

if TYPE_CHECKING:
    from pipeline.index.search import Found, Near, Sort

_MOST: int = 10_000
"""Elasticsearch's own limit for one page (index.max_result_window)."""


@click.command()
@click.argument("query", nargs=-1)
@click.option("--label", "labels", multiple=True, type=click.Choice(FLAGGED), help="With this label; may be repeated.")
@click.option("--primary-only", is_flag=True, help="Count an item's first label only, not its others.")
@click.option("--grade", "grades", multiple=True, type=click.Choice(GRADES), help="Of this grade; may be repeated.")
@click.option("--source", "sources", multiple=True, help="From this network or feed; may be repeated.")
@click.option("--since", metavar="WHEN", help="Posted then or later: 2h, 3d, 2026-10-03, 2026-10-03T14:05:00Z.")
@click.option("--until", metavar="WHEN", help="Posted before then; of a date, to its end.")
@click.option("--place", metavar="NAME", help="The place's name holds this; * and ? are wildcards.")
@click.option("--near", metavar="LAT,LON,KM", help="Posted within so many kilometres.")
@click.option("--author", metavar="WHO", help="Handle, id or full name.")
@click.option("--unsure", is_flag=True, help="Only where the model was unsure.")
@click.option("--reviewed/--unreviewed", default=None, help="Only what an analyst has decided on, or not yet.")
@click.option("--dismissed", is_flag=True, help="Show what an analyst dismissed, too.")
@click.option("-n", "--limit", type=click.IntRange(1, _MOST), default=10, show_default=True, help="Most items shown.")
@click.option("--sort", type=click.Choice(["newest", "relevance"]), default="newest", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print each item as one JSON object a line.")
def search(
    query: tuple[str, ...],
    labels: tuple[Flagged, ...],
    primary_only: bool,
    grades: tuple[Grade, ...],
    sources: tuple[str, ...],
    since: str | None,
    until: str | None,
    place: str | None,
    near: str | None,
    author: str | None,
    unsure: bool,
    reviewed: bool | None,
    dismissed: bool,
    limit: int,
    sort: Sort,
    as_json: bool,
) -> None:
    """Search the flagged items; without a QUERY, show all, newest first.

    Labels and grades are the analyst's where one has decided, else the model's.

    All words must be there. "in quotes" is a phrase as it stands, begin* a beginning, | is or; give - for not after --:
    flagpost search -- knife -kitchen. Nothing that is typed can be wrong syntax.

    JSON: the stored document (see schemas/document.py) with _id and _score.
    """
    # Elasticsearch's client is slow to import: `search --help` does without.
    from pipeline.elasticsearch_client import connect
    from pipeline.index.search import Search
    from pipeline.index.search import search as ask

    now = dt.datetime.now().astimezone()
    wanted = Search(
        text=" ".join(query),
        labels=labels,
        primary_only=primary_only,
        grades=grades,
        sources=sources,
        since=moment(since, now) if since else None,
        until=moment(until, now, "end") if until else None,
        place=place,
        near=parse_near(near) if near else None,
        author=author,
        unsure=unsure,
        reviewed=reviewed,
        dismissed=dismissed,
        limit=limit,
        sort=sort,
    )
    if wanted.since and wanted.until and wanted.since >= wanted.until:
        raise InvalidInput("--since lies after --until, so nothing can be found.", "Exchange them.")
    settings = load_settings()
    with connect(settings) as client:
        found = ask(client, settings, wanted)
    if as_json:
        for hit in found.hits:
            click.echo(json_line({"_id": hit.id, "_score": hit.score, **hit.document}))
    else:
        _show(found)


def parse_near(text: str) -> Near:
    """``LAT,LON,KM``. Raises `InvalidInput`."""
    from pipeline.index.search import Near

    try:
        lat, lon, km = (float(part) for part in text.split(","))
    except ValueError:
        lat = lon = km = float("nan")
    if not (-90 <= lat <= 90 and -180 <= lon <= 180 and 0 < km <= 20_040):  # half of the earth's circumference
        raise InvalidInput(
            f"--near {text!r} is not a latitude, a longitude and kilometres.", "Write it like --near 51.5,-0.12,2"
        )
    return Near(lat, lon, km)


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
