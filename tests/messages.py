"""Messages and records that tests are made of."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from pipeline.message import Message
from schemas import codec
from schemas.item import Decision, Item
from schemas.post import Post
from schemas.review import Review
from schemas.verdict import Scores, Verdict
from tests.doubles.manual_clock import START


def post(id: str = "1", text: str = "lads dealing by the pier", **fields: Any) -> Post:
    return Post(**{"source": "x", "id": id, "text": text, "created_at": START - dt.timedelta(minutes=1), **fields})


def item(id: str = "1", text: str = "lads dealing by the pier", activation: int = 1, **fields: Any) -> Item:
    verdict = Verdict(
        label="intel", scores=Scores(0.9, 0.04, 0.03, 0.03), grade="routine", model="keywords@1", activation=activation
    )
    return Item(**{"post": post(id, text), "verdict": verdict, "judged_at": START, **fields})


def review(
    id: str = "1", seen: int = 0, over: bool = False, by: str = "a.khan", minute: int = 0, **decided: Any
) -> Review:
    """A decision on the wording of ``minute``, by somebody who had seen so many."""
    edited = {"edited_at": START + dt.timedelta(minutes=minute)} if minute else {}
    decision = Decision(by=by, at=START + dt.timedelta(minutes=minute + 1), **decided)
    return Review(item=item(post=post(id, **edited), reviews=seen), decision=decision, over=over)


def message(
    value: bytes | msgspec.Struct | None,
    offset: int = 0,
    partition: int = 0,
    topic: str = "posts",
    key: bytes = b"x:1",
    at: dt.datetime = START,
) -> Message:
    encoded = codec.encode(value) if isinstance(value, msgspec.Struct) else value
    return Message(topic, partition, offset, key, encoded, at)
