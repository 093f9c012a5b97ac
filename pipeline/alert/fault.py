"""What is wrong with a rules file, or only odd, and where."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.alert.yaml_text import Path


@dataclass(frozen=True, slots=True)
class Fault:
    """``says`` and ``do`` quote names and keys, but never what could be a secret."""

    path: Path
    says: str
    """Completes a sentence that begins with the place."""
    do: str = ""
    """A sentence that says what to do next."""

    @property
    def place(self) -> str:
        """As one would say it: ``rules[2].when.labels``."""
        return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path).removeprefix(".")
