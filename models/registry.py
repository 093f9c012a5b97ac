"""The released models that lie in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.classifier import UnusableModel
from models.manifest import MANIFEST, Manifest, read_manifest

DEPTH: Final = 2
"""Folders below the one that is looked at which are looked into."""


@dataclass(frozen=True, slots=True)
class Release:
    """A folder with a manifest: what that says, or the sentence why it can't be used."""

    folder: Path
    manifest: Manifest | None
    problem: str | None = None


def releases(folder: Path) -> list[Release]:
    """``folder`` itself and folders below it that hold a manifest, the latest activation first, unusable ones last.

    Checksums are verified. Hidden folders are passed over.
    """
    found = [_release(one) for one in _holding(folder, DEPTH)]
    return sorted(found, key=lambda one: (one.manifest is None, -_activated(one), str(one.folder)))


def _holding(folder: Path, depth: int) -> list[Path]:
    here = [folder] if (folder / MANIFEST).is_file() else []
    if depth == 0:
        return here
    try:
        below = sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    except OSError:
        return here
    return here + [path for one in below for path in _holding(one, depth - 1)]


def _release(folder: Path) -> Release:
    try:
        return Release(folder, read_manifest(folder))
    except UnusableModel as error:
        return Release(folder, None, str(error))


def _activated(release: Release) -> float:
    return release.manifest.activation.at.timestamp() if release.manifest else 0.0
