"""Texts → verdicts with the released model: prepare, infer in a thread, decide."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from models.classifier import Classifier, UnusableModel, load
from models.language import load_identifier, other_language
from models.prepare import prepare
from models.verification import require_sane
from pipeline.classify.decide import decide
from pipeline.errors import ModelRefused
from pipeline.settings import Settings
from schemas.verdict import Verdict


class Judge:
    """Gives verdicts on texts. Inference runs in one thread of its own, so that the event loop stays free."""

    def __init__(self, classifier: Classifier, explain_chatter: bool = True) -> None:
        """Without ``explain_chatter`` only what is flagged gets reasons: most posts are chatter, and nobody asks why."""
        self.classifier = classifier
        self._explain_chatter = explain_chatter
        self.inferred: Callable[[float], None] = lambda _seconds: None
        """Told how many seconds each `verdicts` took, in the thread that it ran in."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inference")

    @classmethod
    def load(cls, settings: Settings, explain_chatter: bool = True) -> Judge:
        """The released model of the settings, with all that a verdict needs. Raises `ModelRefused`."""
        try:
            classifier = load(settings.model, settings.inference_threads)
            require_sane(classifier, settings.model)
        except UnusableModel as error:
            raise ModelRefused(
                str(error),
                "Restore models/released/ from version control, or point FLAGPOST_MODEL at a released model.",
            ) from None
        try:
            load_identifier()  # now, not at the first foreign post: a worker that can't is to say so before it takes any
        except OSError as error:
            raise ModelRefused(
                f"What tells languages apart can't be unpacked in {tempfile.gettempdir()} ({error.strerror}).",
                "It takes 70 MB there for a moment: make room, or name another folder in TMPDIR.",
            ) from None
        return cls(classifier, explain_chatter)

    def verdicts(self, texts: Sequence[str]) -> list[Verdict]:
        """One verdict for each text, in order. Blocks. Raises ValueError when the model yields no number."""
        begun = time.perf_counter()
        prepared = [prepare(text) for text in texts]
        verdicts: dict[int, Verdict] = {}
        for position, judgement in self.classifier.judge_as_ready([one.text for one in prepared]):
            one = prepared[position]
            language = other_language(one.text)
            verdicts[position] = decide(judgement, one, self.classifier, language, self._explain_chatter)
        self.inferred(time.perf_counter() - begun)
        return [verdicts[position] for position in range(len(texts))]

    async def verdicts_async(self, texts: Sequence[str]) -> list[Verdict]:
        """`verdicts`, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.verdicts, texts)
