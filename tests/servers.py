"""Fixtures: a real Kafka and a real Elasticsearch for the session, and in them a place of its own for every test.

ES_VERSION chooses Elasticsearch's version, as for `flagpost local up`.
"""

from __future__ import annotations

import contextlib
import io
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from kafka import KafkaAdminClient

from deploy.local.ports import USUAL, is_free, variable_for
from deploy.local.stack import Stack
from pipeline.cli import main
from pipeline.elasticsearch_client import connect
from pipeline.settings import Settings, load_settings
from pipeline.setup.elasticsearch import setup_elasticsearch
from pipeline.setup.topics import setup_topics
from schemas.topics import TOPICS


@pytest.fixture(scope="session")
def stack_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home whose servers are the session's: commands with this home find them without being told."""
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="session")
def stack(stack_home: Path) -> Iterator[Stack]:
    """The session's servers. A test that stops one must start it again."""
    stack = Stack(stack_home)
    with pytest.MonkeyPatch.context() as patch:
        for name, port in own_ports().items():
            patch.setenv(variable_for(name), str(port))
        stack.up()
    yield stack
    stack.down(wipe=True)


def own_ports() -> dict[str, int]:
    """Ports that servers which look for theirs don't come upon: a test process beside this one would take the usual port of
    a server that a test has stopped, and this one's clients would find somebody else's Kafka there."""
    first = 20_000 + os.getpid() % 100 * 100  # below those that systems give to outgoing connections
    free = filter(is_free, range(first, first + 100))
    return {name: next(free) for name in USUAL}


@pytest.fixture
def settings(stack: Stack, tmp_path: Path) -> Iterator[Settings]:
    """An installation of the test's own, with nothing set up in it."""
    with installation(stack, tmp_path / "home") as settings:
        yield settings


@contextlib.contextmanager
def installation(stack: Stack, home: Path) -> Iterator[Settings]:
    """An installation in ``home`` with a namespace that nobody else has; taken away at the end."""
    servers = stack.status()
    if None in (servers["kafka"]["pid"], servers["elasticsearch"]["pid"]):
        servers = stack.up()  # a test that failed has left one stopped: those after it are not to be red for that
    settings = Settings(
        home=home,
        namespace=f"t-{uuid.uuid4().hex[:10]}",
        kafka_bootstrap=servers["kafka"]["bootstrap"],
        elasticsearch_url=servers["elasticsearch"]["url"],
    )
    yield settings
    with contextlib.suppress(Exception):  # a test may have stopped a server; the session wipes everything at its end
        remove(settings)


@pytest.fixture
def ready(settings: Settings) -> Settings:
    """An installation of the test's own with topics, index and aliases."""
    set_up(settings)
    return settings


def set_up(settings: Settings) -> None:
    """Gives an installation its topics, index and aliases."""
    list(setup_topics(settings))
    list(setup_elasticsearch(settings))


def remove(settings: Settings) -> None:
    """Takes an installation's topics and indices away, so that the servers stay small."""
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    try:
        admin.delete_topics([settings.named(name) for name in TOPICS], raise_errors=False)  # a test may have made none
    finally:
        admin.close()
    with connect(settings) as client:
        if indices := list(client.indices.get(index=f"{settings.namespace}-*").body):
            client.indices.delete(index=indices)
        client.indices.delete_index_template(name=f"{settings.namespace}-*")


@dataclass(frozen=True)
class Ran:
    """What a command did. ``raw`` is its stdout as bytes."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()


Flagpost = Callable[..., Ran]


@pytest.fixture
def flagpost(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Flagpost]:
    """Runs ``flagpost ARGUMENTS…`` as a user of ``settings`` does on a terminal of 80 columns.

    ``env`` sets further settings (``env={"kafka_partitions": "9"}``), ``stdin`` is what the user types.
    """

    def run(*arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> Ran:
        with monkeypatch.context() as patch:
            given = {
                "home": str(settings.home),
                "namespace": settings.namespace,
                "kafka_bootstrap": settings.bootstrap(),
                "elasticsearch_url": settings.elasticsearch(),
                **(env or {}),
            }
            for name, value in given.items():
                patch.setenv(f"FLAGPOST_{name.upper()}", value)
            patch.setenv("COLUMNS", "80")
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            capsysbinary.readouterr()
            load_settings.cache_clear()
            with pytest.raises(SystemExit) as ended:
                main(list(arguments))
            out, err = capsysbinary.readouterr()
            code = ended.value.code
            return Ran(code if isinstance(code, int) else 0, out, err.decode())

    yield run
    load_settings.cache_clear()


@contextlib.contextmanager
def processes_looked_into() -> Iterator[None]:
    """Skips what looks into the servers' processes, another user's, where a container's root may not (no SYS_PTRACE)."""
    try:
        yield
    except psutil.AccessDenied:
        pytest.skip("root may not look into other users' processes here: the container lacks SYS_PTRACE")
