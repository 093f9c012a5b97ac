"""Everything as it is shipped, started with no settings but a home and a name: none of it can be reached from outside."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.stack import Stack
from pipeline.settings import Settings
from pipeline.workers import workers
from tests.servers import processes_looked_into
from tests.waiting import PATIENCE, wait_for

pytestmark = pytest.mark.integration


@contextlib.contextmanager
def command(environment: dict[str, str], log: Path, *arguments: str) -> Iterator[psutil.Process]:
    """``flagpost ARGUMENTS…`` in the background; what it says goes to ``log``."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", *arguments],
            env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def listening(process: psutil.Process) -> list[str]:
    """Addresses that a process and all it started listen on, or take datagrams at."""
    family = [process, *process.children(recursive=True)]
    return [
        f"{one.laddr.ip}:{one.laddr.port}"
        for member in family
        for one in member.net_connections("inet")
        if one.status == psutil.CONN_LISTEN or (one.status == psutil.CONN_NONE and not one.raddr)
    ]


def test_nothing_listens_beyond_loopback(stack: Stack, stack_home: Path, settings: Settings, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLAGPOST_")}
    environment |= {"FLAGPOST_HOME": str(stack_home), "FLAGPOST_NAMESPACE": settings.namespace}
    environment |= {"FLAGPOST_INFERENCE_THREADS": "1", "FLAGPOST_HTTP_PORT": "0"}
    environment |= {"FLAGPOST_ALERTS_PORT": "0", "FLAGPOST_LINKS_URL": "https://alerts.example"}
    environment |= {"FLAGPOST_LINKS_SECRET": "k" * 32}
    flagpost = [sys.executable, "-m", "pipeline.cli"]
    servers = stack.status()
    subprocess.run([*flagpost, "setup"], env=environment, check=True, capture_output=True, timeout=PATIENCE)
    with (
        command(environment, tmp_path / "workers.log", "worker", "classify", "index") as supervisor,
        command(environment, tmp_path / "http.log", "ingest-http", "--no-token") as ingest,
        command(environment, tmp_path / "alerts.log", "alerts", "serve") as alerts,
    ):
        wait_for(lambda: len(workers(stack_home)) == 2, "both workers and their health servers are up")
        wait_for(lambda: b"Taking posts" in (tmp_path / "http.log").read_bytes(), "ingest-http is up")
        wait_for(lambda: b"Answering" in (tmp_path / "alerts.log").read_bytes(), "alerts serve is up")
        with processes_looked_into():
            found = {
                "kafka": listening(psutil.Process(servers["kafka"]["pid"])),
                "elasticsearch": listening(psutil.Process(servers["elasticsearch"]["pid"])),
                "workers": listening(supervisor),
                "ingest-http": listening(ingest),
                "alerts serve": listening(alerts),
            }
    # Kafka and its controller, Elasticsearch's HTTP and transport, one health server a worker, POST /posts, and links.
    assert {part: len(addresses) for part, addresses in found.items()} == {
        "kafka": 2, "elasticsearch": 2, "workers": 2, "ingest-http": 1, "alerts serve": 1,
    }, found  # fmt: skip
    open_to_others = [
        address for addresses in found.values() for address in addresses if not loopback(address.rpartition(":")[0])
    ]
    assert open_to_others == []


def loopback(ip: str) -> bool:
    address = ipaddress.ip_address(ip)
    mapped = getattr(address, "ipv4_mapped", None)  # Java listens on ::ffff:127.0.0.1
    return (mapped or address).is_loopback
