"""``flagpost demo``: from nothing to searches, in one command."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.rule import Rule

from deploy.demo import deciding, paging, report
from deploy.demo.today import move
from deploy.demo.workers import running_workers
from deploy.local.command import ends_on_signals
from deploy.local.stack import Stack
from pipeline.books import balance
from pipeline.cli.hit import render
from pipeline.done import wait_until_done
from pipeline.elasticsearch_client import connect
from pipeline.errors import FlagpostError
from pipeline.index.search import Search, search
from pipeline.settings import Settings, load_settings
from pipeline.setup.elasticsearch import setup_elasticsearch
from pipeline.setup.topics import setup_topics
from pipeline.supervisor import STAGES

HERE: Final = Path(__file__).parent
SATURDAY: Final = HERE / "saturday.jsonl"
LABELS: Final = HERE / "saturday-labels.jsonl"

SEARCHES: Final = (
    ("knife", Search(text="knife", limit=2, sort="relevance")),
    ("pier fire|smoke", Search(text="pier fire|smoke", limit=2, sort="relevance")),
    (
        "--label help_request --grade immediate water",
        Search(text="water", labels=("help_request",), grades=("immediate",), limit=2),
    ),
)

DONE_WITHIN: Final = 300.0


@click.command()
def demo() -> None:
    """Run one eventful Saturday through a real Kafka, the model and a real Elasticsearch.

    In a terminal everything stays up afterwards, until Ctrl-C. Otherwise all is stopped, and the exit code is 0 only if
    the books balance, a page came that stopped when it was acknowledged, and a decision outlived a replay.
    """
    console = Console(highlight=False)
    settings = load_settings()
    stack = Stack(settings.home, console=console)
    with ends_on_signals(), ExitStack() as ends:
        console.print(Rule("A real Kafka and a real Elasticsearch", align="left"))
        before = stack.status()
        if not (before["kafka"]["pid"] and before["elasticsearch"]["pid"]):
            ends.callback(_stop, stack, console)
        running = stack.up()
        chosen = (settings.bootstrap(), settings.elasticsearch())
        if chosen != (running["kafka"]["bootstrap"], running["elasticsearch"]["url"]):
            raise FlagpostError(
                "The settings name another cluster; the demo only ever runs on the local servers.",
                "Unset FLAGPOST_KAFKA_BOOTSTRAP and FLAGPOST_ELASTICSEARCH_URL for it (see .env and flagpost.toml too).",
            )
        changes = [*setup_topics(settings), *setup_elasticsearch(settings)]
        console.print(f"Topics and index: {sum(one.state != 'unchanged' for one in changes)} of {len(changes)} new.")
        console.print(Rule("The stages", align="left"))
        started = time.monotonic()
        receiver = ends.enter_context(paging.pager(settings))
        ends.enter_context(running_workers(settings))
        console.print(f"{', '.join(STAGES)} are running after {time.monotonic() - started:.1f} s.")
        console.print(Rule("One Saturday, ending now: what came in", align="left"))
        saturday = settings.home / "demo" / "saturday.jsonl"
        move(SATURDAY, saturday, dt.datetime.now(dt.UTC))
        fine = _saturday(console, settings, saturday)
        console.print(Rule("Who was paged", align="left"))
        fine &= paging.show(console, settings, receiver)
        console.print(Rule("What an analyst decides", align="left"))
        fine &= deciding.show(console, settings, saturday)
        stays = console.is_terminal and sys.stdin.isatty()
        console.print(Rule("What to try next", align="left"))
        console.print(_NEXT if stays else f"  .venv/bin/flagpost local up    # if it has stopped\n{_NEXT}")
        if stays:
            console.print("\nEverything stays up. [bold]Ctrl-C[/bold] stops it.")
            _wait_for_interrupt()
    sys.exit(0 if fine else 1)


def _saturday(console: Console, settings: Settings, saturday: Path) -> bool:
    started = time.monotonic()
    ingested = _ingest(saturday)
    wait_until_done(settings, timeout=DONE_WITHIN)
    seconds = time.monotonic() - started
    with connect(settings) as client:
        books = balance(settings, client)
        console.print(Rule("What became of it", align="left"))
        console.print(report.table(books, ingested["sent"], ingested["bad"], seconds))
        console.print()
        console.print(report.sums(books))
        agreement = report.agreement(settings, LABELS, saturday)
        console.print(
            f"[dim]The writer of these invented posts gave each a label too: the model agrees on "
            f"{agreement.same / agreement.posts:.1%} of {agreement.posts:,} (macro-F1 {agreement.macro_f1:.2f}).[/dim]"
        )
        for words, wanted in SEARCHES:
            console.print(Rule(f"flagpost search {words}", align="left"))
            for hit in search(client, settings, wanted).hits:
                console.print(render(hit))
    return books.even


def _ingest(saturday: Path) -> dict[str, int]:
    """Runs `flagpost ingest` as a user would; its exit code 1 says that some lines were bad, which is meant here."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "ingest", os.path.relpath(saturday), "--from-start", "--json"],
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise FlagpostError("The Saturday could not be ingested.", "What is wrong stands above.")
    summary: dict[str, int] = json.loads(done.stdout)
    return summary


def _stop(stack: Stack, console: Console) -> None:
    stack.down()
    console.print("Stopped.")


def _wait_for_interrupt() -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()


_NEXT: Final = """\
  .venv/bin/flagpost search --grade immediate --since 6h
  .venv/bin/flagpost alerts list
  .venv/bin/flagpost status
  .venv/bin/flagpost dead-letters list
  echo "he's outside my door again with the bat" | .venv/bin/flagpost classify --text -
  .venv/bin/flagpost ingest YOUR.jsonl --source mine --created-at now
  .venv/bin/flagpost local down --wipe   # forgets the Saturday"""
