"""A whole run in production mode, from setup to a decision and dead letters; every process signs on as itself."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from kafka import KafkaProducer

from pipeline.elasticsearch_client import connect
from pipeline.kafka_clients import kafka_python_options
from pipeline.settings import Settings
from pipeline.topic_reader import read_topic
from schemas.topics import DEAD_LETTERS
from tests.security.hostile import TEXT
from tests.security.secured import Secured
from tests.waiting import PATIENCE, wait_for

HELP = "please help, a man with a knife is trying to get into my house right now, send police"
CHATTER = "lovely sunset over the bay tonight, chips on the front, happy days"
POSTS = [*[HELP] * 3, TEXT, CHATTER]
"""All but the last are flagged."""


@dataclass
class Ran:
    """What each command of the run ended with and wrote, by its name."""

    codes: dict[str, int] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)

    def keep(self, name: str, done: subprocess.CompletedProcess[str]) -> None:
        self.codes[name], self.said[name] = done.returncode, done.stdout


def whole_run(secured: Secured) -> Ran:
    """The run. Its workers have ended; what they wrote is there."""
    ran = Ran()
    ran.keep("setup", secured.flagpost("setup", "setup"))
    ran.keep("setup again", secured.flagpost("setup", "setup"))
    lines = [
        json.dumps({"source": "x", "id": f"{number}", "text": text, "created_at": "2026-08-15T10:00:00Z"})
        for number, text in enumerate(POSTS)
    ]
    one_line = TEXT.replace("\n", " ")
    file = secured.folder / "posts.jsonl"
    file.write_text("\n".join([*lines, f'{{"{one_line}']), "utf-8", newline="\n")
    ran.keep("ingest", secured.flagpost("ingest", "ingest", str(file)))
    poison(secured.settings("ingest"))
    with worker(secured, "classify"), worker(secured, "index"):
        waited = secured.flagpost("status", "status", "--wait", "--timeout", "90")
        assert waited.returncode == 0, waited.stdout
        ran.keep("status --wait", waited)
        ran.keep("doctor", secured.flagpost("status", "doctor"))
    wait_for(lambda: found(secured) == 4, f"what was indexed can be searched; {ran.codes} {ran.said}")
    note = TEXT.replace("\0", "")  # no argument of a command can hold it
    ran.keep("review", secured.flagpost("analyst", "review", "x:0", "--grade", "prompt", "--note", note))
    with (
        worker(secured, "alert"),
        worker(secured, "page"),
        worker(secured, "review"),
        worker(secured, "index"),
    ):
        wait_for(lambda: reviewed(secured) == 1, "the decision was applied")
        wait_for(lambda: found(secured, "flagpost-alerts"), "an alert was opened and stored")
    ran.keep("review show", secured.flagpost("analyst", "review", "show", "x:0"))
    ran.keep("review export", secured.flagpost("analyst", "review", "export"))
    ran.keep("search", secured.flagpost("analyst", "search", "knife"))
    ran.keep("export", secured.flagpost("analyst", "export", "knife", "--format", "jsonl"))
    ran.keep("audit", secured.flagpost("auditor", "audit", "-n", "100"))
    ran.keep("retain", secured.flagpost("retain", "retain"))
    ran.keep("list", secured.flagpost("dead-letters", "dead-letters", "list"))
    of_a_file = next(record for record in read_topic(secured.settings("admin"), DEAD_LETTERS) if not record.key)
    ran.keep(
        "show", secured.flagpost("dead-letters", "dead-letters", "show", f"{of_a_file.partition}:{of_a_file.offset}")
    )
    ran.keep("replay", secured.flagpost("dead-letters", "dead-letters", "replay", "--reason", "not_json", "--yes"))
    return ran


def poison(settings: Settings) -> None:
    """A record that classify can't use, sent as ingest's user sends."""
    producer = KafkaProducer(**kafka_python_options(settings))
    producer.send("posts", b"{", key=b"x:bad").get(timeout=PATIENCE)
    producer.close()


@contextlib.contextmanager
def worker(secured: Secured, stage: str) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "worker", stage, "--logs", str(secured.folder / "logs")],
        env=secured.environment(stage),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def found(secured: Secured, index: str = "flagpost-items") -> int:
    with connect(secured.settings("admin")) as client:
        return int(client.count(index=index)["count"])


def reviewed(secured: Secured) -> int:
    with connect(secured.settings("admin")) as client:
        return int(client.count(index="flagpost-items", query={"exists": {"field": "flagpost.review.at"}})["count"])
