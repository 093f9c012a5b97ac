"""Serves a released model with OpenVINO on the CPU. Needs neither torch nor transformers.

Texts are judged in windows and micro-batches of like length: short beside short, so that little padding is computed. Lengths
are padded to multiples of `STEP`, and texts taken by powers of two, because OpenVINO keeps memory for every input shape that
it has seen.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from models.calibration import UNCALIBRATED
from models.classifier import Judgement, Thresholds, UnusableModel
from models.manifest import GRAPH, TOKENIZER, Manifest
from models.quiet_openvino import openvino
from schemas.labels import FLAGGED, GRADES, LABELS

MOST_TOKENS: Final = 512
"""Of a micro-batch, padding included."""
LEAST_TOKENS: Final = 128
"""Down to which a small batch is cut finer: every stream has its share of it, and less padding."""
MOST_TEXTS: Final = 32
MOST_WINDOWS: Final = 16
STEP: Final = 8
STREAMS: Final = 2
"""Micro-batches computed side by side, where there are as many threads."""
WAITING: Final = 2
"""Micro-batches that wait beside those, so that no stream stands still while the caller works on a judgement."""

_LINK: Final = re.compile(r"https?://\S+")
"""The tokenizer reads a link as one word, and points at its last character only."""


@dataclass(frozen=True, slots=True)
class Output:
    """What the graph yields for a window of a text, uncalibrated. ``shares`` (tokens, labels) leave [CLS] and [SEP] out."""

    labels: NDArray[np.float32]
    grades: NDArray[np.float32]
    holds: NDArray[np.float32]
    shares: NDArray[np.float32]
    embedding: NDArray[np.float32]
    spans: list[tuple[int, int]]


class Graph:
    """The compiled graph and its tokenizer: texts in, `Output` out. Raises `UnusableModel` when they can't be loaded.

    A text of more than ``max_tokens`` tokens is cut into windows of so many, a quarter of which overlap. Of more than
    `MOST_WINDOWS` the first and the last are read: enough for any text of words, and a bound for what is none.
    """

    def __init__(self, folder: Path, max_tokens: int, threads: int = 0) -> None:
        settings: dict[str, Any] = {
            "PERFORMANCE_HINT": "THROUGHPUT",
            "NUM_STREAMS": STREAMS if threads != 1 else 1,
            # Where a processor has bfloat16, OpenVINO would compute in it what is not quantised, and judge otherwise.
            "INFERENCE_PRECISION_HINT": "f32",
            # Two workers on one machine would share one core, and a stream would wait for its core beside an idle one.
            "ENABLE_CPU_PINNING": False,
        }
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            self._compiled = openvino.Core().compile_model(folder / GRAPH, "CPU", settings)
        except Exception as error:  # both raise bare Exception or RuntimeError
            raise UnusableModel(f"The model in {folder} can't be loaded: {str(error).splitlines()[0]}.") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens, stride=max_tokens // 4)
        self._tokenizer.encode_special_tokens = True
        self._requests = [self._compiled.create_infer_request() for _ in range(STREAMS + WAITING)]

    def run(self, texts: Sequence[str]) -> list[list[Output]]:
        """The outputs of each text's windows, texts and windows in order. Every text has at least one window."""
        by_text = dict(self.run_as_ready(texts))
        return [by_text[text] for text in range(len(texts))]

    def run_as_ready(self, texts: Sequence[str]) -> Iterator[tuple[int, list[Output]]]:
        """Position of a text and the outputs of its windows, as soon as they are there: long texts first.

        The rest is computed while the caller works on them. To be exhausted before the next call.
        """
        windows = [
            (text, window)
            for text, encoding in enumerate(self._tokenizer.encode_batch(list(texts)))
            for window in _windows(encoding)
        ]
        number = Counter(text for text, _ in windows)
        found: dict[int, dict[int, Output]] = {text: {} for text in number}  # text → its windows, by position
        for positions, tensors in self._computed([window for _, window in windows]):
            for row, position in enumerate(positions):
                text, window = windows[position]
                found[text][position] = _output(texts[text], window, [tensor[row] for tensor in tensors])
                if len(found[text]) == number[text]:
                    yield text, [output for _, output in sorted(found.pop(text).items())]

    def _computed(self, windows: Sequence[Encoding]) -> Iterator[tuple[list[int], list[NDArray[np.float32]]]]:
        """Positions of a micro-batch's windows and the graph's outputs for them.

        The results are waited for in the order of the requests: a callback in a thread of OpenVINO would wait for Python's
        lock, and its stream with it.
        """
        idle = list(self._requests)
        running: deque[tuple[list[int], openvino.InferRequest]] = deque()

        def first() -> tuple[list[int], list[NDArray[np.float32]]]:
            positions, request = running.popleft()
            request.wait()
            idle.append(request)
            return positions, [request.get_output_tensor(index).data.copy() for index in range(5)]

        try:
            for positions in micro_batches([len(window.ids) for window in windows]):
                done = None if idle else first()
                request = idle.pop()
                request.start_async(_inputs([windows[position] for position in positions]))
                running.append((positions, request))
                if done:
                    yield done
            while running:
                yield first()
        finally:
            for _, request in running:  # whatever the caller raised: the next call finds them idle
                request.wait()


def _output(text: str, window: Encoding, rows: list[NDArray[np.float32]]) -> Output:
    """``rows``: the graph's outputs of this window."""
    labels, grades, holds, shares, embedding = rows
    inner = slice(1, len(window.ids) - 1)
    return Output(labels, grades, holds, shares[inner], embedding, whole_links(text, window.offsets[inner]))


class OpenVinoClassifier:
    """The `models.classifier.Classifier` that ships."""

    def __init__(self, folder: Path, manifest: Manifest, threads: int = 0) -> None:
        self.model: str = manifest.model
        self.activation: int = manifest.activation.ordinal
        self.thresholds: Thresholds = manifest.thresholds
        self.bias: tuple[float, ...] = tuple(manifest.bias)
        self.graph = Graph(folder, manifest.max_tokens, threads)
        self._calibration = manifest.calibration

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        """See `models.classifier.Classifier.judge`."""
        by_text = dict(self.judge_as_ready(texts))
        return [by_text[text] for text in range(len(texts))]

    def judge_as_ready(self, texts: Sequence[str]) -> Iterator[tuple[int, Judgement]]:
        """See `models.classifier.Classifier.judge_as_ready`."""
        for text, windows in self.graph.run_as_ready(texts):
            yield text, self._judgement(together(windows))

    def _judgement(self, output: Output) -> Judgement:
        return Judgement(
            scores=dict(zip(LABELS, self._calibration.of_labels(output.labels).tolist(), strict=True)),
            grades=dict(zip(GRADES, self._calibration.of_grades(output.grades).tolist(), strict=True)),
            holds=dict(zip(FLAGGED, self._calibration.of_holds(output.holds).tolist(), strict=True)),
            shares=output.shares,
            spans=output.spans,
        )


def together(windows: Sequence[Output]) -> Output:
    """What a text's windows say as one.

    Labels, shares and embedding are those of the window least likely to be chatter, the grades those of the one most likely
    immediate; and a text holds what any window holds. They are compared before calibration, so that calibration can be
    fitted to what comes out.
    """
    if len(windows) == 1:
        return windows[0]
    chatter = UNCALIBRATED.of_labels(np.stack([one.labels for one in windows]))[:, LABELS.index("chatter")]
    immediate = UNCALIBRATED.of_grades(np.stack([one.grades for one in windows]))[:, GRADES.index("immediate")]
    return replace(
        windows[int(chatter.argmin())],
        grades=windows[int(immediate.argmax())].grades,
        holds=np.stack([one.holds for one in windows]).max(axis=0),
    )


def _windows(encoding: Encoding) -> list[Encoding]:
    windows = [encoding, *encoding.overflowing]
    return windows if len(windows) <= MOST_WINDOWS else [*windows[: MOST_WINDOWS - 1], windows[-1]]


def micro_batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Positions of texts of like length, longest first, at most `MOST_TEXTS` or `MOST_TOKENS` at a time, but always one.

    Of few tokens, not more at a time than leaves two micro-batches for each stream. Always a power of two of texts: with
    any number of them there would be three times as many shapes, each with memory of its own.
    """
    most = max(LEAST_TOKENS, min(MOST_TOKENS, sum(lengths) // (2 * STREAMS)))
    order = sorted(range(len(lengths)), key=lambda position: -lengths[position])
    while order:
        most_texts = max(1, min(MOST_TEXTS, most // padded(lengths[order[0]]), len(order)))
        size = 1 << (most_texts.bit_length() - 1)
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
