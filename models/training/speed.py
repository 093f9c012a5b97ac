"""How fast the served graph is, beside what a data scientist would write first: both in one run, on the same posts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import BertForSequenceClassification, PreTrainedTokenizerFast, TextClassificationPipeline

from models.language import other_language
from models.openvino_classifier import Graph
from models.prepare import prepare
from models.training.network import Network
from schemas.labels import LABELS

_ROUNDS: Final = 5
_POSTS: Final = 400


def speeds(graph: Graph, network: Network, tokenizer: Tokenizer, texts: Sequence[str]) -> dict[str, float]:
    """Posts a second, on all cores: the served model in one call, and `transformers.pipeline` one post at a time.

    Served means cleaned, judged, and looked at for their language, as the pipeline does.

    The two take turns; ``times_as_fast`` is the median of the turns' ratios, with the least and the most.
    """
    chosen = [texts[place] for place in np.linspace(0, len(texts) - 1, min(_POSTS, len(texts))).astype(int)]
    naive = _pipeline(network, tokenizer)
    graph.run([prepare(text).text for text in chosen])
    served, called, ratios = [], [], []
    for _ in range(_ROUNDS):
        served.append(len(chosen) / _seconds(lambda: _judge(graph, chosen)))
        few = chosen[:: max(1, len(chosen) // 60)]
        called.append(len(few) / _seconds(lambda: [naive(text) for text in few]))  # noqa: B023
        ratios.append(served[-1] / called[-1])
    return {
        "posts_per_second": round(float(np.median(served))),
        "pipeline_posts_per_second": round(float(np.median(called)), 1),
        "times_as_fast": round(float(np.median(ratios)), 1),
        "times_as_fast_least": round(min(ratios), 1),
        "times_as_fast_most": round(max(ratios), 1),
    }


def _judge(graph: Graph, texts: Sequence[str]) -> None:
    prepared = [prepare(text).text for text in texts]
    graph.run(prepared)
    for text in prepared:
        other_language(text)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _pipeline(network: Network, tokenizer: Tokenizer) -> TextClassificationPipeline:
    """The network's own encoder, in full precision, as a `text-classification` pipeline.

    Its head reads the first token instead of the mean, which costs the same; its labels are not looked at.
    """
    config = network.encoder.config
    config.num_labels = len(LABELS)
    model = BertForSequenceClassification(config)
    model.bert.load_state_dict(network.encoder.state_dict(), strict=False)
    model.eval()
    named = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named)
    return TextClassificationPipeline(model=model, tokenizer=fast, device=torch.device("cpu"))
