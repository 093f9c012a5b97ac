"""What a person looks at is written down before it is shown: who, what, when and what for (DPA 2018, s. 62)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import socket
from dataclasses import dataclass
from typing import Any, Final, Self

import click

from pipeline.audit import audited, record
from pipeline.cli.signed_on import signed_on
from pipeline.errors import InvalidInput
from pipeline.settings import Settings
from schemas.audit import MOST_CHARACTERS

why_option: Final = click.option("--why", metavar="TEXT", help="What you need it for; kept in the audit log.")


@dataclass(frozen=True, slots=True)
class OnRecord:
    """One person's command, on the record."""

    settings: Settings
    by: str
    why: str

    @classmethod
    def of(cls, settings: Settings, why: str | None) -> Self:
        """For whoever runs this command. Raises `InvalidInput` where ``why`` is missing that must be said."""
        why = (why or "").strip()
        if settings.require_why and not why:
            raise InvalidInput(
                "Say what you need it for.", "--why 'case 4711' is kept in the audit log with what you do."
            )
        return cls(settings, signed_on(), why)

    def write(self, act: str, on: str, **detail: str) -> dt.datetime | None:
        """Returns once the line stands in `[audit]`: what it tells may be shown then, and not before. It returns when Kafka
        took the line in, see `pipeline.audit.record`.

        Raises `InvalidInput` for what is too long to be told whole, and what `pipeline.audit.record` raises.
        """
        told = {"why": self.why, **detail, **self._whence()}
        for name, value in told.items():
            if len(value) > MOST_CHARACTERS:
                raise InvalidInput(
                    f"What is given as {name} is longer than can be recorded ({MOST_CHARACTERS:,} characters).",
                    "Shorten it.",
                )
        line = audited(
            act, on, dt.datetime.now(dt.UTC), self.by, **{name: value for name, value in told.items() if value}
        )
        return record(self.settings, line)

    def _whence(self) -> dict[str, str]:
        """What vouches for the name: the machine, its number for the user, and as whom the clusters know them."""
        signed_on_as = self.settings.elasticsearch_username or self.settings.kafka_username or ""
        return {"host": socket.gethostname(), "uid": str(os.getuid()), "user": signed_on_as}


def described(wanted: Any) -> dict[str, str]:
    """What was asked for, in words: every condition of the dataclass ``wanted`` that is not as if nobody had given it."""
    nothing = type(wanted)()
    given = {field.name: getattr(wanted, field.name) for field in dataclasses.fields(wanted)}
    asked = {name: _in_words(value) for name, value in given.items() if value != getattr(nothing, name)}
    return {"query" if name == "text" else name: words for name, words in asked.items()}


def _in_words(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case dt.datetime():
            return value.isoformat()
        case tuple():
            return ", ".join(map(str, value))
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return ",".join(map(str, dataclasses.astuple(value)))
        case _:
            return str(value)
