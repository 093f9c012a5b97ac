"""``flagpost classify``: verdicts on posts from a file, without Kafka."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.classify.judge import Judge
from pipeline.cli.bad_lines import BadLines
from pipeline.cli.input_stream import open_input
from pipeline.errors import InvalidInput
from pipeline.ingest.sources import Position
from pipeline.ingest.sources.lines import split_lines
from pipeline.safe_text import json_line
from pipeline.settings import load_settings
from schemas.post import MAX_POST_BYTES
from schemas.verdict import Verdict

BATCH: Final = 256
WITHIN: Final = 0.2
"""Seconds that a batch waits to fill, so that verdicts on a slow pipe don't wait for its end."""

Line = tuple[int, bytes | None]
"""Number and content; None for a line that is too long to be looked at."""


class _Input(msgspec.Struct):
    """One post to judge."""

    text: str
    id: str | int


class _Object(msgspec.Struct):
    """What is read of a JSON line; every other key may be there and is not looked at."""

    text: str | None = None
    id: str | int | None = None
    type: str = "post"


@click.command()
@click.argument("file", type=click.Path(dir_okay=True, allow_dash=True, path_type=Path))
@click.option("--text", "plain", is_flag=True, help="Each line is the text of a post; its id is its line number.")
@click.pass_context
def classify(context: click.Context, file: Path, plain: bool) -> None:
    """Judge the posts of FILE (or of standard input: -) and print the verdicts as JSON lines, in input order.

    A line is a JSON object with `text` and, if it has one, `id`; without one its line number stands in. Each verdict has
    id, label, also, scores, grade, unsure, language (null unless it is surely not English), reasons and model.

    Lines that can't be used are told on standard error at the end; the exit code is 1 then.
    """
    stream = open_input(file)
    judge = Judge.load(load_settings())
    size = file.stat().st_size if str(file) != "-" and file.is_file() else None
    bad = BadLines()
    try:
        with _progress(size) as progress:
            task = progress.add_task("judged", total=size)
            for lines in _batches(stream):
                _judge(judge, _inputs(lines, plain, bad))
                progress.advance(task, sum(len(line or b"") + 1 for _, line in lines))
    finally:  # an interrupted run tells its bad lines, too
        for sentence in bad.sentences():
            click.echo(sentence, err=True)
    if bad:
        if not plain:
            click.echo("With --text each line is the text of a post; `flagpost probe` reads CSV too.", err=True)
        context.exit(1)


def _inputs(lines: list[Line], plain: bool, bad: BadLines) -> list[_Input]:
    inputs = []
    for number, line in lines:
        try:
            if (one := _input(number, line, plain)) is not None:
                inputs.append(one)
        except ValueError as fault:
            bad.note(number, str(fault))
    return inputs


def _judge(judge: Judge, inputs: list[_Input]) -> None:
    verdicts = judge.verdicts([one.text for one in inputs])
    for one, verdict in zip(inputs, verdicts, strict=True):
        click.echo(json_line(msgspec.to_builtins(_output(one, verdict))))
    sys.stdout.flush()


def _progress(size: int | None) -> Progress:
    """A bar on standard error, only in a terminal and only when the end is known."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=size is None or not console.is_terminal or sys.stdout.isatty(),
        transient=True,
    )


def _batches(stream: BinaryIO) -> Iterator[list[Line]]:
    """Lines that are not blank, with their numbers, in batches: full ones, or what came within `WITHIN` seconds.

    Raises `InvalidInput` when the stream can't be read to its end.
    """
    waiting: queue.Queue[Line | OSError | None] = queue.Queue(maxsize=4 * BATCH)

    def read() -> None:
        try:
            for line in split_lines(stream.read1, Position(), MAX_POST_BYTES):  # type: ignore[attr-defined]
                if line.raw is None or line.raw.strip():
                    waiting.put((line.number, line.raw))
            waiting.put(None)
        except OSError as error:
            waiting.put(error)

    threading.Thread(target=read, daemon=True).start()
    batch: list[Line] = []
    while True:
        try:
            line = waiting.get(timeout=WITHIN if batch else None)
        except queue.Empty:
            yield batch
            batch = []
            continue
        if isinstance(line, tuple):
            batch.append(line)
        if batch and (not isinstance(line, tuple) or len(batch) == BATCH):
            yield batch
            batch = []
        if isinstance(line, OSError):
            raise InvalidInput(
                f"The input can't be read to its end ({line.strerror}).", "Look at the file and its disk."
            )
        if line is None:
            return


def _input(number: int, line: bytes | None, plain: bool) -> _Input | None:
    """The post of a line; None for the news of a deletion. Raises ValueError that says what is wrong without quoting it."""
    if line is None:
        raise ValueError(f"more than {MAX_POST_BYTES:,} bytes")
    if number == 1:
        line = line.removeprefix(b"\xef\xbb\xbf")
    if plain:
        try:
            return _Input(line.decode("utf-8").rstrip("\r\n"), number)
        except UnicodeDecodeError:
            raise ValueError("not UTF-8") from None
    try:
        found = msgspec.json.decode(line, type=_Object)
    except msgspec.ValidationError as fault:
        field = str(fault).partition("`$.")[2].rstrip("`")  # none where the line itself is a number, a list …
        raise ValueError(f"`{field}` is not of the right kind" if field else "not a JSON object") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("not a JSON object") from None
    if found.type == "post_deleted":
        return None
    if found.text is None:
        raise ValueError("without `text`")
    return _Input(found.text, number if found.id is None else found.id)


def _output(one: _Input, verdict: Verdict) -> dict[str, object]:
    return {
        "id": one.id,
        "label": verdict.label,
        "also": verdict.also,
        "scores": verdict.scores,
        "grade": verdict.grade,
        "unsure": verdict.unsure,
        "language": verdict.language,
        "reasons": verdict.reasons,
        "model": verdict.model,
    }
