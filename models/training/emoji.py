"""Emoji for an encoder whose vocabulary has none: each becomes a token that starts as the mean of the words of its name.

😱 is "face screaming in fear" in Unicode's own words, so the encoder reads something near its meaning from the first step,
though most emoji never stand in the corpus.
"""

from __future__ import annotations

import unicodedata
from typing import Final

import torch
from tokenizers import AddedToken, Tokenizer
from transformers import PreTrainedModel

_BLOCKS: Final = ((0x2600, 0x27C0), (0x1F300, 0x1F650), (0x1F680, 0x1F700), (0x1F900, 0x1FB00))
_SAY_NOTHING: Final = frozenset({"face", "with", "and", "of", "sign", "symbol", "black", "white", "heavy", "mark"})
"""Words of names that tell shape or family, not meaning."""

EMOJI: Final = tuple(
    character
    for first, last in _BLOCKS
    for character in map(chr, range(first, last))
    if unicodedata.category(character) == "So"
)


def missing_emoji(base: Tokenizer) -> list[str]:
    """Those of `EMOJI` that ``base`` does not know: a few, such as ★ and ♥, are in most vocabularies."""
    return [character for character in EMOJI if base.token_to_id(character) is None]


def add_emoji(tokenizer: Tokenizer) -> None:
    """Teaches ``tokenizer`` the emoji that it misses, in this order, after the words that it has."""
    tokenizer.add_tokens([AddedToken(character, normalized=False) for character in missing_emoji(tokenizer)])


def embed_emoji(encoder: PreTrainedModel, base: Tokenizer) -> None:
    """Gives ``encoder`` a row for each emoji that ``base`` misses, at the ids that `add_emoji` gives them."""
    words = encoder.get_input_embeddings().weight.detach()
    count, missing = base.get_vocab_size(), missing_emoji(base)
    encoder.resize_token_embeddings(count + len(missing), mean_resizing=False)
    with torch.no_grad():
        rows = encoder.get_input_embeddings().weight
        for place, character in enumerate(missing):
            rows[count + place] = words[base.encode(_meaning(character), add_special_tokens=False).ids].mean(dim=0)


def _meaning(character: str) -> str:
    name = unicodedata.name(character).lower().replace("-", " ")
    return " ".join(word for word in name.split() if word not in _SAY_NOTHING) or name
