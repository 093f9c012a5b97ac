"""What is wrong, by what was seen. Pure: functions from observations to conditions, each a sentence for an operator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from pipeline.moments import span
from pipeline.watch.condition import Condition
from pipeline.watch.sources import Silence
from schemas.alert import SEVERITIES

CRITICAL_LAG: Final = 5
"""Times the allowed lag from which on a lag is critical."""

LEAST_DEAD_LETTERS: Final = 5
BLIND_SECONDS: Final = 60.0


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
            Condition.of(
                "system-lag",
                stage,
                "critical" if worst.seconds > CRITICAL_LAG * lag_seconds else "error",
                f"{stage} is {span(worst.seconds)} behind: {worst.messages:,} messages of [{worst.topic}] wait."
                " `flagpost status` shows its workers and what they say.",
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
            Condition.of(
                "system-dead-letters",
                "classify",
                "error",
                f"{dead:,} of the last {records:,} posts could not be used ({dead / records:.0%}):"
                " `flagpost dead-letters list` says why.",
            )
        )
    for stage, letters in sorted(others.items()):
        found.append(
            Condition.of(
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
        Condition.of(
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
    return [Condition.of("system-rules", "rules", "error", says)]


def blind_conditions(failing_seconds: float, reason: str) -> list[Condition]:
    """``reason``: what Kafka answers to whoever watches, for so long already."""
    if failing_seconds <= BLIND_SECONDS:
        return []
    says = f"flagpost could not see for {span(failing_seconds)} whether it is well: {reason}"
    return [Condition.of("system-lag", "kafka", "error", says)]


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
