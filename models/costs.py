"""What mistakes cost and what a real stream is like: the numbers of costs.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

Cost = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(gt=0, lt=1)]


class Costs(Struct, frozen=True, forbid_unknown_fields=True):
    """See costs.toml."""

    missed_flag: Cost
    missed_immediate: Cost
    chatter_in_life: Share
    most_unsure: Share
    most_false_immediate: Share


COSTS: Final = msgspec.toml.decode(Path(__file__).with_name("costs.toml").read_bytes(), type=Costs)
