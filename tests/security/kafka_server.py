"""A real Kafka broker with properties of the test's own, for what the local stack has not: TLS, SCRAM and ACLs."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from rich.console import Console

from deploy.local import artifacts
from deploy.local.java import java_home
from deploy.local.lock import KAFKA_VERSION
from deploy.local.place import place_for
from deploy.local.server import program_of
from tests.waiting import PATIENCE


@contextlib.contextmanager
def running_kafka(folder: Path, properties: str, users: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A broker on its way up, ended at the end. ``users`` have SCRAM-SHA-512 passwords from the first moment on.

    Its log is ``kafka.log`` in ``folder``, where its data is, too.
    """
    place = place_for(folder / "home")
    place.settle()
    console = Console(quiet=True)
    java = java_home(place, console) / "bin" / "java"
    program = artifacts.fetch(program_of("kafka", KAFKA_VERSION), place.programs, console)
    written = folder / "server.properties"
    written.write_text(f"{properties}log.dirs={folder / 'data'}\n", "utf-8")
    # Short-lived both: no time for the compiler that makes long runs fast.
    command = [str(java), "-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{program}/*"]
    format_ = ["kafka.tools.StorageTool", "format", "-t", "flagpostflagpostflag00", "-c", str(written)]
    for name, password in users.items():
        format_ += ["-S", f"SCRAM-SHA-512=[name={name},password={password}]"]
    with (folder / "kafka.log").open("wb") as log:
        subprocess.run([*command, *format_], check=True, stdout=log, stderr=log, timeout=PATIENCE)
        broker = subprocess.Popen([*command, "kafka.Kafka", str(written)], stdout=log, stderr=log, cwd=folder)
    try:
        yield broker
    finally:
        broker.kill()
        broker.wait(30)
        shutil.rmtree(place.state, ignore_errors=True)


def key_and_chain(authority: trustme.CA) -> tuple[bytes, bytes]:
    """PEM of a key and of its certificate for a server on loopback. The key is PKCS #8, the only form that Kafka reads."""
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pkcs8, b"".join(pem.bytes() for pem in certificate.cert_chain_pems)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
