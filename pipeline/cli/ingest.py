"""``flagpost ingest``: posts from files or a pipe to Kafka."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import click

from pipeline.cli.ingest_options import check_columns, defaults_of, delimiter_of
from pipeline.errors import FlagpostError, InvalidInput
from pipeline.ingest.cursor import Cursor
from pipeline.ingest.feed import Feed
from pipeline.ingest.pace import Pace
from pipeline.ingest.publish import KafkaPublisher
from pipeline.ingest.sources.file import FileSource, is_regular
from pipeline.ingest.sources.form import Form, Kind, form_of
from pipeline.ingest.sources.pipe import PipeSource
from pipeline.ingest.stopping import Stopping
from pipeline.ingest.summary import FileSummary, Summary, counted
from pipeline.ingest.terminal import TerminalReport
from pipeline.ingest.wordings import WORDINGS, Wordings
from pipeline.kafka_clients import quiet_kafka_python
from pipeline.settings import load_settings

STDIN = "-"


@click.command()
@click.argument("files", metavar="FILE… | -", nargs=-1, required=True)
@click.option("--format", "kind", type=click.Choice(["jsonl", "csv"]), help="Default: by the file's name; for - jsonl.")
@click.option(
    "--map", "maps", metavar="FIELD=KEY", multiple=True, help="The input calls a post's FIELD by the name KEY."
)
@click.option("--delimiter", metavar="CHAR", help="Between the cells of CSV; default: comma, for .tsv tab.")
@click.option("--source", metavar="NAME", help="Source of posts that name none: x, bluesky, webform …")
@click.option("--created-at", metavar="now|DATE", help="Date of posts that have none, such as 2026-10-03T14:05:00Z.")
@click.option("--rate", metavar="N", type=click.FloatRange(min=0, min_open=True), help="At most N posts a second.")
@click.option("--follow", is_flag=True, help="Wait for new lines, as tail -F does, until Ctrl-C. One file only.")
@click.option("--from-start", is_flag=True, help="Send again what was sent before.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def ingest(
    files: tuple[str, ...],
    kind: Kind | None,
    maps: tuple[str, ...],
    delimiter: str | None,
    source: str | None,
    created_at: str | None,
    rate: float | None,
    follow: bool,
    from_start: bool,
    as_json: bool,
) -> int:
    """Send posts from JSONL or CSV files (.gz too), or from a pipe (-), to Kafka.

    A post needs source, id, text and created_at. Keys that flagpost doesn't know are kept in the post's extra. Run the same
    command again after an interruption: it goes on behind the last line that Kafka acknowledged.

    A line that can't be used is shown, goes to the dead letters, and the rest goes on.

    \b
    Exit codes: 0 all lines were sent; 1 some lines were bad; 2 an option or a file can't be used; 3 Kafka does not answer;
    4 it refuses us; 5 topics are missing; 130 Ctrl-C; 143 SIGTERM (with --follow, both end it normally).
    """
    form = Form(kind or "jsonl", delimiter_of(delimiter) or ",", check_columns(maps))
    defaults = defaults_of(source, created_at)
    if len(set(files)) < len(files) or (follow and len(files) > 1):
        raise InvalidInput("--follow takes one file." if follow else "A file is named twice.", "Name each file once.")
    settings = load_settings()
    quiet_kafka_python()
    begin = time.monotonic()
    with ExitStack() as stack:
        stopping = stack.enter_context(Stopping(lambda: report.say("Stopping; Ctrl-C again to end at once.")))
        watch = _Watch(stopping)
        sources = [_open(name, kind, delimiter, form, watch, follow) for name in files]
        sizes = [one.size() if isinstance(one, FileSource) else None for one in sources]
        report = TerminalReport(None if None in sizes or follow else sum(size or 0 for size in sizes))
        publisher = KafkaPublisher(settings)
        stack.callback(publisher.close)
        cursors = [_cursor(one, settings.home / "ingest", publisher.topic_id, from_start, stack) for one in sources]
        wordings = stack.enter_context(Wordings(settings.home / WORDINGS))
        feed = Feed(publisher, defaults, report, stopping.requested, Pace(rate), wordings=wordings)
        watch.feed = feed
        done: list[FileSummary] = []
        with report:
            for one, cursor in zip(sources, cursors, strict=True):
                if stopping.requested():
                    break
                done.append(_run(feed, one, cursor, report))
    interrupted = stopping.requested() and not follow
    counts = feed.counts
    summary = Summary(
        sent=counts.sent,
        bad=counts.bad,
        refused=counts.refused,
        seconds=time.monotonic() - begin,
        interrupted=interrupted,
        files=done,
    )
    click.echo(summary.to_json() if as_json else summary.line())
    if interrupted:
        again = any(cursors) or not done
        click.echo(f"Run the same command {'again to go on' if again else 'with the rest of the input'}.", err=True)
        return stopping.exit_code()
    return summary.exit_code()


class _Watch:
    """What waiting sources look after: the signals, and the feed once there is one."""

    feed: Feed | None = None

    def __init__(self, stopping: Stopping) -> None:
        self.stopped = stopping.requested

    def idle(self) -> None:
        if self.feed:
            self.feed.idle()


def _open(
    name: str, kind: Kind | None, delimiter: str | None, form: Form, watch: _Watch, follow: bool
) -> FileSource | PipeSource:
    if name != STDIN and is_regular(Path(name)):
        return FileSource(Path(name), form_of(Path(name), kind, delimiter_of(delimiter), form.columns), watch, follow)
    if follow:
        raise InvalidInput("--follow is for files; a pipe is read until it ends anyway.", "Leave --follow out.")
    if name == STDIN:
        return PipeSource(sys.stdin.fileno(), "stdin", form, watch)
    return PipeSource(os.open(name, os.O_RDONLY | os.O_CLOEXEC), name, form, watch)


def _cursor(
    source: FileSource | PipeSource, folder: Path, topic_id: str, anew: bool, stack: ExitStack
) -> Cursor | None:
    if not isinstance(source, FileSource):
        return None
    cursor = Cursor(folder, Path(source.name), topic_id)
    stack.callback(cursor.close)
    if anew:
        cursor.forget()
    return cursor


def _run(feed: Feed, source: FileSource | PipeSource, cursor: Cursor | None, report: TerminalReport) -> FileSummary:
    before = feed.counts.total
    try:
        position = feed.run(source, cursor)
    except FlagpostError as error:
        done = feed.counts.total - before
        if not done:
            raise
        resume = " Then run the same command again: it goes on from there." if cursor else ""
        told = f"{error.message} {counted(done, 'line')} of {source.name} {'is' if done == 1 else 'are'} acknowledged."
        raise type(error)(told, f"{error.hint}{resume}".strip()) from error
    if feed.counts.total == before and position.line > 1 and not feed.stopped():
        lines = counted(position.line - 1, "line")
        report.say(f"{source.name}: already ingested, {lines}; nothing new. --from-start sends it again.")
    report.file_done(position)
    return FileSummary(source.name, position.line - 1)
