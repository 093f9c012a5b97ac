"""``flagpost export``: the flagged items as a file."""

from __future__ import annotations

import contextlib
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.on_record import OnRecord, described, why_option
from pipeline.cli.search_options import search_options
from pipeline.errors import ElasticsearchUnavailable, InvalidInput
from pipeline.export.target import NewFile, new_file, require_new
from pipeline.settings import load_settings
from schemas.mapping import INDEX

if TYPE_CHECKING:
    from pipeline.export.form import Form
    from pipeline.export.scan import Scan
    from pipeline.index.search import Search


@click.command()
@search_options
@click.option(
    "--format",
    "given",
    type=click.Choice(["csv", "jsonl"]),
    help="Default: what the name of FILE says (.csv, .jsonl, .ndjson, .json), else csv.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="A new file; without it standard output.")
@click.option("--bom", is_flag=True, help="Begin a CSV with a byte order mark, by which Excel knows it for UTF-8.")
@why_option
def export(wanted: Search, given: Form | None, out: Path | None, bom: bool, why: str | None) -> None:
    """Write all flagged items that match to a file, the oldest first; options are those of `flagpost search`.

    In CSV, what a post says can't become a formula: an apostrophe stands in front of = + - @ wherever a cell could begin
    (pipeline/export/spreadsheet.py says where, and takes them out again), and a text too long for Excel's cells is cut.
    JSONL holds the stored documents exactly.

    FILE must not be there yet. It gets its name when it is complete, and only you may read it. The rows hold texts of the
    public: keep them as you keep the posts.

    That you export, what and how many is written to the audit log before the first row; how many were written, after the
    last one.
    """
    # Elasticsearch's client is slow to import: `export --help` does without.
    from pipeline.elasticsearch_client import connect
    from pipeline.export.form import form_of, writer_of
    from pipeline.export.scan import Scan

    form = form_of(out, given)
    if bom and form != "csv":
        raise InvalidInput("--bom is for CSV.", "Leave it out.")
    if out is None and form == "csv" and sys.stdout.isatty():
        raise InvalidInput("A CSV on a terminal could speak to it.", "Give --out FILE, or send it through a pipe.")
    if out is not None:
        require_new(out)
    settings = load_settings()
    on_record = OnRecord.of(settings, why)
    index = settings.named(INDEX)
    with connect(settings) as client, Scan(client, settings, wanted) as scan, _target(out) as target:
        about = {
            "export": secrets.token_hex(4),
            "format": form,
            "to": str(out.absolute()) if out else "standard output",
        }
        on_record.write("items-exported", index, **about, **described(wanted), found=str(scan.expected))
        written = 0
        complete = "no"
        stream = target.stream if target else click.get_binary_stream("stdout")
        try:
            write = writer_of(form, stream, bom)
            for hit in scan:
                write(hit)
                written += 1
            stream.flush()  # whoever reads may be gone by now
            _require_all(scan, written)
            complete = "yes"
        finally:
            on_record.write("items-export-ended", index, **about, written=str(written), complete=complete)
        if target:
            target.keep()
    items = f"{written:,} item{'' if written == 1 else 's'}"
    click.echo(f"{items} written{f' to {out}' if out else ''}.", err=True)


def _target(out: Path | None) -> contextlib.AbstractContextManager[NewFile | None]:
    return new_file(out) if out else contextlib.nullcontext()


def _require_all(scan: Scan, written: int) -> None:
    if written != scan.expected:
        raise ElasticsearchUnavailable(
            f"Elasticsearch found {scan.expected:,} items and gave {written:,}.", "See its logs, then run it again."
        )
