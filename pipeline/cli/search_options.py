"""What is looked for, as options: one set for every command that finds items."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

from pipeline.errors import InvalidInput
from pipeline.moments import moment
from schemas.labels import FLAGGED, GRADES

if TYPE_CHECKING:
    from pipeline.index.search import Near

_OPTIONS: Final = (
    click.argument("query", nargs=-1),
    click.option(
        "--label", "labels", multiple=True, type=click.Choice(FLAGGED), help="With this label; may be repeated."
    ),
    click.option("--primary-only", is_flag=True, help="Count an item's first label only, not its others."),
    click.option("--grade", "grades", multiple=True, type=click.Choice(GRADES), help="Of this grade; may be repeated."),
    click.option("--source", "sources", multiple=True, help="From this network or feed; may be repeated."),
    click.option("--since", metavar="WHEN", help="Posted then or later: 2h, 3d, 2026-10-03, 2026-10-03T14:05:00Z."),
    click.option("--until", metavar="WHEN", help="Posted before then; of a date, to its end."),
    click.option("--place", metavar="NAME", help="The place's name holds this; * and ? are wildcards."),
    click.option("--near", metavar="LAT,LON,KM", help="Posted within so many kilometres."),
    click.option("--author", metavar="WHO", help="Handle, id or full name."),
    click.option("--unsure", is_flag=True, help="Only where the model was unsure."),
    click.option("--reviewed/--unreviewed", default=None, help="Only what an analyst has decided on, or not yet."),
    click.option("--dismissed", is_flag=True, help="Show what an analyst dismissed, too."),
)
"""Each is named as a field of `pipeline.index.search.Search`; the query is its text."""


def search_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives ``command`` these options, and calls it with ``wanted``, a `pipeline.index.search.Search`, in their place and
    in that of every other option that is named as a field of it.
    """

    @functools.wraps(command)
    def asked(*, query: tuple[str, ...], since: str | None, until: str | None, near: str | None, **given: Any) -> None:
        # Elasticsearch's client is slow to import: `search --help` does without.
        from pipeline.index.search import Search

        now = dt.datetime.now().astimezone()
        names = {field.name for field in dataclasses.fields(Search)}
        wanted = Search(
            text=" ".join(query),
            since=moment(since, now) if since else None,
            until=moment(until, now, "end") if until else None,
            near=parse_near(near) if near else None,
            **{name: given.pop(name) for name in names & given.keys()},
        )
        if wanted.since and wanted.until and wanted.since >= wanted.until:
            raise InvalidInput("--since lies after --until, so nothing can be found.", "Exchange them.")
        command(wanted=wanted, **given)

    for option in reversed(_OPTIONS):
        asked = option(asked)
    return asked


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
