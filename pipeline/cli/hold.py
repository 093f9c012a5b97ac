"""``flagpost hold``: exempts an item from what `flagpost retain` and `flagpost forget` would take away."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli.signed_on import signed_on
from pipeline.errors import InvalidInput
from pipeline.moments import moment
from pipeline.safe_text import json_line, one_line
from pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    from pipeline.cli.on_record import OnRecord
    from schemas.hold import Hold

SENT_NOT_SURE: Final = "Then look with `flagpost hold list` whether it stands there."

_why = click.option("--why", required=True, metavar="TEXT", help="What for: a case, a schedule. Kept in the audit log.")
_by = click.option("--by", metavar="NAME", help="Who says so; default: the name that you are signed on with here.")


@click.group()
def hold() -> None:
    """Exempt an item from being deleted when its time is over, and from being forgotten.

    For evidence that must be kept or disclosed (Criminal Procedure and Investigations Act 1996). A hold keeps the item as it
    is now, whatever becomes of the index and of the post. It does not hide that an author deleted the post: that item
    leaves the searches, and `flagpost hold show` still shows what was held.

    ID is the document's id or its first characters, or source:id.
    """


@hold.command()
@click.argument("named", metavar="ID")
@_why
@click.option(
    "--until", metavar="WHEN", help="When the hold lapses: 2028-03-31. Without it, it lasts until it is released."
)
@_by
def add(named: str, why: str, until: str | None, by: str | None) -> None:
    """Hold an item."""
    from pipeline.elasticsearch_client import connect
    from pipeline.index.lookup import find_item
    from pipeline.retention.holds import HoldBook, held_record
    from pipeline.send import send
    from schemas.hold import Hold
    from schemas.identity import document_id

    settings, now = load_settings(), dt.datetime.now(dt.UTC)
    end = moment(until, now.astimezone(), "end") if until else None
    if end is not None and end <= now:
        raise InvalidInput("--until has passed already.", "Give a day to come, or leave it out.")
    on_record = _on_record(settings, why, by)
    with connect(settings) as client:
        item = find_item(client, settings, named)
    before = HoldBook(settings).look().get(item.uid)
    if before is not None and before.in_force(now):
        raise InvalidInput(
            f"{one_line(item.uid)} is held already: {_told(before)}.", "Release it first to hold it for another reason."
        )
    wanted = Hold(item=item, by=on_record.by, at=now, why=on_record.why, until=end)
    held = held_record(wanted)
    on_record.write("hold-added", document_id(item.source, item.id), until=end.isoformat() if end else "")
    send(settings, [held], SENT_NOT_SURE)
    click.echo(f"{one_line(item.uid)} is held{f' until {end.astimezone():%Y-%m-%d}' if end else ''}.")


@hold.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print each as one JSON object a line.")
def list_holds(as_json: bool) -> None:
    """List what is held, oldest hold first, without what the posts say.

    JSON: {"id", "uid", "by", "at", "why", "until", "state"}; "state" is held, deleted (its author has deleted the post),
    withdrawn, or lapsed.
    """
    from pipeline.retention.holds import HoldBook

    holds = sorted(HoldBook(load_settings()).look().values(), key=lambda one: one.at)
    if as_json:
        for one in holds:
            click.echo(json_line(as_object(one)))
        return
    console = Console(highlight=False)
    console.print(_table(holds) if holds else "Nothing is held.")


@hold.command()
@click.argument("named", metavar="ID")
@click.option("--why", metavar="TEXT", help="What you need it for; kept in the audit log.")
def show(named: str, why: str | None) -> None:
    """Print a hold as one JSON object, with the item as it was when it was held, and as it was known last."""
    import msgspec

    from pipeline.cli.on_record import OnRecord
    from pipeline.retention.holds import HoldBook
    from pipeline.retention.holds import named as hold_named
    from schemas.identity import document_id

    settings = load_settings()
    on_record = OnRecord.of(settings, why)
    found = hold_named(HoldBook(settings).look(), named)
    on_record.write("hold-viewed", document_id(found.source, found.id))
    click.echo(json_line(msgspec.to_builtins(found)))


@hold.command()
@click.argument("named", metavar="ID")
@_why
@_by
def release(named: str, why: str, by: str | None) -> None:
    """Release a hold. What has been kept for long enough goes with the next `flagpost retain`."""
    from pipeline.retention.holds import HoldBook, released_records
    from pipeline.retention.holds import named as hold_named
    from pipeline.send import send
    from schemas.identity import document_id

    settings = load_settings()
    on_record = _on_record(settings, why, by)
    found = hold_named(HoldBook(settings).look(), named)
    on_record.write("hold-released", document_id(found.source, found.id), held_by=found.by, since=found.at.isoformat())
    send(settings, released_records([found.uid]), SENT_NOT_SURE)
    click.echo(f"{one_line(found.uid)} is held no more.")


@hold.command()
def restore() -> None:
    """Give held items back to an index that lacks them, as after a rebuild or from a snapshot.

    `flagpost retain` does it, too.
    """
    from pipeline.cli.retain import acting, holds_told
    from pipeline.elasticsearch_client import connect
    from pipeline.retention.retain import Retention

    settings = load_settings()
    with connect(settings) as client:
        done = Retention(settings, client, dt.datetime.now(dt.UTC), by=acting()).tend()
    for line in holds_told(done) or ["The index has all that is held."]:
        click.echo(line)


def as_object(one: Hold) -> dict[str, Any]:
    """What ``list --json`` prints of a hold."""
    import msgspec

    from schemas.identity import document_id

    fields = {"id": document_id(one.source, one.id), "uid": one.uid, "by": one.by, "at": one.at, "why": one.why}
    converted: dict[str, Any] = msgspec.to_builtins({**fields, "until": one.until, "state": state_of(one)})
    return converted


def state_of(one: Hold) -> str:
    from schemas.item import Withdrawn

    if not one.in_force(dt.datetime.now(dt.UTC)):
        return "lapsed"
    if isinstance(one.known, Withdrawn):
        return "deleted" if one.known.reason == "deleted" else "withdrawn"
    return "held"


def _table(holds: list[Hold]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in ("Id", "Since", "By", "Until", "State", "Why"):
        table.add_column(title, overflow="fold", no_wrap=title in ("Id", "Since", "Until"))
    for one in holds:
        told = as_object(one)
        until = f"{one.until.astimezone():%Y-%m-%d}" if one.until else "–"
        cells = (told["id"][:8], f"{one.at.astimezone():%Y-%m-%d}", one.by, until, told["state"], one.why)
        table.add_row(*(Text(one_line(cell)) for cell in cells))
    return table


def _told(one: Hold) -> str:
    return f"by {one_line(one.by)} since {one.at.astimezone():%Y-%m-%d}, {one_line(one.why)}"


def _on_record(settings: Settings, why: str, by: str | None) -> OnRecord:
    from pipeline.cli.on_record import OnRecord

    if not (why := why.strip()):
        raise InvalidInput("Nobody can tell later what an empty --why is about.", "Say what it is for.")
    return OnRecord(settings, by or signed_on(), why)
