"""Posts for fault runs: those of the demo's Saturday, sent all at once or one by one beside what the test does."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.ledger import Ledger

SATURDAY = Path(__file__).parents[2] / "deploy" / "demo" / "saturday.jsonl"


def saturday() -> list[dict[str, Any]]:
    """Its posts that can be read, without edits and deletes."""
    posts = []
    for line in SATURDAY.read_bytes().splitlines():
        try:
            body = json.loads(line)
        except ValueError:
            continue
        if isinstance(body, dict) and isinstance(body.get("text"), str) and "edited_at" not in body:
            posts.append(body)
    return posts


def send(ledger: Ledger, count: int, first: int = 0, **fields: Any) -> None:
    """Sends ``count`` posts, each with an id of its own from ``first`` on; texts come round again."""
    posts = saturday()
    for number in range(first, first + count):
        ledger.post(f"n{number}", posts[number % len(posts)]["text"], **fields)
    ledger.flush()


class Stream:
    """A context in which posts are sent at ``rate`` a second, until it is left or ``most`` are sent."""

    def __init__(self, ledger: Ledger, rate: float, most: int = 1_000_000) -> None:
        self._ledger = ledger
        self._rate = rate
        self._most = most
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        posts = saturday()
        for number in range(self._most):
            self._ledger.post(f"s{number}", posts[number % len(posts)]["text"])
            if self._stop.wait(1 / self._rate):
                return

    def __enter__(self) -> Stream:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(60)
        self._ledger.flush()
