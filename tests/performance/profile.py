"""Where the microseconds of the classify process go: each step of the stage alone, in this process, on the same batches.

CPU time of all threads, so that the network's two threads count as what they cost. Whatever holds other steps runs with the
network's answers as recorded before, or its noise would drown them. What Kafka's clients and Faust cost on top is in
`tests.performance.throughput`: the CPU time of the event loop's threads in the real worker.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.classifier import Judgement
from models.language import other_language
from models.openvino_classifier import OpenVinoClassifier, Output, together
from models.prepare import Prepared, prepare
from pipeline.classify.decide import decide
from pipeline.classify.judge import Judge
from pipeline.classify.stage import ClassifyStage
from pipeline.delivery import Delivery
from pipeline.journal import CrashJournal
from pipeline.message import Message, Outgoing
from pipeline.metrics import StageMetrics
from pipeline.pause import PoisonGuard
from pipeline.settings import Settings
from schemas import codec
from schemas.identity import version_of
from schemas.item import Item
from schemas.post import Post
from tests.performance.measure import Figure
from tests.performance.rig import Rig
from tests.performance.sizes import Sizes
from tests.performance.workload import Sample, draw

NAME = "profile"
NOW = dt.datetime(2026, 8, 15, 12, tzinfo=dt.UTC)


class _Nowhere:
    """A producer that acknowledges at once."""

    async def send(self, record: Outgoing) -> Awaitable[None]:
        return asyncio.sleep(0)


class _Recorded:
    """The classifier, with the answers that it gave before."""

    def __init__(self, classifier: OpenVinoClassifier) -> None:
        self.model, self.activation, self.thresholds = classifier.model, classifier.activation, classifier.thresholds
        self.answers: dict[str, Judgement] = {}

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        return [self.answers[text] for text in texts]

    def judge_as_ready(self, texts: Sequence[str]) -> Iterator[tuple[int, Judgement]]:
        yield from enumerate(self.judge(texts))


@dataclass
class _Batch:
    """A batch and what each step before has made of it."""

    messages: list[Message]
    prepared: list[Prepared]
    windows: list[list[Output]]
    judgements: list[Judgement]
    languages: list[str | None]
    items: list[Item]

    @property
    def texts(self) -> list[str]:
        return [one.text for one in self.prepared]


def profile(_rig: Rig, sizes: Sizes) -> list[Figure]:
    """CPU microseconds a post of every step; steps that hold others are told as what they add."""
    settings = Settings()
    judge = Judge.load(settings, explain_chatter=False)
    classifier = judge.classifier
    assert isinstance(classifier, OpenVinoClassifier)
    graph = classifier.graph
    batches = _batches(draw(sizes.profile, seed=20), settings.classify_batch, classifier)
    recorded = _Recorded(classifier)
    for batch in batches:
        recorded.answers |= zip(batch.texts, batch.judgements, strict=True)

    def stage() -> ClassifyStage:
        return ClassifyStage(Judge(recorded, explain_chatter=False), _Nowhere(), settings.chatter_sample)

    steps: dict[str, Callable[[_Batch], object]] = {
        "decode": lambda batch: [codec.decode_post(one.value, one.timestamp) for one in batch.messages],
        "prepare": lambda batch: [prepare(one.original) for one in batch.prepared],
        "tokens": lambda batch: graph._tokenizer.encode_batch(batch.texts),
        "network": lambda batch: graph.run(batch.texts),
        "calibrate": lambda batch: [classifier._judgement(together(windows)) for windows in batch.windows],
        "language": lambda batch: [other_language(text) for text in batch.texts],
        "decide": lambda batch: [
            decide(judgement, one, classifier, language)
            for judgement, one, language in zip(batch.judgements, batch.prepared, batch.languages, strict=True)
        ],
        "encode": lambda batch: [(version_of(item), codec.encode(item)) for item in batch.items],
        "stage": lambda batch: asyncio.run(_through(stage(), batch.messages)),
    }
    for step in steps.values():  # every length of text once, uncounted
        for batch in batches:
            step(batch)
    found: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        steps["delivery"] = lambda batch: asyncio.run(_delivery(stage(), Path(folder)).deliver(batch.messages))
        for _ in range(sizes.rounds):
            whole = {name: _cost(step, batches) for name, step in steps.items()}
            for name, microseconds in _parts(whole).items():
                found[name].append(microseconds)
    return [
        Figure(benchmark=NAME, name=name, unit="CPU µs/post", rounds=values, note=_NOTES.get(name, ""))
        for name, values in found.items()
    ]


def _parts(whole: dict[str, float]) -> dict[str, float]:
    """What each step adds to those that it holds."""
    parts = {name: whole[name] for name in ("decode", "prepare", "tokens")}
    parts["network"] = whole["network"] - whole["tokens"]
    parts |= {name: whole[name] for name in ("calibrate", "language", "decide", "encode")}
    inside = ("decode", "prepare", "language", "decide", "encode")
    parts["outcomes"] = whole["stage"] - sum(whole[name] for name in inside)
    parts["delivery"] = whole["delivery"] - whole["stage"]
    return {**parts, "all": sum(parts.values())}


_NOTES = {
    "network": "the graph, and what brings its outputs into Python",
    "decide": "verdict and reasons",
    "outcomes": "routing, items and outcomes: the rest of the stage",
    "delivery": "journal, metrics, poison guard",
    "all": "without Faust and Kafka's clients",
}


def _cost(step: Callable[[_Batch], object], batches: Sequence[_Batch]) -> float:
    """CPU microseconds a post, all threads."""
    begin = time.process_time()
    for batch in batches:
        step(batch)
    return 1e6 * (time.process_time() - begin) / sum(len(batch.messages) for batch in batches)


def _batches(posts: Sequence[Sample], size: int, classifier: OpenVinoClassifier) -> list[_Batch]:
    batches = []
    for start in range(0, len(posts), size):
        messages = [_message(post, start + place) for place, post in enumerate(posts[start : start + size])]
        decoded = [codec.decode_post(one.value, one.timestamp) for one in messages]
        records = [record for record in decoded if isinstance(record, Post)]
        prepared = [prepare(record.text) for record in records]
        texts = [one.text for one in prepared]
        windows = classifier.graph.run(texts)
        judgements = [classifier._judgement(together(one)) for one in windows]
        languages = [other_language(text) for text in texts]
        verdicts = [
            decide(judgement, one, classifier, language)
            for judgement, one, language in zip(judgements, prepared, languages, strict=True)
        ]
        items = [
            Item(post=record, verdict=verdict, judged_at=NOW)
            for record, verdict in zip(records, verdicts, strict=True)
            if verdict.label != "chatter"
        ]
        batches.append(_Batch(messages, prepared, windows, judgements, languages, items))
    return batches


def _message(post: Sample, offset: int) -> Message:
    body = {"type": "post", "source": "x", "id": post.id, "text": post.text, "created_at": "2026-08-15T10:00:00Z"}
    value = json.dumps({**body, **post.fields}).encode()
    return Message("posts", offset % 6, offset, f"x:{post.id}".encode(), value, NOW)


async def _through(stage: ClassifyStage, messages: Sequence[Message]) -> None:
    ends = await stage.handle(messages)
    await stage.settle(list(zip(messages, ends, strict=True)))  # type: ignore[arg-type]  # all are Done


def _delivery(stage: ClassifyStage, folder: Path) -> Delivery:
    journal = CrashJournal(folder / "journal.json")
    return Delivery(stage, _Nowhere(), journal, PoisonGuard(folder / "paused"), StageMetrics("classify"))
