"""The network: encoder → mean over the text's tokens → dropout → one linear layer.

No layer lies between the mean and the logits. So a label's logit is a sum over tokens, and the share of token t in it is
exactly (w · h_t) / n, with w the label's weights, h_t the token's last hidden state and n the number of the text's tokens.
[CLS], [SEP] and padding are left out of the mean: they stand for no words, and a share that nobody can read explains
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import torch
from tokenizers import Encoding, Regex, Tokenizer, normalizers
from torch import Tensor, nn
from transformers import PreTrainedModel

from models.prepare import prepare
from models.training.emoji import add_emoji
from schemas.labels import FLAGGED, GRADES, LABELS

OUTPUTS: Final = len(LABELS) + len(GRADES) + len(FLAGGED)


class Logits(NamedTuple):
    """``labels`` (batch, 4), ``grades`` (batch, 3), ``holds`` (batch, 3), ``pooled`` (batch, hidden)."""

    labels: Tensor
    grades: Tensor
    holds: Tensor
    """Of each flagged label: whether the post holds something of it, be it the primary label or not. Before a sigmoid."""
    pooled: Tensor


class Network(nn.Module):
    """What is trained."""

    def __init__(self, encoder: PreTrainedModel, specials: tuple[int, int], dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.specials = specials
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, OUTPUTS)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Logits:
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        pooled = mean_over_text(hidden, input_ids, attention_mask, self.specials)
        labels, grades, holds = self.head(self.dropout(pooled)).split([len(LABELS), len(GRADES), len(FLAGGED)], dim=1)
        return Logits(labels, grades, holds, pooled)


def mean_over_text(hidden: Tensor, input_ids: Tensor, attention_mask: Tensor, specials: tuple[int, int]) -> Tensor:
    """Mean of ``hidden`` (batch, tokens, hidden) over the text's own tokens; zero where a text has none."""
    counted = attention_mask.bool() & (input_ids != specials[0]) & (input_ids != specials[1])
    weights = counted.to(hidden.dtype).unsqueeze(-1)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)


def serving_tokenizer(base: Tokenizer, max_tokens: int) -> Tokenizer:
    """The base tokenizer as training and serving use it.

    A link becomes the one word "link": its letters are chance and would be half of a short post's tokens. Emoji are words.
    Offsets still point into the text given. "[SEP]" in a post is read as the five characters that it is.
    """
    tokenizer = Tokenizer.from_str(base.to_str())
    link = normalizers.Replace(Regex(r"https?://\S+"), "link")
    tokenizer.normalizer = normalizers.Sequence([link, tokenizer.normalizer])
    add_emoji(tokenizer)
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    tokenizer.encode_special_tokens = True
    return tokenizer


def read_by(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Encoding]:
    """The encodings of ``texts``, cleaned as in serving."""
    return tokenizer.encode_batch([prepare(text).text for text in texts])


def batches(encodings: Sequence[Encoding], size: int) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    """(positions, input ids, attention mask) in micro-batches of texts of like length."""
    order = sorted(range(len(encodings)), key=lambda position: len(encodings[position].ids))
    for start in range(0, len(order), size):
        positions = order[start : start + size]
        yield positions, *tensors([encodings[position] for position in positions])


def tensors(encodings: Sequence[Encoding]) -> tuple[Tensor, Tensor]:
    """Input ids and attention mask, padded to the longest of ``encodings``."""
    longest = max(len(one.ids) for one in encodings)
    ids = torch.zeros((len(encodings), longest), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for place, one in enumerate(encodings):
        ids[place, : len(one.ids)] = torch.tensor(one.ids)
        mask[place, : len(one.ids)] = 1
    return ids, mask


def judge_all(network: Network, tokenizer: Tokenizer, texts: Sequence[str], size: int = 32) -> Logits:
    """Logits of all texts in order, without gradients, in eval mode. Texts are judged by their heads."""
    network.eval()
    encodings = read_by(tokenizer, texts)
    widths = (len(LABELS), len(GRADES), len(FLAGGED), network.encoder.config.hidden_size)
    found = Logits(*(torch.zeros((len(texts), width)) for width in widths))
    with torch.inference_mode():
        for positions, ids, mask in batches(encodings, size):
            for part, judged in zip(found, network(ids, mask), strict=True):
                part[positions] = judged
    return found
