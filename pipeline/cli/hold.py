"""``flagpost hold``: exempts an item from what `flagpost retain` and `flagpost forget` would take away."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console

from pipeline.cli.signed_on import signed_on
from pipeline.errors import InvalidInput
from pipeline.moments import moment
from pipeline.safe_text import json_line, one_line
from pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    from pipeline.cli.on_record import OnRecord
    from pipeline.message import Outgoing
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
    "--until",
    metavar="WHEN",
    help="The last day of the hold: 2028-03-31. Without it, it lasts until it is released.",
)
@click.option("--sooner", is_flag=True, help="Let it end sooner than the hold that there is.")
@_by
def add(named: str, why: str, until: str | None, sooner: bool, by: str | None) -> None:
    """Hold an item, or hold it for longer.

    An item has one hold. While `flagpost hold list` shows it, also as lapsed or deleted, this extends it and asks no
    index: who, since when, why and until are written anew, and the item stays as it was when it was held first. So name
    in --why all that it is needed for. A hold never ends sooner for this, but with --sooner.
    """
    from pipeline.cli.shown.hold import lasts, told
    from pipeline.elasticsearch_client import connect
    from pipeline.index.lookup import find_item
    from pipeline.retention.hold_book import HoldBook
    from pipeline.retention.holds import ends_sooner, extended, held_record, standing
    from schemas.hold import Hold
    from schemas.identity import document_id

    settings, now = load_settings(), dt.datetime.now(dt.UTC)
    end = moment(until, now.astimezone(), "end") if until else None
    if end is not None and end <= now:
        raise InvalidInput("--until has passed already.", "Give a day to come, or leave it out.")
    on_record = _on_record(settings, why, by)
    book = HoldBook(settings)
    before = standing(book.look(), named)
    if before is None:
        with connect(settings) as client:
            item = find_item(client, settings, named)
        wanted = Hold(item=item, by=on_record.by, at=now, why=on_record.why, until=end)
    elif ends_sooner(before, end) and not sooner:
        raise InvalidInput(
            f"{one_line(before.uid)} is held for longer already: {told(before)}.",
            "Leave it so, or give --sooner if it is to end before that.",
        )
    else:
        wanted = extended(before, on_record.by, now, on_record.why, end)
    held_record(wanted)  # raises for one that nobody could read, before it is recorded

    def said(there: Hold | None) -> Outgoing:
        return held_record(extended(there, on_record.by, now, on_record.why, end) if there else wanted)

    on_record.write("hold-added", document_id(wanted.source, wanted.id), until=_written(end), **_instead_of(before))
    book.say(said, before, SENT_NOT_SURE)
    was = f", with the item as it was held first; before: {told(before)}" if before else ""
    click.echo(f"{one_line(wanted.uid)} is held {'now ' if before else ''}{lasts(wanted)}{was}.")


@hold.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print each as one JSON object a line.")
def list_holds(as_json: bool) -> None:
    """List what is held, oldest hold first, without what the posts say.

    JSON: {"id", "uid", "by", "at", "why", "until", "to_forget", "state"}; "state" is held, deleted (its author has deleted
    the post), withdrawn, lapsed, or to be forgotten (nobody holds it any more, and `flagpost forget` was asked for it at
    "to_forget").
    """
    from pipeline.cli.shown.hold import as_object, table
    from pipeline.retention.hold_book import HoldBook

    holds = sorted(HoldBook(load_settings()).look().values(), key=lambda one: one.at)
    if as_json:
        for one in holds:
            click.echo(json_line(as_object(one)))
        return
    console = Console(highlight=False)
    console.print(table(holds) if holds else "Nothing is held.")


@hold.command()
@click.argument("named", metavar="ID")
@click.option("--why", metavar="TEXT", help="What you need it for; kept in the audit log.")
def show(named: str, why: str | None) -> None:
    """Print a hold as one JSON object, with the item as it was when it was held, and as it was known last."""
    import msgspec

    from pipeline.cli.on_record import OnRecord
    from pipeline.retention.hold_book import HoldBook
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
    """Release a hold. What has been kept for long enough goes with the next `flagpost retain`.

    What its author has deleted or edited since is gone with the hold for good. To hold it for longer, or for another
    reason, don't release it: `flagpost hold add` extends it. A post that `flagpost forget` left because it was held is
    to be forgotten then, and stays listed until it is.
    """
    from pipeline.retention.hold_book import HoldBook
    from pipeline.retention.holds import ended
    from pipeline.retention.holds import named as hold_named
    from schemas.identity import document_id

    settings = load_settings()
    on_record = _on_record(settings, why, by)
    book = HoldBook(settings)
    found = hold_named(book.look(), named)
    on_record.write("hold-released", document_id(found.source, found.id), held_by=found.by, since=found.at.isoformat())
    of = book.say(lambda there: ended(there or found), found, SENT_NOT_SURE) or found
    click.echo(f"{one_line(found.uid)} is held no more.{still_to_forget(of)}")


@hold.command()
def restore() -> None:
    """Give held items back to an index that lacks them, as after a rebuild or from a snapshot.

    `flagpost retain` does it, too.
    """
    from pipeline.cli.retain import acting, holds_told, to_forget_told, warn
    from pipeline.elasticsearch_client import connect
    from pipeline.retention.hold_book import HoldBook
    from pipeline.retention.tend import tend

    settings = load_settings()
    with connect(settings) as client:
        done = tend(settings, client, HoldBook(settings), dt.datetime.now(dt.UTC), acting())
    for line in holds_told(done) or ["The index has all that is held."]:
        click.echo(line)
    for line in to_forget_told(done):
        warn(line)


def still_to_forget(found: Hold) -> str:
    """A sentence about a request to forget what was held, if there is one."""
    if found.to_forget is None:
        return ""
    since = f"{found.to_forget.astimezone():%Y-%m-%d}"
    return (
        f" It is to be forgotten since {since}: run `flagpost forget --post {one_line(found.uid)} --why …`, with"
        " `--export FILE` for each exported file that may have it."
    )


def _instead_of(before: Hold | None) -> dict[str, str]:
    """What the audit log is told of the hold that another takes the place of."""
    if before is None:
        return {}
    return {"held_by": before.by, "since": before.at.isoformat(), "held_until": _written(before.until)}


def _written(until: dt.datetime | None) -> str:
    return until.isoformat() if until else ""


def _on_record(settings: Settings, why: str, by: str | None) -> OnRecord:
    from pipeline.cli.on_record import OnRecord

    if not (why := why.strip()):
        raise InvalidInput("Nobody can tell later what an empty --why is about.", "Say what it is for.")
    return OnRecord(settings, by or signed_on(), why)
