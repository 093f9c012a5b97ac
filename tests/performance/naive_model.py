"""Makes the naive baseline's model: ``python -m tests.performance.naive_model FOLDER`` in the training's environment.

It is the released model's own base in full precision under a `…ForSequenceClassification` head that nobody trained: what it
says is worthless, and how long it takes is what it would take trained. Its bias against chatter is moved so that it flags as
many posts as are not chatter, or the baseline would index all of them or none.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast
from transformers.utils.logging import disable_progress_bar

from models.training.bases import BASES
from schemas.labels import LABELS
from tests.performance.workload import CHATTER_SHARE, ROOT, draw

POSTS = 150
MOST_TOKENS = 512


def build(folder: Path) -> None:
    """Writes the model and its tokenizer into ``folder``, as `transformers.pipeline` loads them."""
    manifest = json.loads((ROOT / "models" / "released" / "manifest.json").read_text("utf-8"))
    base = BASES[manifest["base"]["name"]]
    weights = base.fetch()
    encoder = base.load_encoder(weights)
    config = encoder.config
    config.id2label, config.label2id = dict(enumerate(LABELS)), {label: place for place, label in enumerate(LABELS)}
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_config(config).eval()
    model.base_model.load_state_dict(encoder.state_dict(), strict=False)  # its pooling layer has no weights to load
    named = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=base.load_tokenizer(weights), model_max_length=MOST_TOKENS, **named
    )
    _flag_as_many_as_matter(model, tokenizer)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _flag_as_many_as_matter(model, tokenizer) -> None:
    texts = [post.text for post in draw(POSTS, seed=0)]
    chatter = LABELS.index("chatter")
    with torch.inference_mode():
        ahead = []
        for text in texts:
            logits = model(**tokenizer(text, truncation=True, return_tensors="pt")).logits[0]
            others = torch.cat([logits[:chatter], logits[chatter + 1 :]])
            ahead.append(float(others.max() - logits[chatter]))
        model.classifier.bias[chatter] += float(torch.tensor(ahead).quantile(CHATTER_SHARE))


if __name__ == "__main__":
    disable_progress_bar()
    build(Path(sys.argv[1]))
