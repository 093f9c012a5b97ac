"""What is wrong with workers and their machines, by what they say of themselves. Pure; see conditions.py for the rest."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from typing import Final

from pipeline.moments import span
from pipeline.watch.condition import Condition
from pipeline.watch.lives import LOOK_BACK, SIGNS_OF_A_CLOCK, Life, Lives

NO_SIGN_SECONDS: Final = 60.0
RESTART_WINDOW: Final = dt.timedelta(minutes=10)
MOST_STARTS: Final = 3
CLOCK_WRONG: Final = dt.timedelta(minutes=1)
CLOCK_VERY_WRONG: Final = dt.timedelta(hours=1)


def paused_conditions(lives: Lives, now: dt.datetime) -> list[Condition]:
    """Stages of which a living worker says that it is paused."""
    return [
        Condition.of(
            "system-paused",
            life.report.stage,
            "critical",
            f"{life.report.stage} is paused on {life.report.host}: {life.report.detail or 'nobody said why'}."
            f" See `flagpost dead-letters list`, then `flagpost worker resume {life.report.stage}` there.",
        )
        for life in lives
        if life.alive(now) and life.report.state == "paused"
    ]


def restart_conditions(lives: Lives, now: dt.datetime) -> list[Condition]:
    """Stages whose workers on one host were started `MOST_STARTS` times within `RESTART_WINDOW`.

    What ended as it was asked to doesn't count, and of several that live side by side only one does: a release or a start
    of many workers is no storm.
    """
    begun: dict[tuple[str, str], list[Life]] = defaultdict(list)
    for life in lives:
        if now - life.first_at <= RESTART_WINDOW and life.report.state != "ended":
            begun[life.report.stage, life.report.host].append(life)
    found = []
    for (stage, host), started in begun.items():
        beside = max(sum(life.alive(now) for life in started) - 1, 0)
        if (starts := len(started) - beside) >= MOST_STARTS:
            found.append(
                Condition.of(
                    "system-restarts",
                    stage,
                    "error",
                    f"{stage} was started {starts} times within {span(RESTART_WINDOW.total_seconds())} on {host}:"
                    " its log there says why it ends.",
                )
            )
    return found


def unseen_conditions(
    lives: Lives, ran: Collection[str], now: dt.datetime, looked_since: dt.datetime, mine: str | None = None
) -> list[Condition]:
    """Stages that have done work before and of which no worker has given a sign for `NO_SIGN_SECONDS`.

    Nobody is missed sooner than that after signs came again at all: then Kafka or everything was away, and comes back in
    some order. Where there has never been a sign, ``looked_since`` counts. ``mine`` is the stage that asks: it lives.
    """
    resumed_at = lives.resumed_at() or looked_since
    found = []
    for stage in ran:
        last = lives.last_sign(stage)
        missed = now - max(last or resumed_at, resumed_at)
        if stage == mine or missed.total_seconds() <= NO_SIGN_SECONDS:
            continue
        since = (
            f"for {span((now - last).total_seconds())}" if last else f"for {span(LOOK_BACK.total_seconds())} or more"
        )
        found.append(
            Condition.of(
                "system-restarts",
                stage,
                "critical",
                f"No {stage} worker has given a sign {since}: `flagpost worker {stage}` starts one;"
                " the log of the last one says why it ended.",
            )
        )
    return found


def clock_conditions(lives: Lives, now: dt.datetime) -> list[Condition]:
    """Machines whose clock is wrong by what their living workers say, and the brokers' stamps on it."""
    found = []
    for life in lives:
        lead = max(life.leads)
        wrong = lead > CLOCK_WRONG or (lead < -CLOCK_WRONG and len(life.leads) == SIGNS_OF_A_CLOCK)
        if wrong and life.alive(now):
            found.append(
                Condition.of(
                    "system-clock",
                    life.report.host,
                    "critical" if abs(lead) > CLOCK_VERY_WRONG else "error",
                    f"The clock of {life.report.host} is {span(abs(lead).total_seconds())}"
                    f" {'ahead of' if lead > dt.timedelta() else 'behind'} Kafka's. What is over, what waits and how"
                    " long links hold go by it: set whichever is wrong.",
                )
            )
    return found
