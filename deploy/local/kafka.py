"""A single Kafka node (KRaft, broker and controller in one) on loopback."""

from __future__ import annotations

import base64
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local import process
from deploy.local.failure import most_telling, read_from
from deploy.local.kafka_probe import is_working
from deploy.local.lock import KAFKA_VERSION
from deploy.local.place import Place
from deploy.local.ports import Ports
from deploy.local.server import Folders, Name, rendered
from pipeline.errors import LocalStackError

_FORMAT_SECONDS = 60.0
# Only Java's quick compiler: in its first minutes the other one takes a tenth of a core from the model beside it, and a
# broker on one's own machine lives for minutes.
_BROKER_OPTIONS = (
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
)
_TOOL_OPTIONS = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")  # it runs for a second


@dataclass(frozen=True)
class Kafka:
    place: Place
    version: str = KAFKA_VERSION
    name: Name = "kafka"
    pid_file: Path | None = None

    @property
    def folders(self) -> Folders:
        return Folders(self.place.state / "kafka")

    @property
    def _cluster_id_file(self) -> Path:
        """Is there once the data folder has been prepared."""
        return self.folders.root / "cluster-id"

    def environment(self, java: Path) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.folders.temporary), "LANG": "C.UTF-8", "JAVA_HOME": str(java)}

    def prepare(self, program: Path, java: Path, ports: Ports, avoid: Sequence[int]) -> tuple[int, list[str]]:
        port = ports.choose("kafka", avoid)
        controller_port = ports.choose("kafka-controller", [port, *avoid])
        folders = self.folders
        self.place.shown(folders.root)
        for folder in (folders.logs, folders.temporary):
            self.place.hand_over(folder)
        config = self.place.fresh(folders.config)
        properties = config / "kafka.properties"
        properties.write_text(
            rendered("kafka.properties", port=port, controller_port=controller_port), encoding="utf-8"
        )
        shutil.copyfile(Path(__file__).with_name("kafka-log4j2.properties"), config / "log4j2.properties")
        for path in config.iterdir():
            path.chmod(0o644)
        if not self._cluster_id_file.exists():
            self._format(program, java, properties)
        return port, self._command(program, java, _BROKER_OPTIONS, "kafka.Kafka", str(properties))

    def is_ready(self, port: int) -> bool:
        try:
            cluster = self._cluster_id_file.read_text(encoding="utf-8").strip()
        except OSError:
            return False
        return is_working(port, cluster)

    def _format(self, program: Path, java: Path, properties: Path) -> None:
        """Makes the data folder, with a cluster id, as Kafka wants it before its first start."""
        self.place.fresh(self.folders.data)
        self.place.hand_over(self.folders.data)
        cluster = new_cluster_id(uuid.uuid4())
        arguments = ("format", "-t", cluster, "-c", str(properties))
        code = process.run(
            self._command(program, java, _TOOL_OPTIONS, "kafka.tools.StorageTool", *arguments),
            environment=self.environment(java),
            folder=self.folders.root,
            output=self.folders.console,
            account=self.place.account,
            seconds=_FORMAT_SECONDS,
        )
        if code:
            raise LocalStackError(
                f"Kafka's data folder can't be prepared: {most_telling(read_from(self.folders.console, 0))}",
                f"See {self.folders.console}.",
            )
        self._cluster_id_file.write_text(f"{cluster}\n", encoding="utf-8")

    def _command(
        self, program: Path, java: Path, options: Sequence[str], main_class: str, *arguments: str
    ) -> list[str]:
        return [
            str(java / "bin" / "java"),
            *options,
            f"-XX:ErrorFile={self.folders.logs}/hs_err_pid%p.log",
            f"-Djava.io.tmpdir={self.folders.temporary}",
            "-Dlog4j2.configurationFile=config/log4j2.properties",  # relative: a comma would make it two
            f"-Dflagpost.logs={self.folders.logs}",
            "-cp",
            f"{program}/*",
            main_class,
            *arguments,
        ]


def new_cluster_id(random: uuid.UUID) -> str:
    """A cluster id in Kafka's form, 22 characters of base64; its first is a letter, since a dash would be an option."""
    return f"k{base64.urlsafe_b64encode(random.bytes).decode()[1:22]}"
