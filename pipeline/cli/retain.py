"""``flagpost retain``: deletes what has been kept for long enough."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING, Final

import click

from pipeline.audit import ITSELF
from pipeline.cli.signed_on import signed_on
from pipeline.errors import InvalidInput
from pipeline.safe_text import json_line
from pipeline.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.retention.retain import Round, Step
    from pipeline.retention.tend import Tended

MOST_IDS: Final = 10
"""Of one line."""


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, and delete nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def retain(dry_run: bool, as_json: bool) -> None:
    """Delete what has been kept for long enough: items, alerts, audit lines, and tombstones that nothing needs.

    Run it once a day. A run that is cut off has done what it has done, and the next one goes on; nothing has to be stopped
    meanwhile. What is held (`flagpost hold`) stays, and where the index lacks a held item it is given back. A tombstone
    goes once no topic names its post any more. FLAGPOST_RETAIN_… says how long what is kept, and FLAGPOST_RETAIN_RATE how
    many documents go in a second at most. FLAGPOST_RETAIN_HEARTBEAT_URL is a dead-man's switch that hears of every
    complete run, so that somebody is told when there is none.

    JSON: {"lapsed", "to_forget", "restored", "renewed", "dry_run", "at", "repeated", "disagreements", "steps": [{"what",
    "before", "found", "deleted", "spared", "changed"}]}.
    """
    # Kafka's and Elasticsearch's libraries are slow to import: `retain --help` needs neither.
    import msgspec

    from pipeline.elasticsearch_client import connect
    from pipeline.retention.retain import Retention
    from pipeline.watch.heartbeat import beat_once

    settings = load_settings()
    with connect(settings) as client:
        retention = Retention(settings, client, dt.datetime.now(dt.UTC), dry_run, acting())
        done = retention.run(lambda step: None if as_json else click.echo(line_of(step, dry_run)))
    url = settings.retain_heartbeat_url
    if not dry_run and url is not None and (problem := asyncio.run(beat_once(url))):
        warn(f"No answer from the dead-man's switch ({problem}): it may alarm although this run is complete.")
    if as_json:
        click.echo(json_line(msgspec.to_builtins(done)))
        return
    for line in [*holds_told(done, dry_run), *repeats_told(done)]:
        click.echo(line)
    for line in to_forget_told(done):
        warn(line)
    for topic, why in done.disagreements.items():
        warn(f"{topic} {why}")


def warn(what: str) -> None:
    """A line on stderr that stands out."""
    click.echo(click.style(f"! {what}", fg="yellow"), err=True)


def acting() -> str:
    """Who runs this: the name that is signed on, or flagpost itself where a machine does it by the clock."""
    try:
        return signed_on()
    except InvalidInput:
        return ITSELF


def line_of(step: Step, dry_run: bool) -> str:
    """One step on one line."""
    number = step.found - step.spared if dry_run else step.deleted
    parts = [
        f"{step.what:<12} from before {step.before:%Y-%m-%d %H:%M}Z: {number:,} {'would go' if dry_run else 'deleted'}"
    ]
    if step.spared:
        why = "needed by a topic" if step.what == "tombstones" else "held, or judged once more since"
        parts.append(f"{step.spared:,} {why}")
    if step.changed:
        parts.append(f"{step.changed:,} written meanwhile and left")
    return ", ".join(parts)


def holds_told(done: Tended, dry_run: bool = False) -> list[str]:
    """What became of holds, if anything did."""
    would = "would be " if dry_run else ""
    told = [
        (len(done.lapsed), f"holds lapsed and {would}released: {_begun(done.lapsed)}"),
        (done.restored, f"held items {would}given back to the index"),
        (done.renewed, f"holds {would}renewed: their items have changed since"),
    ]
    return [f"{number:,} {what}" for number, what in told if number]


def to_forget_told(done: Tended) -> list[str]:
    """What waits to be forgotten, if anything does."""
    if not done.to_forget:
        return []
    posts = "1 post is" if len(done.to_forget) == 1 else f"{len(done.to_forget):,} posts are"
    return [
        f"{posts} to be forgotten, now that nobody holds what was held: `flagpost forget --post ID` does it."
        f" `flagpost hold list` names all: {_begun(done.to_forget)}"
    ]


def repeats_told(done: Round) -> list[str]:
    if not done.repeated:
        return []
    return [
        f"{done.repeated:,} items {'would ' if done.dry_run else ''}count from when their post was judged once more"
    ]


def _begun(ids: Sequence[str]) -> str:
    """The first of them, as `flagpost hold list` shows them."""
    from pipeline.retention.holds import SURE

    return ", ".join(id[:SURE] for id in ids[:MOST_IDS]) + (" …" if len(ids) > MOST_IDS else "")
