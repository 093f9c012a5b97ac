"""How long the messages wait that stages have not done: in seconds, since a number of messages says nothing by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from pipeline.alert.rules import SystemRules
from pipeline.lag import READERS, Offsets, group_of, lag_of
from pipeline.offsets import oldest
from pipeline.watch.ages import EndHistory, first_undone
from pipeline.watch.condition import Condition
from pipeline.watch.conditions import Waiting, lag_conditions
from pipeline.watch.connections import Connections
from pipeline.watch.part import At
from schemas.topics import Topic


class LagWatch:
    """Watches every stage of `READERS` that has ever committed anything: a stage that nobody uses has no lag."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._histories: dict[tuple[str, int], EndHistory] = defaultdict(EndHistory)
        self._waiting: dict[str, list[Waiting]] = {}

    @property
    def ran(self) -> Sequence[str]:
        """The stages that have done something before, as far as Kafka remembers."""
        return list(self._waiting)

    def ask(self, at: At, limits: SystemRules) -> None:
        named = self._connections.settings.named
        reader = self._connections.offsets()
        committed = reader.committed([named(group_of(stage)) for stage in READERS])
        ran = {stage: topics for stage, topics in READERS.items() if committed[named(group_of(stage))]}
        offsets = reader.offsets(sorted({named(topic.name) for topics in ran.values() for topic in topics}))
        for name, found in offsets.items():
            for number, end in found.end.items():
                self._histories[name, number].saw(end, at.seconds)
        waiting = {}
        for stage, topics in ran.items():
            done = committed[named(group_of(stage))]
            waiting[stage] = [
                self._waits(topic, offsets[name], done.get(name, {}), at, limits.lag_seconds)
                for topic in topics
                if (name := named(topic.name)) in offsets
            ]
        self._waiting = waiting

    def conditions(self, at: At, limits: SystemRules) -> list[Condition]:
        return lag_conditions(self._waiting, limits.lag_seconds)

    def _waits(
        self, topic: Topic, offsets: Offsets, committed: Mapping[int, int], at: At, lag_seconds: float
    ) -> Waiting:
        name = self._connections.settings.named(topic.name)
        undone = first_undone(offsets, committed)
        bounds = {number: self._histories[name, number].bounds(offset, at.seconds) for number, offset in undone.items()}
        # What can't be old is not looked at: in good times no record is read at all.
        doubtful = {
            number: (undone[number], offsets.end[number])
            for number, bound in bounds.items()
            if bound.most > lag_seconds
        }
        made = oldest(self._connections.reader(topic), doubtful) if doubtful else {}
        ages = [bounds[number].age((at.now - moment).total_seconds()) for number, moment in made.items()]
        messages = lag_of(offsets, committed)
        return Waiting(topic.name, messages, max(ages, default=0.0))
