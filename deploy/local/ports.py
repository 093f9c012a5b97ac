"""Which ports the local servers take: the one asked for, else that of last time, else the usual one or the next free."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import LocalStackError
from pipeline.whole_file import write_whole

LOOPBACK = "127.0.0.1"
USUAL = {"kafka": 9092, "kafka-controller": 9192, "elasticsearch": 9200}
_SEARCHED = 90
"""How many ports from the usual one on are tried: few enough that the ranges don't meet the next usual port but one."""

IsFree = Callable[[int], bool]


def variable_for(name: str) -> str:
    """The environment variable that asks for one port and no other."""
    return f"FLAGPOST_LOCAL_{name.upper().replace('-', '_')}_PORT"


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` of the loopback address now."""
    with socket.socket() as probe:
        # Connections of a server that has just ended linger; they don't stop the next one, nor do they stop this probe.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


@dataclass(frozen=True)
class Ports:
    """Chooses ports and remembers them in ``file``, so that clients find a restarted server where it was."""

    file: Path
    free: IsFree = is_free
    environment: Mapping[str, str] | None = None

    def choose(self, name: str, avoid: Collection[int] = ()) -> int:
        """The port for ``name`` as `find` finds it, noted in the file."""
        port = self.find(name, avoid)
        remembered = self.remembered()
        if remembered.get(name) != port:
            write_whole(self.file, json.dumps({**remembered, name: port}).encode() + b"\n")
        return port

    def find(self, name: str, avoid: Collection[int] = ()) -> int:
        """The port for ``name``, a key of `USUAL`.

        Raises `LocalStackError` when what the environment asks for is no port or is taken, or when none is free. Ports
        in ``avoid`` are not chosen unless they are asked for.
        """
        return self._asked_for(name) or self._first_free(name, avoid)

    def remembered(self) -> dict[str, int]:
        try:
            noted = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(noted, dict):
            return {}
        return {name: port for name, port in noted.items() if isinstance(port, int)}

    def _asked_for(self, name: str) -> int | None:
        text = (os.environ if self.environment is None else self.environment).get(variable_for(name))
        if not text:
            return None
        if not (text.isascii() and text.isdecimal()) or not 0 < int(text) < 65536:
            raise LocalStackError(
                f"{variable_for(name)} is not a port: {text!r}.", "Set it to a number from 1 to 65535."
            )
        if not self.free(int(text)):
            raise LocalStackError(
                f"Port {text}, asked for by {variable_for(name)}, is taken by another program.",
                "End that program, name another port, or unset the variable: then a free port is found.",
            )
        return int(text)

    def _first_free(self, name: str, avoid: Collection[int]) -> int:
        usual = USUAL[name]
        remembered = self.remembered()
        last_time = remembered.pop(name, usual)
        others = remembered.values()
        candidates: list[int] = [last_time, *range(usual, usual + _SEARCHED)]
        for port in candidates:
            if port not in avoid and port not in others and self.free(port):
                return port
        raise LocalStackError(
            f"No port from {usual} to {usual + _SEARCHED - 1} is free for {name}.",
            f"End what listens there, or name a free port in {variable_for(name)}.",
        )
