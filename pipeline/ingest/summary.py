"""What a run of `flagpost ingest` has done, as a line for people and as JSON for programs."""

from __future__ import annotations

import msgspec


class FileSummary(msgspec.Struct, frozen=True):
    """One input: how far all of it is acknowledged, counted in lines from its start."""

    name: str
    lines: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """``bad`` lines are in the dead letters; ``refused`` ones were too large for them and are only in their file."""

    sent: int
    bad: int
    refused: int
    seconds: float
    interrupted: bool
    files: list[FileSummary]

    @property
    def posts_per_second(self) -> float:
        return self.sent / self.seconds if self.seconds > 0 else 0.0

    def exit_code(self) -> int:
        """0 when every line was a good post, else 1."""
        return 1 if self.bad or self.refused else 0

    def line(self) -> str:
        parts = [f"{'Stopped: sent' if self.interrupted else 'Sent'} {counted(self.sent, 'post')}"]
        if self.bad:
            parts.append(f"{counted(self.bad, 'bad line')} in the dead letters")
        if self.refused:
            parts.append(f"{counted(self.refused, 'line')} refused")
        return f"{', '.join(parts)}; {self.seconds:.1f} s, {self.posts_per_second:,.0f} posts/s."

    def to_json(self) -> str:
        rounded = {"seconds": round(self.seconds, 3), "posts_per_second": round(self.posts_per_second, 1)}
        return msgspec.json.encode(msgspec.to_builtins(self) | rounded).decode()


def counted(number: int, noun: str) -> str:
    """``1 post``, ``1,200 posts``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
