"""The model alone: as it ships, in this process, on texts that are already cleaned."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from models.prepare import prepare
from pipeline.classify.judge import Judge
from pipeline.settings import Settings


@dataclass(frozen=True)
class Speed:
    """``cpu`` are CPU seconds of all threads."""

    posts: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.posts / self.seconds


class ModelAlone:
    """Loaded once; the first batches, in which OpenVINO prepares for each length of text, are not counted."""

    def __init__(self, warm_up: Sequence[str]) -> None:
        settings = Settings()
        self._batch = settings.classify_batch
        self._classifier = Judge.load(settings).classifier
        self.speed(warm_up)

    def speed(self, texts: Sequence[str]) -> Speed:
        """Judges ``texts`` in the batches of the classify worker: tokens, network, calibration, and nothing else."""
        cleaned = [prepare(text).text for text in texts]
        begin, cpu = time.perf_counter(), time.process_time()
        for start in range(0, len(cleaned), self._batch):
            self._classifier.judge(cleaned[start : start + self._batch])
        return Speed(len(texts), time.perf_counter() - begin, time.process_time() - cpu)
