"""When the model that runs now took over from another one: records from before may have been judged differently.

The answer travels in `[outcomes]` itself. A worker reads the last record of each partition there: a worker before it that
ran the same model wrote down what it knew, and otherwise the other model's reign ends now.
"""

from __future__ import annotations

import datetime as dt

from pipeline.settings import Settings
from pipeline.topic_reader import TopicReader
from schemas import codec
from schemas.outcome import Outcomes
from schemas.topics import OUTCOMES


def took_over_at(settings: Settings, model: str, activation: int, now: dt.datetime) -> dt.datetime | None:
    """None where no other model was here before. Blocks. Raises `NotSetUp`, `KafkaUnavailable` or `AccessRefused`."""
    with TopicReader(settings, OUTCOMES) as reader:
        last = {number: (end - 1, end) for number, (begin, end) in reader.bounds().items() if begin < end}
        told = [codec.decode(OUTCOMES, one.value) for one in reader.records(last)]
    return latest_takeover(told, model, activation, now)


def latest_takeover(last: list[Outcomes], model: str, activation: int, now: dt.datetime) -> dt.datetime | None:
    """`took_over_at`, from the last outcomes that were told of any partition."""
    if not last:
        return None
    known = [one.took_over_at for one in last if (one.model, one.activation) == (model, activation)]
    if not known:
        return now
    times = [one for one in known if one is not None]
    return min(times) if len(times) == len(known) else None
