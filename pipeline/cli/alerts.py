"""``flagpost alerts``: what people are paged about, and what they do about it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from pipeline.cli.alerts_serve import alerts_serve
from pipeline.cli.alerts_test import alerts_test
from pipeline.cli.on_record import OnRecord, why_option
from pipeline.errors import AccessRefused, InvalidInput, WithoutEffect
from pipeline.settings import load_settings
from schemas.topics import ALERTS

if TYPE_CHECKING:
    from schemas.alert import ActionKind, Alert


@click.group()
def alerts() -> None:
    """Show alerts, and acknowledge, escalate or resolve them.

    An ID is an alert's, or its first characters. Alerts hold words of posts: that you look at them is written to the audit
    log, before you see them.
    """


alerts.add_command(alerts_serve)
alerts.add_command(alerts_test)


@alerts.command("list")
@click.option("--all", "everything", is_flag=True, help="Resolved ones, too.")
@click.option("--json", "as_json", is_flag=True, help="Print each as one JSON object a line.")
@why_option
def list_alerts(everything: bool, as_json: bool, why: str | None) -> None:
    """List the alerts that are open or acknowledged, the gravest first.

    JSON: `schemas.alert.Alert`, without what only the page stage needs.
    """
    from rich.console import Console

    from pipeline.cli.shown.alert import as_object, block, in_order
    from pipeline.page.feed import AlertsFeed
    from pipeline.safe_text import json_line

    settings = load_settings()
    on_record = OnRecord.of(settings, why)
    with AlertsFeed(settings) as feed:
        feed.read()
        every = feed.view.all()
    chosen = in_order([alert for alert in every if everything or alert.state != "resolved"])
    on_record.write("alerts-listed", settings.named(ALERTS.name), found=str(len(chosen)))
    if as_json:
        for alert in chosen:
            click.echo(json_line(as_object(alert)))
        return
    console = Console(highlight=False)
    ids = {alert.id for alert in every}
    for alert in chosen:
        console.print(block(alert, ids, _now()))
    if not chosen:
        console.print("No alerts." if everything else "No alert is open or acknowledged.")
        return
    counts = [(state, sum(alert.state == state for alert in chosen)) for state in ("open", "acknowledged", "resolved")]
    console.print(", ".join(f"{number:,} {state}" for state, number in counts if number) + ".")


@alerts.command()
@click.argument("alert_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@why_option
def show(alert_id: str, as_json: bool, why: str | None) -> None:
    """Show one alert: its posts, its pages, and from the audit log who did what about it.

    JSON: as of `list`, with "history".
    """
    import msgspec
    from rich.console import Console

    from pipeline.cli.shown.alert import as_object, whole
    from pipeline.page.feed import AlertsFeed
    from pipeline.page.history import history
    from pipeline.safe_text import json_line

    settings = load_settings()
    on_record = OnRecord.of(settings, why)
    with AlertsFeed(settings) as feed:
        feed.read()
        alert = feed.view.find(alert_id)
    on_record.write("alert-viewed", alert.id)
    try:
        entries = history(settings, alert)
    except AccessRefused as refused:  # who may see alerts may not always see who did what
        entries = None
        click.echo(f"The history is left out: {refused.message}", err=True)
    if as_json:
        click.echo(json_line({**as_object(alert), "history": msgspec.to_builtins(entries)}))
        return
    console = Console(highlight=False)
    for part in whole(alert, entries, _now()):
        console.print(part)


_by = click.option("--by", metavar="NAME", help="Who you are; default: the name that you are signed on with here.")
_note = click.option("--note", default="", metavar="TEXT", help="Why; kept in the audit log.")


@alerts.command()
@click.argument("alert_id", metavar="ID")
@_by
@_note
def ack(alert_id: str, by: str | None, note: str) -> None:
    """Say that you are seeing to an alert: it is not paged again while it stays acknowledged."""
    _act(alert_id, "acknowledge", by, note)


@alerts.command()
@click.argument("alert_id", metavar="ID")
@_by
@_note
def escalate(alert_id: str, by: str | None, note: str) -> None:
    """Page whoever is next in line now. An alert that was acknowledged is open again.

    Where somebody else escalates at the same moment, the next in line is paged once: the second is told so, and ends with
    exit code 9.
    """
    _act(alert_id, "escalate", by, note)


@alerts.command()
@click.argument("alert_id", metavar="ID")
@_by
@_note
def resolve(alert_id: str, by: str | None, note: str) -> None:
    """Say that an alert is over: those who were paged are told so, and nobody is paged about it any more."""
    _act(alert_id, "resolve", by, note)


def _act(alert_id: str, kind: ActionKind, by: str | None, note: str) -> None:
    """Publishes the action and prints what became of it. Raises `NotTakenUp` when nothing did within seconds."""
    from pipeline.cli.signed_on import signed_on
    from pipeline.page.actions import act, possible
    from pipeline.page.feed import AlertsFeed
    from pipeline.page.people import mark_of
    from schemas.alert import Action

    name = (by if by is not None else signed_on()).strip()
    if not name:
        raise InvalidInput("--by is empty.", "Say who you are, or leave it out.")
    settings = load_settings()
    with AlertsFeed(settings) as feed:
        feed.read()
        alert = feed.view.find(alert_id)
        if kind not in possible(alert):
            if kind == "escalate":  # who asks for help must not believe that it comes
                raise InvalidInput(f"{_told(alert)}: there is nothing to escalate.")
            click.echo(f"{_told(alert)}: there was nothing left to do.")
            return
        step = alert.step if kind == "escalate" else None
        action = Action(alert=alert.id, kind=kind, by=name, at=_now(), via="cli", step=step, note=note)
        after = act(settings, feed, action)
    if after is None:
        click.echo(f"Alert {alert.id} is kept no longer.")
        return
    if kind == "escalate" and mark_of(action) in after.too_late:
        raise overtaken(alert, after, _told(after))
    click.echo(f"{_told(after)}{escalated(alert, after) if kind == 'escalate' else ''}.")


def overtaken(before: Alert, after: Alert, told: str) -> WithoutEffect:
    """Says that an escalation changed nothing, and why; ``told`` is how the alert stands."""
    if after.state == "resolved":
        return WithoutEffect(f"{told}: there was nothing to escalate any more.")
    return WithoutEffect(
        f"{told}{escalated(before, after)}. It had been when yours came, which changes nothing.",
        "To page whoever comes after that, give the same command again.",
    )


def escalated(before: Alert, after: Alert) -> str:
    """Who asks for help must not believe that it comes where it doesn't."""
    known = {page.id for page in before.pages}
    called = sorted({page.recipient for page in after.pages if page.end is None or page.id not in known})
    if called:
        return f": escalated, step {after.step}, to {', '.join(called)}"
    return f": escalated, step {after.step}, but NOBODY IS PAGED: no channel reaches anybody whom the rules name for it"


def _told(alert: Alert) -> str:
    """How an alert stands: which it is, its state, by whom and since when."""
    from pipeline.cli.shown.alert import age
    from pipeline.page.wording import headline
    from pipeline.safe_text import one_line

    by, at = {
        "open": (None, None),
        "acknowledged": (alert.acknowledged_by, alert.acknowledged_at),
        "resolved": (alert.resolved_by, alert.resolved_at),
    }[alert.state]
    said = f"{alert.id} ({headline(alert)}) is {alert.state}"
    said += f" by {by}" if by else ""
    said += f", for {age(at, _now())} now" if at else ""
    return one_line(said)


@alerts.command()
@click.option("--json", "as_json", is_flag=True, help="Print each new state of an alert as one JSON object a line.")
@why_option
def watch(as_json: bool, why: str | None) -> None:
    """Print a line for each change of an alert from now on, until Ctrl-C.

    While Kafka is away it is tried again; what happened meanwhile is printed then. JSON: as of `list`; of an alert that is
    kept no longer {"id", "state": null}.
    """
    from rich.console import Console

    from pipeline.cli.shown.alert import as_object
    from pipeline.cli.shown.alert_change import change_line, changes
    from pipeline.page.watching import watched
    from pipeline.safe_text import json_line

    settings = load_settings()
    OnRecord.of(settings, why).write("alerts-watched", settings.named(ALERTS.name))
    console = Console(highlight=False, soft_wrap=True)
    try:
        for change in watched(settings, lambda sentence: click.echo(sentence, err=True)):
            alert = change.now or change.before
            if as_json:
                gone = {"id": alert.id, "state": None} if alert else {}
                click.echo(json_line(as_object(change.now) if change.now else gone))
            elif alert and (said := changes(change)):
                console.print(change_line(alert, ", ".join(said)))
    except KeyboardInterrupt:
        return


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
