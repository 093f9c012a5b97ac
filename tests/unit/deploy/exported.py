"""What a Prometheus finds at flagpost's workers: read off real pages of /metrics, after each thing has happened once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.classify.judge import Judge
from pipeline.classify.stage import ClassifyStage
from pipeline.metrics import StageMetrics
from pipeline.result import DeadLetter, Done
from pipeline.supervisor import STAGES
from tests.doubles.keyword_classifier import KeywordClassifier
from tests.doubles.recording_producer import RecordingProducer
from tests.messages import message, post

TARGET: Final = frozenset({"job", "instance", "component"})
"""Labels that Prometheus gives to every series of a worker, by its own configuration."""

OF_PROMETHEUS: Final = {"up": frozenset[str](), "ALERTS": frozenset({"alertname", "alertstate", "severity"})}


async def exported() -> Mapping[str, frozenset[str]]:
    """Series → its labels, those that Prometheus adds too."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for stage in STAGES:
        metrics = StageMetrics(stage)
        if stage == "classify":
            await _classify(metrics)
        metrics.batch_begun()
        metrics.retrying("Kafka is away")
        metrics.ended(Done("indexed"), dt.timedelta(seconds=1))
        metrics.ended(DeadLetter("not_json"), dt.timedelta(seconds=1))
        metrics.batch_done()
        metrics.lag(3)
        metrics.paused("most could not be used")
        metrics.page("pager", "delivered")
        metrics.heartbeat(dt.datetime.now(dt.UTC))
        for family in text_string_to_metric_families(generate_latest(metrics.registry).decode()):
            for sample in family.samples:
                found[sample.name] |= sample.labels.keys()
    return {name: frozenset(labels) | TARGET for name, labels in (*found.items(), *OF_PROMETHEUS.items())}


async def _classify(metrics: StageMetrics) -> None:
    stage = ClassifyStage(Judge(KeywordClassifier()), RecordingProducer())
    stage.measure(metrics)
    one = message(post(text="lads dealing by the pier"))
    await stage.handle([one])
    await stage.settle([(one, Done("flagged"))])
