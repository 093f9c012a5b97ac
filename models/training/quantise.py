"""From the trained network to the served graph: int8 weights and activations, and the outputs that explain a verdict.

Only the encoder is quantised, statically: the activation ranges are fixed beforehand, so a post's score does not depend on
its batch mates, as it would with ranges taken from each batch. The linear layer is put on top afterwards in full precision,
token by token, so that the shares of the tokens and the bias add up to the logit exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nncf
import numpy as np
import torch
from nncf import Dataset, ModelType, QuantizationPreset
from numpy.typing import NDArray
from openvino import opset15 as ops
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import PreTrainedModel

from models.manifest import GRAPH, TOKENIZER
from models.quiet_openvino import openvino
from models.training.network import Network, batches, read_by
from schemas.labels import GRADES, LABELS

_BATCH = 8
_TRACE_LENGTH = 16


def quantise(network: Network, tokenizer: Tokenizer, texts: Sequence[str], folder: Path) -> None:
    """Writes ``model.xml``, ``model.bin`` and ``tokenizer.json``; activation ranges are measured on ``texts``."""
    encoder = nncf.quantize(
        to_openvino(network.encoder),
        Dataset(list(_samples(tokenizer, texts))),
        model_type=ModelType.TRANSFORMER,
        preset=QuantizationPreset.MIXED,
        subset_size=-(-len(texts) // _BATCH),
        fast_bias_correction=True,
    )
    folder.mkdir(parents=True, exist_ok=True)
    openvino.save_model(with_head(encoder, network.head, network.specials), folder / GRAPH, compress_to_fp16=False)
    tokenizer.save(str(folder / TOKENIZER))


def to_openvino(encoder: PreTrainedModel) -> openvino.Model:
    """The encoder as a graph with free batch size and length: ``input_ids``, ``attention_mask`` → hidden states."""
    encoder.eval()
    ids = torch.full((2, _TRACE_LENGTH), 1_000)
    mask = torch.ones_like(ids)
    mask[1, _TRACE_LENGTH // 2 :] = 0  # a mask of ones alone would be traced away
    graph = openvino.convert_model(_HiddenStates(encoder), example_input={"input_ids": ids, "attention_mask": mask})
    graph.reshape({"input_ids": [-1, -1], "attention_mask": [-1, -1]})
    return graph


def with_head(encoder: openvino.Model, head: nn.Linear, specials: tuple[int, int]) -> openvino.Model:
    """The served graph.

    Its outputs are ``labels`` (batch, 4), ``grades`` (batch, 3), ``holds`` (batch, 3), ``shares`` (batch, tokens, 4) and
    ``embedding`` (batch, hidden), in this order.
    """
    weight = head.weight.detach().numpy().astype(np.float32)
    bias = head.bias.detach().numpy().astype(np.float32)
    of_labels, of_grades, of_holds = np.split(np.arange(len(bias)), [len(LABELS), len(LABELS) + len(GRADES)])
    ids, mask = encoder.input("input_ids"), encoder.input("attention_mask")
    hidden = encoder.output(0).get_node().input_value(0)
    weights = _token_weights(ids, mask, specials)
    shares = ops.multiply(ops.matmul(hidden, _constant(weight[of_labels]), False, True), weights)
    embedding = ops.reduce_sum(ops.multiply(hidden, weights), _constant(np.array([1])), False)
    outputs = {
        "labels": ops.add(ops.reduce_sum(shares, _constant(np.array([1])), False), _constant(bias[of_labels])),
        "grades": ops.add(ops.matmul(embedding, _constant(weight[of_grades]), False, True), _constant(bias[of_grades])),
        "holds": ops.add(ops.matmul(embedding, _constant(weight[of_holds]), False, True), _constant(bias[of_holds])),
        "shares": shares,
        "embedding": embedding,
    }
    results = []
    for name, node in outputs.items():
        node.output(0).set_names({name})
        results.append(ops.result(node))
    return openvino.Model(results, encoder.get_parameters(), "flagpost")


def _token_weights(ids: Any, mask: Any, specials: tuple[int, int]) -> Any:
    """(batch, tokens, 1): 1 / n at the text's n own tokens, 0 elsewhere, as `network.mean_over_text` counts them."""
    first, last = (ops.not_equal(ids, _constant(np.int64(special))) for special in specials)
    counted = ops.logical_and(ops.convert(mask, "boolean"), ops.logical_and(first, last))
    ones = ops.convert(counted, "f32")
    count = ops.reduce_sum(ones, _constant(np.array([1])), True)
    return ops.unsqueeze(ops.divide(ones, ops.maximum(count, _constant(np.float32(1)))), _constant(np.array([2])))


def _constant(value: Any) -> Any:
    return ops.constant(np.asarray(value))


def _samples(tokenizer: Tokenizer, texts: Sequence[str]) -> Iterator[dict[str, NDArray[np.int64]]]:
    for _, ids, mask in batches(read_by(tokenizer, texts), _BATCH):
        yield {"input_ids": ids.numpy(), "attention_mask": mask.numpy()}


class _HiddenStates(nn.Module):
    def __init__(self, encoder: PreTrainedModel) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        hidden: Tensor = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return hidden
