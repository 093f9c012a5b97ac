"""``flagpost local``: the commands around `Stack`."""

from __future__ import annotations

import json
import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from deploy.local.notes import Status
from deploy.local.server import NAMES, Name
from deploy.local.stack import Stack
from pipeline.errors import LocalStackError
from pipeline.settings import load_settings

_FOLLOW_SECONDS = 0.2

_only = click.option("--only", type=click.Choice(NAMES), help="This server alone.")


@click.group()
def local() -> None:
    """Run a real Kafka and a real Elasticsearch on this machine, without Docker.

    They listen on this machine's loopback address only, without passwords or encryption. Programs are fetched once and
    kept in the cache folder; data stay in the home folder until `down --wipe`.
    """


@local.command()
@_only
def up(only: Name | None) -> None:
    """Start what doesn't run yet, and wait until it is ready.

    Environment: ES_VERSION chooses Elasticsearch's version. FLAGPOST_LOCAL_KAFKA_PORT and
    FLAGPOST_LOCAL_ELASTICSEARCH_PORT ask for a port and no other. FLAGPOST_LOCAL_MAVEN_REPOSITORY is the URL of a mirror
    to fetch the programs from.
    """
    begin = time.monotonic()
    with ends_on_signals():
        status = _stack().up(only)
    _show(status)
    click.echo(f"Ready after {time.monotonic() - begin:.1f} s. Without passwords, for this machine only.", err=True)


@local.command()
@_only
@click.option("--wipe", is_flag=True, help="Delete the data too.")
def down(only: Name | None, wipe: bool) -> None:
    """Stop what runs. Data are kept unless --wipe is given."""
    _stack().down(only, wipe=wipe)
    click.echo(
        f"Stopped{', and the data are deleted' if wipe else ''}: {only.title() if only else 'Kafka and Elasticsearch'}.",
        err=True,
    )


@local.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show what runs and where. Exits with 1 unless both servers run."""
    found = _stack().status()
    if as_json:
        click.echo(json.dumps(found))
    else:
        _show(found)
    if not (found["kafka"]["pid"] and found["elasticsearch"]["pid"]):
        context.exit(1)


@local.command()
@click.argument("server", type=click.Choice(NAMES), required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on printing what is added, until Ctrl-C.")
@click.option("-n", "--lines", type=click.IntRange(min=0), default=40, show_default=True, help="How many last lines.")
def logs(server: Name | None, follow: bool, lines: int) -> None:
    """Print the servers' logs."""
    stack = _stack()
    files = {name: stack.log_file(name) for name in NAMES if server in (None, name)}
    if not any(file.exists() for file in files.values()):
        raise LocalStackError("There is no log yet.", "Start the servers with `flagpost local up`.")
    tails = {name: _Tail(name if server is None else "", file) for name, file in files.items()}
    for tail in tails.values():
        tail.last(lines)
    while follow:
        time.sleep(_FOLLOW_SECONDS)
        for tail in tails.values():
            tail.more()


class _Tail:
    """The end of a log file, each line with ``name`` in front, through rotations."""

    def __init__(self, name: str, file: Path) -> None:
        self._prefix = f"{name}: " if name else ""
        self._file = file
        self._position = 0
        self._inode = 0

    def last(self, lines: int) -> None:
        self._print(deque(self._read(), maxlen=lines))

    def more(self) -> None:
        self._print(self._read())

    def _read(self) -> Iterator[str]:
        try:
            with self._file.open("rb") as content:
                inode = self._file.stat().st_ino
                if inode != self._inode:
                    self._inode, self._position = inode, 0
                content.seek(self._position)
                for line in content:
                    if not line.endswith(b"\n"):
                        break
                    self._position += len(line)
                    yield line.decode("utf-8", errors="replace").rstrip("\n")
        except FileNotFoundError:
            return

    def _print(self, lines: Iterator[str] | deque[str]) -> None:
        for line in lines:
            click.echo(f"{self._prefix}{line}")


def _stack() -> Stack:
    return Stack(load_settings().home, console=Console(stderr=True, highlight=False))


def _show(status: Status) -> None:
    kafka, search = status["kafka"], status["elasticsearch"]
    kafka_line = f"{kafka['bootstrap']} (pid {kafka['pid']})"
    search_line = f"{search['url']} (version {search['version']}, pid {search['pid']})"
    click.echo(f"Kafka          {kafka_line if kafka['pid'] else 'not running'}")
    click.echo(f"Elasticsearch  {search_line if search['pid'] else 'not running'}")


@contextmanager
def ends_on_signals() -> Iterator[None]:
    """Lets SIGTERM and a closed terminal interrupt like Ctrl-C, so that what was started is stopped again."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
