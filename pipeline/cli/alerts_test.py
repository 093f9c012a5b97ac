"""``flagpost alerts test``: whether people can be reached."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING

import click

from pipeline.safe_text import one_line
from pipeline.settings import load_settings

if TYPE_CHECKING:
    from pipeline.alert.rules import RulesFile
    from pipeline.page.trial import Target, Trial


@click.command("test")
@click.option("--to", metavar="NAME", help="Only this person, or whoever is in this rota.")
@click.option("--channel", metavar="NAME", help="Only through this channel.")
@click.pass_context
def alerts_test(context: click.Context, to: str | None, channel: str | None) -> None:
    """Send a page that is marked as a test to everybody, through every channel that they have in the rules file.

    Prints one line a page: delivered, refused or failed, and why. The exit code is 0 only if all were delivered. Neither
    Kafka nor a worker is needed, and no alert is made; PagerDuty makes an incident of it, to be resolved there.
    """
    from pipeline.alert.rules_file import read_rules
    from pipeline.page.trial import targets

    file = read_rules(load_settings().rules)
    if not asyncio.run(_tell(file, targets(file, to, channel))):
        context.exit(1)


async def _tell(file: RulesFile, wanted: list[Target]) -> bool:
    """Whether all were delivered."""
    from pipeline.page.trial import tried

    good = True
    async for trial in tried(file, wanted, dt.datetime.now(dt.UTC)):
        click.echo(told(trial))
        good = good and trial.end == "delivered"
    return good


def told(trial: Trial) -> str:
    """One line for people."""
    return one_line(f"{trial.target.channel} → {trial.target.person}: {trial.end} ({trial.answer})")
