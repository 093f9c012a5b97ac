"""A publisher that keeps what it is given, and answers as a test says: at once, later, or with an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.ingest.publish import Then
from schemas.dead_letter import DeadLetter


@dataclass
class ScriptedPublisher:
    """``answer`` says what becomes of the n-th record (from 0): None, an error, or ``...`` for no answer before `flush`."""

    answer: Callable[[int], BaseException | object | None] = lambda number: None
    posts: list[tuple[str, bytes]] = field(default_factory=list)
    letters: list[tuple[bytes, DeadLetter]] = field(default_factory=list)
    waiting: list[Then] = field(default_factory=list)
    trouble: Exception | None = None
    distrusted: int = 0

    def post(self, uid: str, value: bytes, then: Then) -> None:
        if self.trouble:
            raise self.trouble
        self._answer(then)
        self.posts.append((uid, value))

    def dead_letter(self, value: bytes, letter: DeadLetter, then: Then) -> None:
        self._answer(then)
        self.letters.append((value, letter))

    def flush(self) -> None:
        waiting, self.waiting = self.waiting, []
        for then in waiting:
            then(None)

    def check(self) -> None:
        if self.trouble:
            raise self.trouble

    def distrust(self) -> None:
        self.distrusted += 1

    def close(self) -> None:
        pass

    def _answer(self, then: Then) -> None:
        answer = self.answer(len(self.posts) + len(self.letters))
        if answer is ...:
            self.waiting.append(then)
        else:
            assert answer is None or isinstance(answer, BaseException)
            then(answer)
