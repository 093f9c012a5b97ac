"""Serves a released model with OpenVINO on the CPU. Needs neither torch nor transformers.

Texts are judged in micro-batches of like length: short beside short, so that little padding is computed. Lengths are padded
to multiples of `STEP`, because OpenVINO keeps memory for every input shape that it has seen.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import openvino
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from models.calibration import probabilities
from models.classifier import Judgement, Thresholds, UnusableModel
from models.manifest import GRAPH, TOKENIZER, Manifest
from schemas.labels import GRADES, LABELS

MOST_TOKENS: Final = 512
"""Of a micro-batch, padding included."""
MOST_TEXTS: Final = 32
STEP: Final = 8
STREAMS: Final = 2
"""Micro-batches computed side by side, where there are as many threads."""

_LINK: Final = re.compile(r"https?://\S+")
"""The tokenizer reads a link as one word, and points at its last character only."""


@dataclass(frozen=True, slots=True)
class Output:
    """What the graph yields for one text, uncalibrated. ``shares`` is (tokens, labels), [CLS] and [SEP] left out."""

    labels: NDArray[np.float32]
    grades: NDArray[np.float32]
    shares: NDArray[np.float32]
    embedding: NDArray[np.float32]
    spans: list[tuple[int, int]]


class Graph:
    """The compiled graph and its tokenizer: texts in, `Output` out. Raises `UnusableModel` when they can't be loaded."""

    def __init__(self, folder: Path, max_tokens: int, threads: int = 0) -> None:
        settings: dict[str, Any] = {"PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": STREAMS if threads != 1 else 1}
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            self._compiled = openvino.Core().compile_model(folder / GRAPH, "CPU", settings)
        except Exception as error:  # both raise bare Exception or RuntimeError
            raise UnusableModel(f"The model in {folder} can't be loaded: {str(error).splitlines()[0]}.") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.encode_special_tokens = True
        self._queue = openvino.AsyncInferQueue(self._compiled)

    def run(self, texts: Sequence[str]) -> list[Output]:
        """One output for each text, in order. A text beyond the model's length is represented by its head."""
        encodings = self._tokenizer.encode_batch(list(texts))
        outputs: list[Output | None] = [None] * len(texts)

        def keep(request: openvino.InferRequest, positions: list[int]) -> None:
            labels, grades, shares, embedding = (request.get_output_tensor(index).data.copy() for index in range(4))
            for row, position in enumerate(positions):
                encoding = encodings[position]
                inner = slice(1, len(encoding.ids) - 1)
                spans = whole_links(texts[position], encoding.offsets[inner])
                outputs[position] = Output(labels[row], grades[row], shares[row, inner], embedding[row], spans)

        self._queue.set_callback(keep)
        for positions in micro_batches([len(encoding.ids) for encoding in encodings]):
            self._queue.start_async(_inputs([encodings[position] for position in positions]), positions)
        self._queue.wait_all()
        return [output for output in outputs if output is not None]


class OpenVinoClassifier:
    """The `models.classifier.Classifier` that ships."""

    def __init__(self, folder: Path, manifest: Manifest, threads: int = 0) -> None:
        self.model: str = manifest.model
        self.activation: int = manifest.activation.ordinal
        self.activated_at: dt.datetime = manifest.activation.at
        self.thresholds: Thresholds = manifest.thresholds
        self.bias: tuple[float, ...] = tuple(manifest.bias)
        self.graph = Graph(folder, manifest.max_tokens, threads)
        self._temperatures = manifest.temperatures

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        """See `models.classifier.Classifier.judge`."""
        return [self._judgement(output) for output in self.graph.run(texts)]

    def _judgement(self, output: Output) -> Judgement:
        scores = probabilities(output.labels, self._temperatures.labels).tolist()
        grades = probabilities(output.grades, self._temperatures.grades).tolist()
        return Judgement(
            scores=dict(zip(LABELS, scores, strict=True)),
            grades=dict(zip(GRADES, grades, strict=True)),
            shares=output.shares,
            spans=output.spans,
        )


def micro_batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Positions of texts of like length, longest first, at most `MOST_TEXTS` or `MOST_TOKENS` at a time, but always one."""
    order = sorted(range(len(lengths)), key=lambda position: -lengths[position])
    while order:
        size = max(1, min(MOST_TEXTS, MOST_TOKENS // padded(lengths[order[0]])))
        yield order[:size]
        order = order[size:]


def padded(length: int) -> int:
    """The next multiple of `STEP`."""
    return -(-length // STEP) * STEP


def whole_links(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """``spans``, those inside a link of ``text`` widened to all of it."""
    if "http" not in text:
        return list(spans)
    links = [match.span() for match in _LINK.finditer(text)]
    return [next((link for link in links if link[0] <= span[0] < link[1]), span) for span in spans]


def _inputs(encodings: Sequence[Encoding]) -> dict[str, NDArray[np.int64]]:
    width = padded(max(len(encoding.ids) for encoding in encodings))
    ids = np.zeros((len(encodings), width), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding.ids)] = encoding.ids
        mask[row, : len(encoding.ids)] = 1
    return {"input_ids": ids, "attention_mask": mask}
