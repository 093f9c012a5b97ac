"""Whether this machine has the memory and the disk that the local servers need, before they are started."""

from __future__ import annotations

from pathlib import Path

import psutil

from pipeline.errors import LocalStackError

MEMORY_NEEDED = {"kafka": 600_000_000, "elasticsearch": 1_000_000_000}
"""Bytes: what each server takes at -Xmx512m (380 and 730 MB resident), and some for the page cache."""

DISK_NEEDED = 2_000_000_000
"""Bytes: programs (0.4 GB) and data of a few days of trying."""

_CGROUP = Path("/sys/fs/cgroup")


def available_memory(cgroup: Path = _CGROUP) -> int:
    """Bytes that new processes can use: the machine's, or less where this container's limit leaves less."""
    free = int(psutil.virtual_memory().available)
    try:
        limit = int((cgroup / "memory.max").read_text(encoding="ascii"))
        used = int((cgroup / "memory.current").read_text(encoding="ascii"))
        cached = dict(line.split() for line in (cgroup / "memory.stat").read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):  # not Linux, no container, or "max": no limit
        return free
    return min(free, limit - used + int(cached.get("inactive_file", 0)))


def free_disk(folder: Path) -> int:
    """Bytes free where ``folder`` is or will be."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return int(psutil.disk_usage(str(existing)).free)


def require_memory(needed: int, available: int) -> None:
    """Raises `LocalStackError` when ``available`` bytes are fewer than ``needed``."""
    if available < needed:
        raise LocalStackError(
            f"The local servers need {needed / 1e9:.1f} GB of memory, and {available / 1e9:.1f} GB is available.",
            "End other programs, or use a Kafka and an Elasticsearch elsewhere: FLAGPOST_KAFKA_BOOTSTRAP and "
            "FLAGPOST_ELASTICSEARCH_URL.",
        )


def require_disk(folder: Path, free: int) -> None:
    """Raises `LocalStackError` when ``free`` bytes of the disk of ``folder`` are too few."""
    if free < DISK_NEEDED:
        raise LocalStackError(
            f"The local servers need {DISK_NEEDED / 1e9:.0f} GB of disk at {folder}, and {free / 1e9:.1f} GB is free.",
            "Free some space there, or put the state elsewhere with FLAGPOST_HOME.",
        )
