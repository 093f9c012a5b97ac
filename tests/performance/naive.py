"""The naive baseline, as the libraries' first pages show it: a typed topic, `transformers.pipeline` one post a call, and
`es.index` for each item. Nothing is done to make it slow; padding is dynamic, PyTorch uses all cores.

It runs in the training's environment: ``faust -A tests.performance.naive worker``.
"""

from __future__ import annotations

import datetime as dt
import os

import faust
from elasticsearch import AsyncElasticsearch
from transformers import pipeline

INDEX = os.environ["NAIVE_INDEX"]

app = faust.App(
    os.environ["NAIVE_GROUP"],
    broker=f"kafka://{os.environ['NAIVE_KAFKA']}",
    consumer_auto_offset_reset="earliest",
    datadir=os.environ["NAIVE_DATA"],
    web_enabled=False,  # it would listen on every address
)
es = AsyncElasticsearch(os.environ["NAIVE_ELASTICSEARCH"])
classify = pipeline("text-classification", model=os.environ["NAIVE_MODEL"])


class Post(faust.Record, serializer="json"):
    """A post."""

    source: str
    id: str
    text: str
    created_at: str


posts = app.topic(os.environ["NAIVE_TOPIC"], value_type=Post)


@app.agent(posts)
async def judge(stream):
    """Judges posts, and stores those that are not chatter."""
    async for post in stream:
        verdict = classify(post.text, truncation=True)[0]
        if verdict["label"] != "chatter":
            document = {
                **post.asdict(),
                "label": verdict["label"],
                "score": verdict["score"],
                "judged_at": dt.datetime.now(dt.UTC).isoformat(),
            }
            await es.index(index=INDEX, id=f"{post.source}:{post.id}", document=document)
