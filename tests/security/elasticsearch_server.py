"""A real Elasticsearch that wants TLS and a password: the local one, secured, with the shipped roles and users in files."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import ssl
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import trustme
from rich.console import Console

from deploy.local import artifacts
from deploy.local.elasticsearch import Elasticsearch
from deploy.local.java import java_home
from deploy.local.lock import ELASTICSEARCH_VERSIONS
from deploy.local.notes import Notes
from deploy.local.place import place_for
from deploy.local.ports import Ports
from deploy.local.server import program_of
from deploy.local.stack import VERSION_VARIABLE
from deploy.local.start import Start
from tests.security.kafka_server import key_and_chain

ROLES = Path(__file__).resolve().parents[2] / "deploy" / "elasticsearch" / "roles.yml"
KIBANA_ROLES = ROLES.parents[1] / "kibana" / "roles"

SECURITY = """\
xpack.security.enabled: true
xpack.security.http.ssl.enabled: true
xpack.security.http.ssl.key: http.key
xpack.security.http.ssl.certificate: http.crt
xpack.security.transport.ssl.enabled: false
"""


def shipped_roles() -> str:
    """Those of roles.yml, and as ``kibana_NAME`` what those of Kibana's users allow on Elasticsearch. JSON is YAML, too."""
    roles = ROLES.read_text("utf-8")
    for path in sorted(KIBANA_ROLES.glob("*.json")):
        roles += f"\nkibana_{path.stem}: {json.dumps(json.loads(path.read_text('utf-8'))['elasticsearch'])}\n"
    return roles


@dataclass(frozen=True)
class SecuredElasticsearch(Elasticsearch):
    """``users``: name → (password, role)."""

    users: Mapping[str, tuple[str, str]] | None = None
    authority: trustme.CA | None = None

    def prepare(self, program: Path, java: Path, ports: Ports, avoid: Sequence[int]) -> tuple[int, list[str]]:
        port, command = super().prepare(program, java, ports, avoid)
        config, users = self.folders.config, self.users or {}
        assert self.authority
        plain = (config / "elasticsearch.yml").read_text("utf-8").replace("xpack.security.enabled: false\n", "")
        (config / "elasticsearch.yml").write_text(plain + SECURITY, "utf-8")
        (config / "roles.yml").write_text(shipped_roles(), "utf-8")
        (config / "users").write_text("".join(f"{name}:{hashed(word)}\n" for name, (word, _) in users.items()), "utf-8")
        (config / "users_roles").write_text("".join(f"{role}:{name}\n" for name, (_, role) in users.items()), "utf-8")
        for file, pem in zip(("http.key", "http.crt"), key_and_chain(self.authority), strict=True):
            (config / file).write_bytes(pem)
        if account := self.place.account:
            for path in config.iterdir():
                os.chown(path, account.uid, account.gid)
        return port, command

    def is_ready(self, port: int) -> bool:
        """Whether it answers over TLS to one of its users."""
        assert self.authority
        assert self.users
        trusting = ssl.create_default_context(cadata=self.authority.cert_pem.bytes().decode())
        name, (password, _) = next(iter(self.users.items()))
        request = urllib.request.Request(f"https://127.0.0.1:{port}/_cluster/health")
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode())
        with contextlib.suppress(OSError), urllib.request.urlopen(request, context=trusting, timeout=5) as answer:
            return bool(answer.status == 200)
        return False


@contextlib.contextmanager
def running_elasticsearch(folder: Path, users: Mapping[str, tuple[str, str]], authority: trustme.CA) -> Iterator[Start]:
    """A node on its way up, ended at the end. The first of ``users`` must have the cluster's right ``monitor``.

    ES_VERSION chooses its version, as for `flagpost local up`.
    """
    place = place_for(folder / "home")
    place.settle()
    console = Console(quiet=True)
    version = os.environ.get(VERSION_VARIABLE, ELASTICSEARCH_VERSIONS[0])
    server = SecuredElasticsearch(place, version, users=users, authority=authority)
    program = artifacts.fetch(program_of("elasticsearch", server.version), place.programs, console)
    ports = Ports(place.notes / "ports.json")
    start = Start(server, program, java_home(place, console), ports, Notes(place.notes))
    start.launch()
    try:
        yield start
    finally:
        start.abort()
        place.wipe(server.folders.root)


def hashed(password: str) -> str:
    """``password`` as Elasticsearch's file realm takes it: PBKDF2 with HMAC-SHA-512."""
    salt = os.urandom(32)
    rounds = 10_000
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds, 32)
    return f"{{PBKDF2}}{rounds}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"
