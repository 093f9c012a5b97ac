"""What must work in the installation that the image holds, with nothing to write to but its own folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.errors import InvalidSettings, KafkaUnavailable

POSTS: Final = "".join(
    json.dumps({"source": "x", "id": str(number), "text": text, "created_at": "2026-08-15T10:00:00Z"}) + "\n"
    for number, text in enumerate(
        (
            "man with a knife outside the chip shop on Harbour Road, people running",
            "lads dealing out of the flat above the bookies again, same car every night",
            "me robaron el móvil en la estación, ¿a dónde tengo que ir para denunciarlo?",
            "lovely sunset over the pier tonight",
        )
    )
)


USERS: Final = ("python", "-m", "deploy.compose.users")
"""As ../../deploy/compose.yaml starts it."""


@dataclass(frozen=True)
class Smoke:
    """A command of the image, and what must come of it. ``shows`` is looked for in all that it prints."""

    words: Sequence[str]
    shows: Sequence[str] = ()
    code: int = 0
    stdin: str = ""
    right: Callable[[str], bool] = lambda _printed: True
    entrypoint: Sequence[str] = ("flagpost",)


def _the_verdicts(printed: str) -> bool:
    verdicts = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return [one["language"] for one in verdicts] == [None, None, "es", None] and verdicts[-1]["label"] == "chatter"


SMOKES: Final = (
    Smoke(["--help"], ["dead-letters", "Finds the posts that matter"]),
    Smoke(["--version"], ["flagpost, version"]),
    Smoke(["settings"], ["FLAGPOST_HOME", "/var/lib/flagpost"]),
    Smoke(["models", "verify"], ["flagpost-bge-small"]),
    Smoke(["models", "show"], ["activation"]),
    Smoke(["rules", "check"]),
    Smoke(["classify", "-"], stdin=POSTS, right=_the_verdicts),
    Smoke(["worker", "classify"], ["No Kafka is set", "FLAGPOST_KAFKA_BOOTSTRAP"], KafkaUnavailable.exit_code),
    Smoke(["setup"], ["No Kafka is set"], KafkaUnavailable.exit_code),
    Smoke([], ["The secret kafka_setup is missing"], InvalidSettings.exit_code, entrypoint=USERS),
)
