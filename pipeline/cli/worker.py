"""``flagpost worker``: runs stages, and lets a paused one go on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from pipeline import pause
from pipeline.errors import InvalidInput
from pipeline.home import require_folder, require_home
from pipeline.log import configure
from pipeline.settings import load_settings
from pipeline.supervisor import STAGES, Supervisor


@click.command()
@click.argument("stages", nargs=-1, metavar="[STAGE…]")
@click.option(
    "--logs", type=click.Path(file_okay=False, path_type=Path), help="Write each stage's log to a file in this folder."
)
def worker(stages: tuple[str, ...], logs: Path | None) -> None:
    """Run stages as processes of their own, all of them where none is named. One that ends is started again.

    A stage that is named twice runs twice. Ctrl-C ends them all; what is unfinished then is delivered again.

    `flagpost worker resume STAGE` lets a stage go on that paused because most of its messages were bad.
    """
    if stages[:1] == ("resume",):
        _resume(stages[1:])
        return
    _check(stages)
    stages = stages or STAGES
    settings = load_settings()
    settings.bootstrap()  # where there is none, it is said here and not in every worker's log
    if "index" in stages:
        settings.elasticsearch()
    require_home(settings)
    if logs:
        require_folder(logs, "Choose another folder with --logs.")
    configure(settings.log_level)
    asyncio.run(Supervisor(stages, logs).run())


def _resume(stages: tuple[str, ...]) -> None:
    if not stages:
        raise InvalidInput("No stage is named to resume.", f"Name one or more of {', '.join(STAGES)}.")
    _check(stages)
    home = load_settings().home
    for stage in stages:
        click.echo(f"{stage} goes on." if pause.resume(home, stage) else f"{stage} was not paused on this machine.")


def _check(stages: tuple[str, ...]) -> None:
    for stage in stages:
        if stage not in STAGES:
            raise InvalidInput(f"There is no stage {stage!r}.", f"Name one or more of {', '.join(STAGES)}.")
