"""A single Elasticsearch node on loopback, without security."""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.lock import ELASTICSEARCH_VERSIONS
from deploy.local.place import Place
from deploy.local.ports import LOOPBACK, Ports
from deploy.local.server import Folders, Name, rendered
from pipeline.errors import LocalStackError

_PROBE_SECONDS = 5.0


@dataclass(frozen=True)
class Elasticsearch:
    """Each version has a folder of its own: a newer one's data can't be read by an older one."""

    place: Place
    version: str = ELASTICSEARCH_VERSIONS[0]
    name: Name = "elasticsearch"

    def __post_init__(self) -> None:
        if self.version not in ELASTICSEARCH_VERSIONS:
            raise LocalStackError(
                f"The local stack can't run Elasticsearch {self.version}.",
                f"Set ES_VERSION to one of {', '.join(ELASTICSEARCH_VERSIONS)}, or unset it.",
            )

    @property
    def folders(self) -> Folders:
        return Folders(self.place.state / f"elasticsearch-{self.version}")

    @property
    def pid_file(self) -> Path | None:
        return self.folders.temporary / "server.pid"

    def environment(self, java: Path) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin:/usr/local/bin",  # the start script wants bash, dirname, uname
            "HOME": str(self.folders.temporary),
            "LANG": "C.UTF-8",
            "ES_JAVA_HOME": str(java),
            "ES_PATH_CONF": str(self.folders.config),
            "CLI_JAVA_OPTS": "-XX:TieredStopAtLevel=1",  # the launcher lives for seconds only
            "ES_TMPDIR": str(self.folders.temporary),
        }

    def prepare(self, program: Path, java: Path, ports: Ports, avoid: Sequence[int]) -> tuple[int, list[str]]:
        port = ports.choose("elasticsearch", avoid)
        folders = self.folders
        self.place.shown(folders.root)
        for folder in (folders.data, folders.logs, folders.temporary, snapshots(folders)):
            self.place.hand_over(folder)
        config = self.place.fresh(folders.config)
        (config / "elasticsearch.yml").write_text(settings(folders, port, program), encoding="utf-8")
        options = rendered("elasticsearch-jvm.options", temporary=folders.temporary, logs=folders.logs)
        (config / "jvm.options").write_text(options, encoding="utf-8")
        shutil.copyfile(Path(__file__).with_name("elasticsearch-log4j2.properties"), config / "log4j2.properties")
        self.place.hand_over(config)  # Elasticsearch makes its keystore there
        # With -d the launcher waits until the node has started, says why if it has not, and leaves one process behind.
        return port, [str(program / "bin" / "elasticsearch"), "-d", "-p", str(self.pid_file)]

    def is_ready(self, port: int) -> bool:
        try:
            answer = health(port)
            # Another home's Elasticsearch, which was quicker to take the port, has another name.
            return answer.get("cluster_name") == cluster_name(self.folders) and answer.get("status") in (
                "green",
                "yellow",
            )
        except (OSError, http.client.HTTPException, ValueError):
            return False


def cluster_name(folders: Folders) -> str:
    """A name that no other home's Elasticsearch on this machine has."""
    return f"flagpost-local-{hashlib.sha256(str(folders.root).encode()).hexdigest()[:12]}"


def snapshots(folders: Folders) -> Path:
    """Where the server may keep snapshots, if somebody registers a repository there."""
    return folders.root / "snapshots"


def settings(folders: Folders, port: int, program: Path) -> str:
    """The text of elasticsearch.yml. Paths are quoted as JSON, which YAML reads."""
    text = rendered(
        "elasticsearch.yml",
        cluster=cluster_name(folders),
        data=json.dumps(str(folders.data)),
        logs=json.dumps(str(folders.logs)),
        snapshots=json.dumps(str(snapshots(folders))),
        port=port,
    )
    if (program / "modules" / "x-pack-security").is_dir():  # elsewhere the setting is unknown, and refused
        text += "xpack.security.enabled: false\n"
    return text


def health(port: int) -> dict[str, object]:
    """The answer of ``GET /_cluster/health``.

    Raises `OSError` or `http.client.HTTPException` when nobody answers, `ValueError` when the answer is not JSON.
    """
    # http.client and not urllib: no proxy of the environment may stand between us and this machine.
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/_cluster/health")
        answer = json.loads(connection.getresponse().read())
        return answer if isinstance(answer, dict) else {}
    finally:
        connection.close()
