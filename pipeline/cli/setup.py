"""``flagpost setup``: topics, index templates, indices and aliases; where there is a Kibana, its dashboards, too."""

from __future__ import annotations

from collections.abc import Iterator

import click
import msgspec

from pipeline.errors import FlagpostError
from pipeline.safe_text import json_line
from pipeline.settings import Settings, load_settings
from pipeline.setup.change import Change

_COLOURS = {"created": "green", "updated": "yellow", "unchanged": None}


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--kibana", metavar="URL", help="Import data views, saved searches and dashboards into Kibana there, too."
)
def setup(dry_run: bool, as_json: bool, kibana: str | None) -> None:
    """Create topics, templates and the index on the cluster.

    Run it once, and again after every update of flagpost: what is there already is compared and brought up to date, and a
    run that finds nothing to do changes nothing. It never takes partitions, data or fields away; what only a person can
    change is said, and left.

    Kibana is asked with --kibana or FLAGPOST_KIBANA_URL. What was imported before is replaced: save a copy of a dashboard
    before you change it.

    JSON: {"dry_run", "changes": [{"kind", "name", "state", "detail", "attention"}], "error": null or {"message", "hint"}}.
    """
    settings = load_settings()
    if kibana is not None:  # also where a shell's variable for it was empty
        settings = settings.at_kibana(kibana)
    changes: list[Change] = []
    error: FlagpostError | None = None
    try:
        for change in _changes(settings, dry_run):
            changes.append(change)
            if not as_json:
                _show(change, dry_run)
    except FlagpostError as fault:
        error = fault
    if as_json:
        told = {"message": error.message, "hint": error.hint} if error else None
        click.echo(json_line({"dry_run": dry_run, "changes": msgspec.to_builtins(changes), "error": told}))
    if error:
        raise error
    if not as_json:
        click.echo(summary(changes, dry_run))


def _changes(settings: Settings, dry_run: bool) -> Iterator[Change]:
    # Kafka's and Elasticsearch's libraries are slow to import: `setup --help` needs neither.
    from pipeline.setup.elasticsearch import setup_elasticsearch
    from pipeline.setup.kibana import setup_kibana
    from pipeline.setup.topics import setup_topics

    settings.bootstrap()  # both are named before anything is made in one of them
    settings.elasticsearch()
    yield from setup_topics(settings, dry_run)
    yield from setup_elasticsearch(settings, dry_run)
    if settings.kibana_url is not None:
        yield from setup_kibana(settings, dry_run)


def _show(change: Change, dry_run: bool) -> None:
    state = f"would be {change.state}" if dry_run and change.state != "unchanged" else change.state
    line = f"{change.kind:<9} {change.name:<24} {click.style(state, fg=_COLOURS[change.state])}"
    click.echo(f"{line}  {change.detail}".rstrip())
    if change.attention:
        click.echo(click.style(f"          ! {change.attention}", fg="yellow"))


def summary(changes: list[Change], dry_run: bool) -> str:
    """One sentence about what was done."""
    created = sum(change.state == "created" for change in changes)
    updated = sum(change.state == "updated" for change in changes)
    attention = sum(bool(change.attention) for change in changes)
    if not created and not updated:
        done = (
            f"Everything {'is' if dry_run else 'was'} set up already: nothing {'to do' if dry_run else 'was changed'}."
        )
    elif dry_run:
        done = f"{created} would be created, {updated} updated. Nothing was done."
    else:
        done = f"{created} created, {updated} updated."
    return f"{done} {attention} need your attention." if attention else done
