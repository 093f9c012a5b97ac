"""How each worker is, as it says itself every few seconds: `[workers]` tells every machine of every other's."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from schemas.fields import Moment, Short

WorkerState = Literal["starting", "running", "retrying", "paused", "stalled", "ended"]
"""``ended`` is said once, at a clean end; a worker that is killed says nothing any more."""


class WorkerReport(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="worker"):
    """One sign of life. Its record's timestamp is the brokers': compared with ``at`` it tells how wrong a clock is."""

    stage: Short
    host: Annotated[Short, Meta(description="Name of the machine or pod")]
    pid: Annotated[int, Meta(ge=0, description="Process on that machine")]
    started_at: Annotated[Moment, Meta(description="By the machine's clock; tells one life of a pid from the next")]
    at: Annotated[Moment, Meta(description="By the machine's clock")]
    state: WorkerState
    version: Annotated[Short, Meta(description="Of flagpost")]
    detail: Annotated[Short, Meta(description="Why it is in that state; never the text of a post")] = ""
    lag: Annotated[int | None, Meta(description="Messages of its partitions that are not done; none: not known")] = None
    model: Annotated[Short | None, Meta(description="name@version that judges, where one does")] = None

    @property
    def key(self) -> str:
        return f"{self.stage}/{self.host}/{self.pid}"
