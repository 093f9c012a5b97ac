"""What a benchmark yields: figures with their spread, and the refusal of a run whose books don't balance."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct


class Unbalanced(Exception):
    """Something was lost, doubled or changed on the way: how fast that went is not worth telling."""

    def __init__(self, what: str, differences: Sequence[str]) -> None:
        shown = "; ".join(differences[:3])
        super().__init__(f"{what}: {len(differences)} differences, {shown}")


class Target(Struct, frozen=True):
    """What a figure's median should reach."""

    bound: float
    kind: Literal["least", "most"] = "least"

    def met(self, value: float) -> bool:
        return value >= self.bound if self.kind == "least" else value <= self.bound


class Figure(Struct, frozen=True, kw_only=True):
    """One figure with the value of every round."""

    benchmark: str
    name: str
    unit: str
    rounds: list[float]
    target: Target | None = None
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        return self.target.met(self.median) if self.target else None

    def as_dict(self) -> dict[str, object]:
        target = {"target": self.target.bound, "target_is": self.target.kind, "met": self.met} if self.target else {}
        return {
            "benchmark": self.benchmark,
            "name": self.name,
            "unit": self.unit,
            "median": self.median,
            "least": min(self.rounds),
            "most": max(self.rounds),
            "rounds": self.rounds,
            **target,
            **({"note": self.note} if self.note else {}),
        }
