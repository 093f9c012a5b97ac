"""What is wrong, by what was seen. Pure: functions from observations to conditions, each a sentence for an operator."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from pipeline.moments import span
from pipeline.watch.condition import Condition, SystemRule
from pipeline.watch.lives import LOOK_BACK, Life, Lives
from pipeline.watch.sources import Silence
from schemas.alert import SEVERITIES, Severity

CRITICAL_LAG: Final = 5
"""Times the allowed lag from which on a lag is critical."""

NO_SIGN_SECONDS: Final = 60.0
RESTART_WINDOW: Final = dt.timedelta(minutes=10)
MOST_STARTS: Final = 3
LEAST_DEAD_LETTERS: Final = 5
BLIND_SECONDS: Final = 60.0

_MOST_TITLE: Final = 512


class Waiting(Struct, frozen=True):
    """Messages of one topic that a stage has not done: how many, and for how long the oldest waits."""

    topic: str
    messages: int
    seconds: float


def lag_conditions(waiting: Mapping[str, Sequence[Waiting]], lag_seconds: float) -> list[Condition]:
    """``waiting``: stage → what it has not done, for the stages that have ever done anything."""
    found = []
    for stage, topics in waiting.items():
        worst = max(topics, key=lambda one: one.seconds, default=None)
        if worst is None or worst.seconds <= lag_seconds:
            continue
        found.append(
            _condition(
                "system-lag",
                stage,
                "critical" if worst.seconds > CRITICAL_LAG * lag_seconds else "error",
                f"{stage} is {span(worst.seconds)} behind: {worst.messages:,} messages of [{worst.topic}] wait."
                " `flagpost status` shows its workers and what they say.",
            )
        )
    return found


def paused_conditions(lives: Lives, now: dt.datetime) -> list[Condition]:
    """Stages of which a living worker says that it is paused."""
    return [
        _condition(
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
                _condition(
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
            _condition(
                "system-restarts",
                stage,
                "critical",
                f"No {stage} worker has given a sign {since}: `flagpost worker {stage}` starts one;"
                " the log of the last one says why it ended.",
            )
        )
    return found


def dead_letter_conditions(
    dead: int, records: int, others: Mapping[str, int], dead_letter_share: float
) -> list[Condition]:
    """Of the last minutes: ``dead`` of the ``records`` that classify has done, and dead letters of ``others`` by stage."""
    found = []
    if dead >= LEAST_DEAD_LETTERS and dead >= dead_letter_share * records:
        found.append(
            _condition(
                "system-dead-letters",
                "classify",
                "error",
                f"{dead:,} of the last {records:,} posts could not be used ({dead / records:.0%}):"
                " `flagpost dead-letters list` says why.",
            )
        )
    for stage, letters in sorted(others.items()):
        found.append(
            _condition(
                "system-dead-letters",
                stage,
                "warning" if stage == "ingest" else "error",
                f"{stage} could not use {letters:,} {'message' if letters == 1 else 'messages'} of the last minutes:"
                f" `flagpost dead-letters list --stage {stage}` says why.",
            )
        )
    return found


def silent_source_conditions(silences: Iterable[Silence]) -> list[Condition]:
    """Busy sources that fell silent at a time at which they normally post."""
    return [
        _condition(
            "system-silent-source",
            silence.source,
            "warning",
            f"Nothing came from {silence.source} for {span(silence.seconds)}; normally there is a post every"
            f" {span(max(silence.gap, 1))}. Look at its feed and at what runs `flagpost ingest` for it.",
        )
        for silence in silences
    ]


def rules_conditions(problem: str | None) -> list[Condition]:
    """``problem``: what is wrong with the rules file, while older rules stay in force."""
    if problem is None:
        return []
    says = f"The rules file is wrong, and the rules before it stay in force. {problem} See `flagpost rules check`."
    return [_condition("system-rules", "rules", "error", says)]


def blind_conditions(failing_seconds: float, reason: str) -> list[Condition]:
    """``reason``: what Kafka answers to whoever watches, for so long already."""
    if failing_seconds <= BLIND_SECONDS:
        return []
    says = f"flagpost could not see for {span(failing_seconds)} whether it is well: {reason}"
    return [_condition("system-lag", "kafka", "error", says)]


def told_once(conditions: Iterable[Condition]) -> list[Condition]:
    """One condition for each rule and thing, the most severe; and none that another one explains.

    A stage that is paused, or of which no worker lives, lags: one page about it is enough.
    """
    worst: dict[tuple[str, str], Condition] = {}
    for one in conditions:
        name = one.rule, one.about
        if name not in worst or SEVERITIES.index(one.severity) < SEVERITIES.index(worst[name].severity):
            worst[name] = one
    stopped = {one.about for one in worst.values() if one.rule == "system-paused"}
    stopped |= {one.about for one in worst.values() if one.rule == "system-restarts" and one.severity == "critical"}
    return [one for one in worst.values() if not (one.rule == "system-lag" and one.about in stopped)]


def _condition(rule: SystemRule, about: str, severity: Severity, title: str) -> Condition:
    return Condition(rule=rule, about=about, severity=severity, title=title[:_MOST_TITLE])
