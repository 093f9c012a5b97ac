"""What a released model is: its identity, files, calibration, thresholds and how it came to be."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from models.calibration import Calibration
from models.classifier import Thresholds, UnusableModel
from schemas.labels import GRADES, LABELS

MANIFEST: Final = "manifest.json"
GRAPH: Final = "model.xml"
WEIGHTS: Final = "model.bin"
TOKENIZER: Final = "tokenizer.json"
SERVED: Final = (GRAPH, WEIGHTS, TOKENIZER)
"""The files that serving reads; a manifest lists each with its checksum."""

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class Base(Struct, frozen=True, forbid_unknown_fields=True):
    """The weights that training started from."""

    name: str
    artifact: Annotated[str, Meta(description="Coordinates of the package that carries them")]
    sha256: Sha256
    licence: str


class Activation(Struct, frozen=True, forbid_unknown_fields=True):
    """When this model became the one that judges. The ordinal rises on every promote and every rollback."""

    ordinal: Annotated[int, Meta(ge=1, lt=1024, description="10 bits of an item's version")]
    at: dt.datetime


class Trained(Struct, frozen=True, forbid_unknown_fields=True):
    """What the training saw and how it was done."""

    at: dt.datetime
    seed: int
    corpus_sha256: Sha256
    posts: dict[str, int]
    recipe: dict[str, Any]


class Manifest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A released model. Written by `models.training.card`, read by `read_manifest`."""

    name: Name
    version: Name
    base: Base
    labels: list[str]
    grades: list[str]
    max_tokens: Annotated[int, Meta(ge=16, le=512, description="Of a window")]
    files: dict[str, Sha256]
    bias: Annotated[list[float], Meta(description="Of each label: the part of its logit that no token has a share in")]
    calibration: Calibration
    thresholds: Thresholds
    activation: Activation
    trained: Trained
    metrics: Annotated[dict[str, Any], Meta(description="What CARD.md tells, as numbers")]

    @property
    def model(self) -> str:
        """name@version"""
        return f"{self.name}@{self.version}"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the released model in ``folder``, every file's checksum verified.

    Raises `UnusableModel`.
    """
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except OSError:
        raise UnusableModel(f"There is no released model in {folder}: it has no readable {MANIFEST}.") from None
    except msgspec.ValidationError as error:
        raise UnusableModel(
            f"The model in {folder} was released for another version of flagpost, or its {MANIFEST} was edited: {error}."
        ) from None
    except msgspec.MsgspecError as error:
        raise UnusableModel(f"{MANIFEST} in {folder} is not a model's manifest: {error}.") from None
    _check_outputs(manifest)
    _check_files(manifest, folder)
    return manifest


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_outputs(manifest: Manifest) -> None:
    for what, found, expected in (("labels", manifest.labels, LABELS), ("grades", manifest.grades, GRADES)):
        if tuple(found) != expected:
            raise UnusableModel(
                f"Model {manifest.model} has the {what} {', '.join(found)}; "
                f"this version of flagpost needs {', '.join(expected)}, in this order."
            )
    if len(manifest.bias) != len(LABELS):
        raise UnusableModel(f"Model {manifest.model} has {len(manifest.bias)} biases for {len(LABELS)} labels.")
    thresholds = manifest.thresholds.as_dict()
    wrong = [name for name, value in thresholds.items() if not 0 <= value <= 1]
    if wrong:
        raise UnusableModel(f"Model {manifest.model} has the threshold {wrong[0]} outside 0 to 1.")


def _check_files(manifest: Manifest, folder: Path) -> None:
    unlisted = [name for name in SERVED if name not in manifest.files]
    if unlisted:
        raise UnusableModel(f"The manifest of model {manifest.model} does not list {unlisted[0]}.")
    for name, expected in manifest.files.items():
        if Path(name).name != name:
            raise UnusableModel(f"The manifest of model {manifest.model} names a file outside its folder: {name}.")
        try:
            found = sha256_of(folder / name)
        except OSError:
            raise UnusableModel(f"Model {manifest.model} is incomplete: {name} can't be read in {folder}.") from None
        if found != expected:
            raise UnusableModel(f"{name} of model {manifest.model} was altered: its checksum is not the manifest's.")
