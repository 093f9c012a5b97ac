"""One round of fuzzing: a few thousand inputs through everything, in bounded memory and reproducible by its name."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from pipeline.classify.judge import Judge
from tests.doubles.keyword_classifier import KeywordClassifier
from tests.fuzz.inputs import inputs
from tests.fuzz.through_classify import counted, through_classify
from tests.fuzz.through_codec import through_codec
from tests.fuzz.through_ingest import through_ingest


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of inputs: (kind, end) of classify, (topic, result) of the codec, (way in, end) of ingest → how many."""

    classified: Counter[tuple[str, str]] = field(default_factory=Counter)
    decoded: Counter[tuple[str, str]] = field(default_factory=Counter)
    ingested: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.classified + other.classified,
            self.decoded + other.decoded,
            self.ingested + other.ingested,
            self.seconds + other.seconds,
        )


def fuzz_round(seed: int, number: int, size: int) -> Tally:
    """Round ``number`` of the run with ``seed``: ``size`` inputs through codec, ingest and classify.

    Every other round's producer is unsure. Raises what the product raises, or AssertionError when the books are uneven.
    """
    chance = Random(f"{seed}/{number}")
    given = list(inputs(chance, size))
    began = time.monotonic()
    judge = Judge(KeywordClassifier(activation=chance.randint(1, 1023)))
    try:
        with tempfile.TemporaryDirectory(prefix="flagpost-fuzz-") as folder:
            decoded = through_codec(given)
            ingested = asyncio.run(through_ingest(given, chance, Path(folder)))
            ends = asyncio.run(through_classify(given, chance, judge, Path(folder), unsure=number % 2 == 1))
    except Exception as error:
        error.add_note(f"once more: fuzz_round(seed={seed}, number={number}, size={size})")
        raise
    return Tally(counted(given, ends), decoded, ingested, time.monotonic() - began)


def released_model_round(seed: int, size: int, judge: Judge) -> Tally:
    """``size`` inputs through the classify stage with the real model."""
    chance = Random(f"{seed}/released")
    given = list(inputs(chance, size))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="flagpost-fuzz-") as folder:
        ends = asyncio.run(through_classify(given, chance, judge, Path(folder), unsure=False))
    return Tally(counted(given, ends), seconds=time.monotonic() - began)
