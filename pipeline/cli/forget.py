"""``flagpost forget``: takes away what an author, or one post, has left anywhere."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.signed_on import signed_on
from pipeline.errors import FlagpostError, InvalidInput
from pipeline.safe_text import one_line
from pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Collection

    from pipeline.retention.seek import Author
    from pipeline.retention.traces import Traces


class Pending(FlagpostError):
    """The posts are deleted; the index does not show it yet."""


@click.command()
@click.option(
    "--author", "name", metavar="HANDLE|ID", help="Whose posts: a handle, with or without @, or an account's id."
)
@click.option("--source", help="Only on this source, where several have such an author.")
@click.option("--post", "named", metavar="UID", help="One post: source:id, or as `flagpost hold list` names it.")
@click.option("--export", "exports", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              metavar="FILE", help="Take their rows out of this exported file, too; may be repeated.")  # fmt: skip
@click.option(
    "--why", required=True, metavar="TEXT", help="A reference, as the request's number; never the author's name."
)
@click.option("--by", metavar="NAME", help="Who says so; default: the name that you are signed on with here.")
@click.option("--except-held", is_flag=True, help="Forget the rest where some of it is held; the holds remember it.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True,
              help="Seconds to wait until the index shows it.")  # fmt: skip
def forget(
    name: str | None,
    source: str | None,
    named: str | None,
    exports: tuple[Path, ...],
    why: str,
    by: str | None,
    except_held: bool,
    dry_run: bool,
    yes: bool,
    timeout: float,
) -> None:
    """Take away what an author, or one post, has left anywhere.

    Every post is deleted as if its author had deleted it, so that all searches, alerts and replays agree. It reads the
    topics from their beginning, which takes minutes where there is much. Kafka can't take records out of a topic; it is
    told when the last of them goes by itself. A later post by the same author is collected again. With --source, rows of
    an exported file are also found by the author that they name: nothing else may be left of their posts.

    Exits with 1 when the index does not show it in time; it will, once the classify and index workers have done their work.
    """
    # Kafka's and Elasticsearch's libraries are slow to import: `forget --help` needs neither.
    from pipeline.cli.exported_files import rows_in, take_out
    from pipeline.cli.on_record import OnRecord
    from pipeline.cli.shown.forget import also_known, found, in_files
    from pipeline.elasticsearch_client import connect
    from pipeline.retention import forget as forgetting
    from pipeline.retention.clocks import require_not_ahead
    from pipeline.retention.hold_book import HoldBook
    from pipeline.retention.seek import Author, follow, posts_of, traces_of

    if (name is None) == (named is None):
        raise InvalidInput("Say whose posts, or which post.", "Give either --author or --post.")
    require_unnamed(why, name)
    settings, now = load_settings(), dt.datetime.now(dt.UTC)
    if named is not None:
        uid = uid_named(settings, named)
    on_record = OnRecord(settings, by or signed_on(), why.strip())
    request = secrets.token_hex(4)
    with connect(settings) as client:
        author = Author(name, source) if name is not None else None
        uids, names = posts_of(client, settings, author) if author else ({uid}, set[str]())
        traces = traces_of(client, settings, uids)
        book = HoldBook(settings)
        doing = forgetting.plan(traces, book.look(), now)
        rows = rows_in(exports, traces, author)
        has_rows = any(one.wanted for one in rows.values())
        taken_in = on_record.write(
            "forget-sought", request, found=str(len(traces.uids)), dry_run="yes" if dry_run else ""
        )
        require_not_ahead(dt.datetime.now(dt.UTC), taken_in)  # or what is held would count as lapsed
        if author:
            _require_one_source(author, traces)
        elif not any(map(traces.places, traces.uids)) and not traces.deleted and not has_rows:
            raise InvalidInput(f"Nothing anywhere is about {one_line(uid)}.", "See that it is written as source:id.")
        if not except_held:
            forgetting.require_free(doing.held)
        for line in [*found(doing, traces), *also_known(names), *in_files(rows, author)]:
            click.echo(line)
        if dry_run or (doing.empty and not has_rows):
            click.echo("Nothing was changed." if dry_run else "There is nothing to forget.")
            _tell_last_bytes(settings, traces, doing.held)
            return
        if not yes and not _confirmed("Forget it?"):
            click.echo("Nothing was changed.")
            return
        doing = forgetting.plan(traces, book.look(), now)  # somebody may have held one while the question stood
        if not except_held:
            forgetting.require_free(doing.held)
        asked = forgetting.Request(request, on_record.by, on_record.why, now)
        released = forgetting.forget(settings, doing, traces, asked)
        for line in take_out(rows, doing, traces, author):
            click.echo(line)
        pending = forgetting.wait_for_tombstones(client, settings, doing.deletes, timeout)
        follow(traces, client, settings)  # what was on its way has arrived meanwhile
    click.echo(f"{len(doing.posts):,} forgotten. Request {request} in the audit log.")
    if doing.held:
        click.echo(
            f"{len(doing.held):,} held: once nobody holds them, `flagpost hold list` lists them as to be forgotten."
        )
    _tell_last_bytes(settings, traces, doing.held)
    if released:
        raise Pending(
            f"{len(released):,} of them were released meanwhile, and nothing was done about these.",
            "Run the same command again.",
        )
    if pending:
        raise Pending(
            f"After {timeout:g} s the index does not show yet that {len(pending):,} of them are gone.",
            "Their deletes are safe in Kafka. See `flagpost status`: the classify and index workers have to do them.",
        )


def uid_named(settings: Settings, named: str) -> str:
    """The uid of the post that a person names by it, or, where it is or was held, by its document's id."""
    from pipeline.retention.hold_book import HoldBook
    from pipeline.retention.holds import standing
    from pipeline.retention.sight import is_uid

    if is_uid(named):
        return named
    hold = standing(HoldBook(settings).look(), named)
    if hold is None:
        raise InvalidInput(f"{named!r} is not source:id.", "`flagpost search --json` shows it as flagpost.uid.")
    return hold.uid


def require_unnamed(why: str, name: str | None) -> None:
    """Raises `InvalidInput` where ``why``, which the audit log keeps for six years, is empty or names the author."""
    if not why.strip():
        raise InvalidInput("Nobody can tell later what an empty --why is about.", "Give the request's number.")
    bare = (name or "").strip().lstrip("@")
    if bare and re.search(rf"(?<!\w){re.escape(bare)}(?!\w)", why, re.IGNORECASE):
        raise InvalidInput("--why names the author, whom the audit log would remember.", "Give the request's number.")


def _require_one_source(author: Author, traces: Traces) -> None:
    if author.source is None and len(traces.sources) > 1:
        counts = ", ".join(f"{one_line(source)} {number:,}" for source, number in sorted(traces.sources.items()))
        raise InvalidInput(
            f"Several sources have posts by such an author ({counts}), and these may be different people.",
            "Say with --source which one is meant.",
        )


def _tell_last_bytes(settings: Settings, traces: Traces, held: Collection[str]) -> None:
    from pipeline.retention.last_bytes import last_bytes, may_come
    from pipeline.retention.seek import WITH_TEXT
    from pipeline.retention.topic_stays import stays

    going = traces.without(held)
    gone = last_bytes(going, stays(settings, WITH_TEXT), dt.datetime.now(dt.UTC))
    coming = may_come(going)
    if gone:
        click.echo(f"The last of it{', but for what is held,' if held else ''} goes from Kafka by")
        for name, moment in sorted(gone.items(), key=lambda one: one[1]):
            click.echo(f"  {moment:%Y-%m-%d %H:%M}Z  [{name}]{'*' if name in coming else ''}")
    if coming:
        click.echo(
            "  * Some of it may be on its way there yet: it goes so much later as a worker is behind (`flagpost status`)."
        )
    click.echo(
        "Snapshots of the index, and copies of exported files, are not reached: deploy/runbook.md says what to do."
    )


def _confirmed(question: str) -> bool:
    try:
        return click.confirm(question)
    except click.Abort:
        raise InvalidInput("Nobody answered the question, so nothing was changed.", "Give --yes.") from None
