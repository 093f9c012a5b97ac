"""The four labels and three grades. What they mean is written in models/corpus/LABELS.md."""

from __future__ import annotations

from typing import Final, Literal

Label = Literal["intel", "help_request", "complaint", "chatter"]
Flagged = Literal["intel", "help_request", "complaint"]
Grade = Literal["immediate", "prompt", "routine"]

LABELS: Final[tuple[Label, ...]] = ("intel", "help_request", "complaint", "chatter")
"""The order of the model's outputs, too."""

FLAGGED: Final[tuple[Flagged, ...]] = ("intel", "help_request", "complaint")
"""The labels that reach a person; a post that is none of them is chatter."""

GRADES: Final[tuple[Grade, ...]] = ("immediate", "prompt", "routine")
"""Most urgent first."""
