"""``flagpost dead-letters``: list, show and replay what could not be used."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli.on_record import OnRecord, why_option
from pipeline.errors import InvalidInput
from pipeline.ingest.summary import counted
from pipeline.safe_text import json_line, one_line, safe
from pipeline.settings import load_settings
from schemas.topics import DEAD_LETTERS

if TYPE_CHECKING:
    from pipeline.dead_letters import Stored

_SHOWN_BYTES = 4000


@click.group("dead-letters")
def dead_letters() -> None:
    """List, show and replay what could not be used.

    A dead letter is a message's original bytes with the reason why it could not be used. Its id is PARTITION:OFFSET. What
    the bytes say is shown, and sent again, only when that is written to the audit log.
    """


@dead_letters.command("list")
@click.option("--reason", help="Only with this reason, e.g. not_json or bad_date.")
@click.option("--stage", help="Only those that this stage gave up: ingest, classify, index.")
@click.option(
    "-n", "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Most that are shown."
)
@click.option("--json", "as_json", is_flag=True, help="Print each as one JSON object a line.")
def list_letters(reason: str | None, stage: str | None, limit: int, as_json: bool) -> None:
    """List dead letters, newest first.

    JSON: {"id", "stored_at", "bytes"} and the fields of `schemas.dead_letter.DeadLetter`.
    """
    from pipeline.dead_letters import DeadLetterReader

    def chosen(stored: Stored) -> bool:
        return reason in (None, stored.letter.reason) and stage in (None, stored.letter.stage)

    with DeadLetterReader(load_settings()) as reader:
        letters, total = reader.newest(limit, chosen if reason or stage else None)
    if as_json:
        for stored in letters:
            click.echo(json_line(as_object(stored)))
        return
    console = Console(highlight=False)
    if not letters:
        console.print("No dead letters." if not (reason or stage) else "No such dead letters.")
        return
    console.print(letters_table(letters))
    console.print(f"{len(letters):,} of {total:,} shown." if total > len(letters) else f"{total:,} in all.")


@dead_letters.command()
@click.argument("letter_id", metavar="ID")
@click.option("--raw", is_flag=True, help="Write the original bytes to stdout, verbatim, and nothing else.")
@why_option
def show(letter_id: str, raw: bool, why: str | None) -> None:
    """Show one dead letter: its headers, and its original with control characters made visible.

    To correct a line of a file: flagpost dead-letters show --raw ID > line.jsonl, edit it, then flagpost ingest line.jsonl.
    """
    from pipeline.dead_letters import DeadLetterReader, LetterId

    wanted = LetterId.parse(letter_id)
    settings = load_settings()
    on_record = OnRecord.of(settings, why)
    with DeadLetterReader(settings) as reader:
        stored = reader.one(wanted)
    on_record.write("dead-letter-viewed", f"{settings.named(DEAD_LETTERS.name)} {wanted}")
    if raw:
        sys.stdout.buffer.write(stored.value)
        sys.stdout.buffer.flush()
        return
    for line in described(stored):
        click.echo(line)


@dead_letters.command()
@click.argument("letter_ids", nargs=-1, metavar="[ID]…")
@click.option("--all", "everything", is_flag=True, help="All that are there now.")
@click.option("--reason", help="Those with this reason.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@why_option
@click.pass_context
def replay(
    context: click.Context,
    letter_ids: tuple[str, ...],
    everything: bool,
    reason: str | None,
    yes: bool,
    why: str | None,
) -> None:
    """Send dead letters again to where they came from.

    This is safe, and may be repeated: a post has one identity and every state of it a version, so what arrives twice changes
    nothing and what is outdated does not win. Bytes and key are the original's; a header flagpost-replayed-from is added. A
    line that ingest could not use is read again as a post. Dead letters stay listed until their time is over; one that is
    still no good comes back as a new one.

    Exits with 1 when some could not be sent.
    """
    from pipeline.dead_letters import DeadLetterReader, LetterId
    from pipeline.replay import Replayer

    if (bool(letter_ids) + everything + (reason is not None)) != 1:
        raise InvalidInput("Say which dead letters: one or more IDs, or --all, or --reason REASON.")
    ids = [LetterId.parse(text) for text in dict.fromkeys(letter_ids)]
    settings = load_settings()
    on_record = OnRecord.of(settings, why)
    with DeadLetterReader(settings) as reader:
        bounds = {} if ids else reader.bounds()

        def chosen() -> Any:
            if ids:
                return (reader.one(one) for one in ids)
            return (stored for stored in reader.read(bounds) if reason in (None, stored.letter.reason))

        counts = Counter(
            f"of {stored.letter.topic}" if stored.letter.topic else "read from files" for stored in chosen()
        )
        if not counts:
            click.echo("There are no such dead letters." if reason else "There are no dead letters.")
            return
        which = ", ".join(f"{number:,} {one_line(whence)}" for whence, number in counts.items())
        if not yes and not _confirmed(f"Send {counted(counts.total(), 'dead letter')} again ({which})?"):
            click.echo("Nothing was sent.")
            return
        chosen_by = {"ids": " ".join(map(str, ids)), "reason": reason or ""}
        told = {**chosen_by, "found": str(counts.total())}
        on_record.write("dead-letters-replayed", settings.named(DEAD_LETTERS.name), **told)
        with Replayer(settings) as replayer:
            result = replayer.replay(chosen(), dt.datetime.now(dt.UTC))
    for letter, why in result.refused:
        click.echo(f"{letter}: not sent: {safe(why)}. See `flagpost dead-letters show --raw {letter}`.", err=True)
    click.echo(f"{result.sent:,} sent again." + (f" {len(result.refused):,} not sent." if result.refused else ""))
    if result.refused:
        context.exit(1)


def _confirmed(question: str) -> bool:
    try:
        return click.confirm(question)
    except click.Abort:
        raise InvalidInput(
            "Nobody answered the question, so nothing was sent.", "Give --yes to send without asking."
        ) from None


def letters_table(letters: list[Stored]) -> Table:
    """A table of dead letters that fits 80 columns; details are cut to their first line."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in ("Id", "When", "Stage", "Reason", "Detail", "From"):
        table.add_column(
            title, overflow="fold" if title in ("Id", "Detail", "From") else "ellipsis", no_wrap=title == "Id"
        )
    for stored in letters:
        letter = stored.letter
        when = f"{stored.stored_at.astimezone():%m-%d %H:%M}"
        cells = (str(stored.id), when, letter.stage, letter.reason, letter.detail, stored.whence)
        table.add_row(*(Text(one_line(cell)) for cell in cells))
    return table


def described(stored: Stored) -> list[str]:
    """The lines that show one dead letter."""
    letter = stored.letter
    lines = [
        f"Dead letter  {stored.id}, of {stored.stored_at.astimezone():%Y-%m-%d %H:%M:%S}",
        f"Reason       {one_line(letter.reason)}" + (f": {one_line(letter.detail)}" if letter.detail else ""),
        f"Given up by  {one_line(letter.stage)}, tries {letter.tries}",
        f"From         {one_line(stored.whence)}",
        f"Key          {one_line(stored.key.decode('utf-8', 'backslashreplace')) if stored.key is not None else 'none'}",
    ]
    ours = set(letter.__struct_fields__)
    for name, value in stored.headers:
        if name.removeprefix("flagpost-") not in ours:
            lines.append(f"Header       {one_line(name)}: {one_line(value.decode('utf-8', 'backslashreplace'))}")
    lines += [f"Original     {counted(len(stored.value), 'byte')}", ""]
    lines.append(safe(stored.value[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")))
    if len(stored.value) > _SHOWN_BYTES:
        lines.append(f"… and {len(stored.value) - _SHOWN_BYTES:,} bytes more: --raw writes all of it.")
    return lines


def as_object(stored: Stored) -> dict[str, Any]:
    """What ``list --json`` prints of a dead letter."""
    import msgspec

    fields: dict[str, Any] = {"id": str(stored.id), "stored_at": stored.stored_at, "bytes": len(stored.value)}
    converted: dict[str, Any] = msgspec.to_builtins({**fields, **msgspec.structs.asdict(stored.letter)})
    return converted
