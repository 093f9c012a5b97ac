"""``flagpost status``: what there is and how far it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.errors import NotSetUp
from pipeline.moments import span
from pipeline.safe_text import json_line, one_line
from pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    from pipeline.done import NotDone
    from pipeline.status import Lag, Status

_STATES = {"running": "green", "starting": "yellow", "retrying": "yellow", "silent": "dim"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--wait", is_flag=True, help="Return when every stage has done all there is: no lag anywhere.")
@click.option(
    "--timeout", type=click.FloatRange(0), default=60.0, show_default=True, help="Most seconds that --wait waits."
)
@click.pass_context
def status(context: click.Context, as_json: bool, wait: bool, timeout: float) -> None:
    """Show topics, lag, index, dead letters, alerts and workers.

    Workers of this machine are asked; those of others are shown as they said last. What is down is named, and the rest
    is shown all the same.

    Exit code: 0 when all answered; 3 when Kafka or Elasticsearch is down, 4 when one refused us, 5 when something is not
    set up; 1 when --wait's time was over. JSON: `pipeline.status.Status`.
    """
    import msgspec

    from pipeline.status import gather

    settings = load_settings()
    late = _wait(settings, timeout) if wait else None
    found = gather(settings, dt.datetime.now(dt.UTC))
    if as_json:
        click.echo(json_line(msgspec.to_builtins(found)))
    else:
        show(found, Console(highlight=False, markup=False))
    for problem in found.problems:
        click.echo(f"Error: {problem.message}\n{problem.hint}".rstrip(), err=True)
    if late:
        raise late
    if found.problems:
        context.exit(min(problem.code for problem in found.problems))  # down before refused before not set up


def _wait(settings: Settings, timeout: float) -> NotDone | None:
    """Returns when no stage has any lag, or why it gave up. Raises when Kafka can't be asked."""
    from pipeline.done import NotDone, wait_until_done

    told: set[str] = set()

    def tell(lags: Sequence[Lag]) -> None:
        for sentence in obstacles(settings, lags):
            if sentence not in told:
                told.add(sentence)
                click.echo(sentence, err=True)

    try:
        wait_until_done(settings, timeout, tell)
    except NotDone as late:
        return late
    return None


def obstacles(settings: Settings, lags: Sequence[Lag]) -> list[str]:
    """Why waiting may be in vain, as sentences."""
    from pipeline.workers import pauses, workers

    alive = {worker.stage for worker in workers(settings.home)}
    paused = {pause.stage: pause.reason for pause in pauses(settings.home)}
    sentences = []
    for lag in lags:
        if lag.stage in paused:
            sentences.append(
                f"{lag.stage} is PAUSED ({one_line(paused[lag.stage])}): `flagpost worker resume {lag.stage}` lets it go on."
            )
        elif lag.stage not in alive:
            sentences.append(
                f"{lag.topic} has messages to do, and no {lag.stage} worker lives on this machine:"
                f" start one with `flagpost worker {lag.stage}`."
            )
    return sentences


def show(found: Status, console: Console) -> None:
    """Prints a status for people, in at most 80 columns where names allow."""
    down = {problem.part for problem in found.problems if problem.code != NotSetUp.exit_code}
    for part, address in (("kafka", found.kafka), ("elasticsearch", found.elasticsearch)):
        state = Text("down", style="bold red") if part in down else Text("up", style="green")
        console.print(Text(f"{part.capitalize():<14}{address or 'none is set, none runs here':<34}").append_text(state))
    console.print()
    if found.topics:
        console.print(topics_table(found))
        console.print(Text("A record of outcomes tells of a whole batch of posts.", style="dim"), "")
    if found.items is not None:
        console.print(f"Index         {found.items:,} items can be found")
        for index in found.indices:
            console.print(
                f"              {index.index}: {index.total:,} documents, {index.tombstones:,} of them withdrawn"
            )
    if found.dead_letters is not None:
        more = ": see `flagpost dead-letters list`" if found.dead_letters else ""
        console.print(Text(f"Dead letters  {found.dead_letters:,}{more}", style="yellow" if found.dead_letters else ""))
    if found.open_alerts is not None:
        more = ": see `flagpost alerts list`" if found.open_alerts else ""
        console.print(
            Text(f"Alerts        {found.open_alerts:,} open{more}", style="yellow" if found.open_alerts else "")
        )
    if not found.heartbeat:
        console.print(Text("Heartbeat     none: FLAGPOST_HEARTBEAT_URL names a dead-man's switch", style="dim"))
    for pause in found.paused:
        console.print(Text(f"PAUSED        {pause.stage}: {one_line(pause.reason)}", style="bold red"))
        console.print(f"              `flagpost worker resume {pause.stage}` lets it go on")
    if found.workers:
        console.print("", workers_table(found))
    else:
        console.print("Workers       none that says so: `flagpost worker classify index` starts them")


def topics_table(found: Status) -> Table:
    """A line for each topic and, where several stages read it, one more for each further stage."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in ("Topic", "Partitions", "Messages", "Read by", "Lag"):
        table.add_column(title, justify="left" if title in ("Topic", "Read by") else "right", overflow="fold")
    for topic in found.topics:
        row = [topic.name, str(topic.partitions), f"{topic.messages:,}"]
        lags = [lag for lag in found.lags if lag.topic == topic.name]
        for lag in lags:
            age = f" ({span(lag.oldest_seconds)})" if lag.oldest_seconds is not None else ""
            table.add_row(*row, lag.stage, Text(f"{lag.lag:,}{age}", style="yellow" if lag.lag else ""))
            row = [""] * len(row)
        if not lags:
            table.add_row(*row, "", "")
    return table


def workers_table(found: Status) -> Table:
    """With the host where workers of several are known. Where one's metrics are is known of this machine's."""
    several = len({worker.host for worker in found.workers}) > 1
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in ("Worker", *(["Host"] if several else []), "Pid", "State", "Metrics"):
        table.add_column(title, justify="right" if title == "Pid" else "left", overflow="fold")
    for worker in found.workers:
        state = Text(worker.state, style=_STATES.get(worker.state, "bold red"))
        if worker.detail:
            state.append(f" ({one_line(worker.detail)})", style="dim")
        host = [Text(one_line(worker.host))] if several else []
        metrics = Text(f"{worker.url}/metrics" if worker.url else "")
        row_style = "dim" if worker.state == "silent" else ""
        table.add_row(Text(one_line(worker.stage)), *host, str(worker.pid), state, metrics, style=row_style)
    return table
