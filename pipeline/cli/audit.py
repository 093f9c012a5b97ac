"""``flagpost audit``: who did what, and when."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click
from rich.console import Console

from pipeline.cli.on_record import OnRecord, described, why_option
from pipeline.errors import InvalidInput
from pipeline.moments import moment
from pipeline.safe_text import json_line
from pipeline.settings import load_settings
from schemas.mapping import AUDIT

if TYPE_CHECKING:
    from pipeline.index.audit_search import Lines


@click.command()
@click.option("--by", multiple=True, metavar="NAME", help="What this person did; may be repeated.")
@click.option("--act", "acts", multiple=True, help="Only such acts, e.g. items-searched; may be repeated.")
@click.option("--on", metavar="ID", help="Done to this: an id or its first characters, or source:id of a post.")
@click.option(
    "--since", metavar="WHEN", help="Done or written down then or later: 2h, 3d, 2026-10-03, 2026-10-03T14:05:00Z."
)
@click.option("--until", metavar="WHEN", help="Done or written down before then; of a date, to its end.")
@click.option("-n", "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Most lines shown.")
@click.option("--json", "as_json", is_flag=True, help="Print each line as one JSON object.")
@why_option
def audit(
    by: tuple[str, ...],
    acts: tuple[str, ...],
    on: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    as_json: bool,
    why: str | None,
) -> None:
    """Show who searched, looked at, exported, decided, paged or changed what, newest first.

    Reading it is recorded, too, and found by the next reading. A line can be found here within seconds after the act, once
    the index worker has stored it; the topic audit has it before the act.

    A line that is marked ALTERED is not what was written: somebody changed its document on Elasticsearch.

    JSON: the stored document (see schemas/audit_document.py) with _id and altered.
    """
    # Elasticsearch's client is slow to import: `audit --help` does without.
    from pipeline.elasticsearch_client import connect
    from pipeline.index.audit_search import AuditSearch, read

    now = dt.datetime.now().astimezone()
    wanted = AuditSearch(
        by=by,
        acts=acts,
        on=on,
        since=moment(since, now) if since else None,
        until=moment(until, now, "end") if until else None,
        limit=limit,
    )
    if wanted.since and wanted.until and wanted.since >= wanted.until:
        raise InvalidInput("--since lies after --until, so nothing can be found.", "Exchange them.")
    settings = load_settings()
    on_record = OnRecord.of(settings, why)
    with connect(settings) as client:
        found = read(client, settings, wanted)
    asked = {f"asked_{name}": words for name, words in described(wanted).items()}
    on_record.write("audit-read", settings.named(AUDIT.alias), **asked, found=str(found.total))
    if as_json:
        for line in found.lines:
            click.echo(json_line({"_id": line.id, "altered": line.altered, **line.document}))
    else:
        _show(found)


def _show(found: Lines) -> None:
    from pipeline.cli.shown.audit import block

    console = Console(highlight=False)
    for line in found.lines:
        console.print(block(line))
    if not found.total:
        console.print("No such line.")
    elif len(found.lines) < found.total:
        console.print(f"{len(found.lines):,} of {found.total:,} lines shown.")
    else:
        console.print(f"{found.total:,} line{'' if found.total == 1 else 's'} found.")
