"""The Kafka and the Elasticsearch that `flagpost local up` runs on this machine, as it has noted them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pipeline.processes import lives


def local_status_file(home: Path) -> Path:
    """Where ``flagpost local up`` notes what it runs: ``{"kafka": {…}, "elasticsearch": {…}}``."""
    return home / "local" / "status.json"


def address_of(home: Path, server: Literal["kafka", "elasticsearch"]) -> str | None:
    """The bootstrap address of the local Kafka, or the URL of the local Elasticsearch.

    None where nothing is noted, and where the process that is noted has ended: another program may listen there by now.
    """
    file = local_status_file(home)
    try:
        note = json.loads(file.read_text(encoding="utf-8"))[server]
        pid, address = note["pid"], note["bootstrap" if server == "kafka" else "url"]
        noted_at = file.stat().st_mtime
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(address) if address and isinstance(pid, int) and lives(pid, noted_at) else None
