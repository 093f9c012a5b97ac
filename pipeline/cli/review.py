"""``flagpost review``: what an analyst decides about an item, the history of that, and rows to train on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
from rich.console import Console

from pipeline.cli.on_record import OnRecord, why_option
from pipeline.cli.signed_on import signed_on
from pipeline.errors import InvalidInput
from pipeline.moments import moment
from pipeline.safe_text import json_line, one_line
from pipeline.settings import load_settings
from schemas.identity import document_id
from schemas.labels import FLAGGED, GRADES, Flagged, Grade
from schemas.topics import REVIEWS

_OF_A_NAME = 512
"""Characters of what was asked for and is nothing, in the audit log."""


class _Review(click.Group):
    """``flagpost review ID`` decides; ``show`` and ``export`` are commands of their own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["decide", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Review, subcommand_metavar="ID|COMMAND [OPTIONS]")
def review() -> None:
    """Decide about an item: flagpost review ID --label intel. See flagpost review decide --help.

    A decision outlives every replay and every newer model. A later edit of the post sets the item back to not reviewed.
    """


@review.command()
@click.argument("named", metavar="ID")
@click.option("--label", type=click.Choice(FLAGGED), help="The right label.")
@click.option("--also", multiple=True, type=click.Choice(FLAGGED), help="Another right label; may be repeated.")
@click.option("--no-also", is_flag=True, help="There is no other label.")
@click.option("--grade", type=click.Choice(GRADES), help="The right grade.")
@click.option("--dismiss/--no-dismiss", default=None, help="It matters to nobody; or take that back.")
@click.option("--confirm", is_flag=True, help="It is right as it is.")
@click.option("--note", metavar="TEXT", help="Why.")
@click.option("--by", metavar="NAME", help="Who decides; default: the name that you are signed on with here.")
@click.option("--over", is_flag=True, help="Decide over whatever somebody decided before.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def decide(
    named: str,
    label: Flagged | None,
    also: tuple[Flagged, ...],
    no_also: bool,
    grade: Grade | None,
    dismiss: bool | None,
    confirm: bool,
    note: str | None,
    by: str | None,
    over: bool,
    as_json: bool,
) -> None:
    """Decide what an item is. ID is the document's id or its first characters, or source:id.

    What you don't give stays as it was decided before, else as the model said. Where somebody else decides on the
    same item at the same time, the first decision holds: the second one is told so, kept as history, and ends with
    exit code 9.

    JSON: {"id", "uid", "offset", "fate", "number", "seen", "over", "revision", "decision", "first"}; "first" is the
    decision that came before, where that leaves this one without effect.
    """
    # Kafka's and Elasticsearch's libraries are slow to import: `review --help` needs neither.
    from pipeline.cli.shown.review import as_object, ordinal, with_note, without_effect
    from pipeline.elasticsearch_client import connect
    from pipeline.index.lookup import find_item
    from pipeline.review.decision import Said, decision_on
    from pipeline.review.numbering import Applied
    from pipeline.review.submit import submit
    from schemas.review import Review

    if also and no_also:
        raise InvalidInput("--also and --no-also contradict each other.", "Give one of them.")
    said = Said(
        label=label,
        also=also or (() if no_also else None),
        grade=grade,
        dismissed=dismiss,
        note=note,
        confirmed=confirm,
    )
    settings = load_settings()
    with connect(settings) as client:
        item = find_item(client, settings, named)
    decision = decision_on(item, said, by or signed_on(), dt.datetime.now(dt.UTC))
    submitted = submit(settings, Review(item=item, decision=decision, over=over))
    fate = submitted.entry.fate
    if as_json:
        first = as_object(submitted.first) if submitted.first else None
        click.echo(json_line({**as_object(submitted.entry), "first": first}))
    if not isinstance(fate, Applied):
        raise without_effect(submitted)
    if not as_json:
        click.echo(f"{one_line(item.uid)}: {with_note(decision)}. The {ordinal(fate.number)} decision on this wording.")


@review.command()
@click.argument("named", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print each decision as one JSON object a line.")
@why_option
def show(named: str, as_json: bool, why: str | None) -> None:
    """Show every decision on a post, oldest first: those that were applied, and those that changed nothing.

    ID is the document's id or its first characters, or source:id; the post may be gone by now. That you looked is written
    to the audit log.

    JSON: {"id", "uid", "offset", "fate", "number", "seen", "over", "revision", "decision"}.
    """
    from pipeline.cli.shown.review import as_object, table
    from pipeline.review.log import ReviewLog, is_named

    settings = load_settings()
    on_record = OnRecord.of(settings, why)
    with ReviewLog(settings) as log:
        entries = list(log.entries(0, wanted=lambda uid: is_named(uid, named)))
    uids = {entry.review.uid for entry in entries}
    if len(uids) > 1:
        raise InvalidInput(f"The ids of {len(uids)} posts begin with {named!r}.", "Give more of its characters.")
    ids = [document_id(entry.review.source, entry.review.id) for entry in entries[:1]]
    on_record.write("decisions-viewed", ids[0] if ids else named[:_OF_A_NAME], found=str(len(entries)))
    if as_json:
        for entry in entries:
            click.echo(json_line(as_object(entry)))
        return
    console = Console(highlight=False)
    if not entries:
        console.print("Nothing was decided on such a post.")
        return
    console.print(table(entries))


@review.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default=Path("-"))
@click.option("--since", metavar="WHEN", help="Decided then or later: 2h, 3d, 2026-10-03, 2026-10-03T14:05:00Z.")
@why_option
def export(file: Path, since: str | None, why: str | None) -> None:
    """Write the decided posts to FILE (default: standard output) as JSON lines, to train and to measure on.

    Of each post the last decision that was applied: text, label (chatter where it was dismissed), also, grade and
    source, with what the model had said; see pipeline/review/export.py. Nobody who decided is named. Posts that were
    deleted are left out, and wordings that their authors have replaced. The rows hold texts of the public: keep them
    as you keep the posts. That you wrote them, and how many, is written to the audit log before.

    `flagpost evaluate FILE` says how good the model is on them. Bear in mind that they are what analysts looked at,
    so neither as many of each label as there are nor any of what the model misses.
    """
    from pipeline.elasticsearch_client import connect
    from pipeline.evaluation.files import require_writable
    from pipeline.export.form import form_of
    from pipeline.review.export import export as rows_of
    from pipeline.review.log import ReviewLog
    from schemas import codec

    begin = moment(since, dt.datetime.now().astimezone()) if since else None
    to_stdout = str(file) == "-"
    form_of(file, "jsonl")
    require_writable(None if to_stdout else file, "FILE", ())
    settings = load_settings()
    on_record = OnRecord.of(settings, why)
    with ReviewLog(settings) as log, connect(settings) as client:
        exported = rows_of(client, settings, log.entries(0), begin)
    told = {"to": "standard output" if to_stdout else str(file.absolute()), "since": begin.isoformat() if begin else ""}
    on_record.write("decisions-exported", settings.named(REVIEWS.name), **told, found=str(len(exported.rows)))
    lines = b"".join(codec.encode(row) + b"\n" for row in exported.rows)
    if to_stdout:
        click.get_binary_stream("stdout").write(lines)
    else:
        file.write_bytes(lines)
    rows = f"{len(exported.rows):,} row{'' if len(exported.rows) == 1 else 's'}"
    click.echo(
        f"{rows} written. Left out: {exported.gone:,} no longer there, {exported.edited:,} edited since.", err=True
    )
