"""Bounded field types that several records share."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from msgspec import Meta

# (?![\s\S]) is the end of the text in Python and in JSON Schema alike; Python's $ would let a newline follow.
Source = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}(?![\s\S])",
        description="Name of the network or feed, lower case: x, bluesky, mastodon, webform …",
    ),
]

PostId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=256,
        pattern=r"^[^\x00-\x1f\x7f-\x9f]+(?![\s\S])",
        description="The source's own identifier of the post; no control characters.",
    ),
]

Moment = Annotated[dt.datetime, Meta(tz=True, description="RFC 3339 date and time with a UTC offset.")]

Probability = Annotated[float, Meta(ge=0, le=1, description="Calibrated on the corpus, see the model card")]

Short = Annotated[str, Meta(max_length=512)]

Url = Annotated[str, Meta(max_length=4096)]

Offset = Annotated[int, Meta(ge=0, description="Offset of a record in its Kafka partition.")]

Activation = Annotated[
    int,
    Meta(
        ge=1,
        lt=2**10,
        description="Ordinal of the model's activation; it rises on every promote and every rollback.",
    ),
]

Reviews = Annotated[int, Meta(ge=0, lt=2**10, description="Number of analysts' decisions on this item so far.")]
