"""Realistic posts for benchmarks: the Saturday's and the corpus's texts, 70 % of them chatter, as in life."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.ledger import Ledger

ROOT = Path(__file__).parents[2]
CHATTER_SHARE = 0.7


@dataclass(frozen=True)
class Sample:
    """One post to be sent. ``fields`` are those that a network's API gives beside the text."""

    id: str
    text: str
    fields: dict[str, Any]

    def send(self, ledger: Ledger) -> None:
        ledger.post(self.id, self.text, **self.fields)


def draw(count: int, seed: int) -> list[Sample]:
    """``count`` posts with ids of their own, the same for the same seed.

    A text is drawn again only when all of its kind were, and then with a word left out: as in life, few posts are another's
    exact copy, so a cache of texts would gain what it gains there.
    """
    chance = random.Random(seed)
    chatter, others = _texts()
    streams = {True: _endless(chatter, chance), False: _endless(others, chance)}
    return [_sample(f"b{seed}-{number}", next(streams[chance.random() < CHATTER_SHARE])) for number in range(count)]


def _sample(id: str, text: str) -> Sample:
    author = f"resident_{hash_of(id) % 5000}"
    return Sample(
        id,
        text,
        {
            "author": {"id": str(hash_of(id)), "handle": author, "name": author.replace("_", " ").title()},
            "url": f"https://x.example/{author}/status/{id}",
            "lang": "en",
        },
    )


def hash_of(id: str) -> int:
    """The same in every process, unlike `hash`."""
    return random.Random(id).getrandbits(31)


def _endless(texts: tuple[str, ...], chance: random.Random) -> Iterator[str]:
    order = list(texts)
    chance.shuffle(order)
    yield from order
    while True:
        chance.shuffle(order)
        for text in order:
            words = text.split(" ")
            del words[chance.randrange(len(words))]
            yield " ".join(words) or text


@cache
def _texts() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Texts that are chatter by their writer's own label, and those that are not."""
    labelled = [(row["text"], row["label"]) for row in _corpus()] + list(saturday())
    chatter = tuple(text for text, label in labelled if label == "chatter")
    return chatter, tuple(text for text, label in labelled if label != "chatter")


def _corpus() -> Iterator[dict[str, Any]]:
    for path in sorted((ROOT / "models" / "corpus").glob("*.jsonl")):
        yield from (json.loads(line) for line in path.read_text("utf-8").splitlines())


def saturday() -> Iterator[tuple[str, str]]:
    """Its good posts: some of its lines are bad on purpose, and those have no label."""
    folder = ROOT / "deploy" / "demo"
    lines = (folder / "saturday.jsonl").read_bytes().split(b"\n")
    for row in (json.loads(line) for line in (folder / "saturday-labels.jsonl").read_text("utf-8").splitlines()):
        post = json.loads(lines[row["line"] - 1])
        if "text" in post:
            yield post["text"], row["label"]
