"""What is looked for, as options: one set for every command that finds items."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

from pipeline.circle import Circle
from pipeline.errors import InvalidInput
from pipeline.moments import moment
from schemas.labels import FLAGGED, GRADES

if TYPE_CHECKING:
    from pipeline.index.search import Search

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
    click.option("--near-mentioned", is_flag=True, help="With --near: also what only mentions a town there."),
    click.option("--vehicle", metavar="MARK", help="Its text has this registration mark; * and ? are wildcards."),
    click.option("--postcode", metavar="CODE", help="Its text has this postcode, or one that begins with this half."),
    click.option("--phone", metavar="NUMBER", help="Its text has this phone number, however either is written."),
    click.option("--what3words", metavar="A.B.C", help="Its text has this what3words address."),
    click.option("--road", metavar="NAME", help="Its text names this road: Foundry Rd, A27, M1 J12."),
    click.option("--mentions", metavar="TOWN", help="Its text names this town or village."),
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
        _check(wanted)
        command(wanted=wanted, **given)

    for option in reversed(_OPTIONS):
        asked = option(asked)
    return asked


def _check(wanted: Search) -> None:
    """Raises `InvalidInput` where nothing can be found, or more was asked for than was meant."""
    from pipeline.entities import phones

    if wanted.since and wanted.until and wanted.since >= wanted.until:
        raise InvalidInput("--since lies after --until, so nothing can be found.", "Exchange them.")
    if wanted.near_mentioned and not wanted.near:
        raise InvalidInput("--near-mentioned does not say near what.", "Give --near LAT,LON,KM with it.")
    if wanted.phone and not phones.as_typed(wanted.phone):
        raise InvalidInput(
            f"--phone {wanted.phone!r} is no phone number.",
            "Write it with its area: 07700 900123, or +33 6 12 34 56 78.",
        )


def parse_near(text: str) -> Circle:
    """``LAT,LON,KM``. Raises `InvalidInput`."""
    try:
        return Circle.read(text)
    except ValueError:
        raise InvalidInput(
            f"--near {text!r} is not a latitude, a longitude and kilometres.", "Write it like --near 51.5,-0.12,2"
        ) from None
