"""What the two local servers have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Literal, Protocol

from deploy.local.place import Place
from deploy.local.ports import Ports

Name = Literal["kafka", "elasticsearch"]
NAMES: tuple[Name, ...] = ("kafka", "elasticsearch")


@dataclass(frozen=True)
class Folders:
    """The folders of one server under the place's state. Config is ours, the rest belongs to the server."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self.logs / "server.log"

    @property
    def console(self) -> Path:
        """What the server printed at its last start."""
        return self.root / "console.log"

    @property
    def marker(self) -> str:
        """A text that the command line of this server's process holds, and no other process's."""
        return f"{self.root}/"


class Server(Protocol):
    """One of the two servers, as `Stack` drives it."""

    @property
    def name(self) -> Name: ...

    @property
    def version(self) -> str: ...

    @property
    def place(self) -> Place: ...

    @property
    def folders(self) -> Folders: ...

    @property
    def pid_file(self) -> Path | None:
        """Where the server writes its pid, if the process that is started is not the one that stays."""

    def prepare(self, program: Path, java: Path, ports: Ports, avoid: Sequence[int]) -> tuple[int, list[str]]:
        """Writes the configuration anew and returns the port and the command to start."""

    def environment(self, java: Path) -> dict[str, str]:
        """All the environment variables of the process: none of ours, which may hold secrets."""

    def is_ready(self, port: int) -> bool:
        """Whether the server does its work; False while it starts. Takes at most a few seconds, raises nothing."""


def program_of(name: Name, version: str) -> str:
    """The name of a server's program in the lock file and in the cache folder."""
    return f"{name}-{version}"


def rendered(template: str, **values: object) -> str:
    """The text of a configuration file of this folder, with its ``$names`` filled in."""
    return Template(Path(__file__).with_name(template).read_text(encoding="utf-8")).substitute(values)
