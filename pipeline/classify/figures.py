"""What the model makes of the stream, as Prometheus series: shares that move for no reason mean that it fits no longer."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, Info

from schemas.verdict import Verdict

NO_GRADE: Final = "none"
"""Grade of chatter, which has none."""


class Figures:
    """Counts verdicts whose end is durable. ``model`` is name@version, ``activation`` its ordinal."""

    def __init__(self, registry: CollectorRegistry, model: str, activation: int) -> None:
        Info("flagpost_model", "What judges", registry=registry).info({"model": model, "activation": str(activation)})
        self._verdicts = Counter("flagpost_verdicts", "Posts judged", ["label", "grade", "unsure"], registry=registry)
        self._probability = Histogram(
            "flagpost_label_probability",
            "Calibrated probability of the label that a post was given",
            ["label"],
            registry=registry,
            buckets=(0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1),
        )
        self._inference = Counter(
            "flagpost_inference_seconds", "Time that the model's thread was at work", registry=registry
        )

    def judged(self, verdict: Verdict) -> None:
        grade, unsure = verdict.grade or NO_GRADE, str(verdict.unsure).lower()
        self._verdicts.labels(verdict.label, grade, unsure).inc()
        self._probability.labels(verdict.label).observe(getattr(verdict.scores, verdict.label))

    def inferred(self, seconds: float) -> None:
        """May be called from any thread."""
        self._inference.inc(seconds)
