"""What is there, read with plain clients: the records of a topic, the documents of an index."""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.request
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from pipeline.settings import Settings

PAGE = 5000


def records(settings: Settings, topic: str) -> list[Any]:
    """Every record of ``topic``, each partition's in order."""
    name = settings.named(topic)
    consumer = KafkaConsumer(bootstrap_servers=settings.bootstrap(), enable_auto_commit=False)
    try:
        partitions = [TopicPartition(name, number) for number in consumer.partitions_for_topic(name) or ()]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        found: list[Any] = []
        while any(consumer.position(one) < end for one, end in ends.items()):
            for some in consumer.poll(timeout_ms=1000).values():
                found += some
        return found
    finally:
        consumer.close()


def end(settings: Settings, topic: str) -> int:
    """How many records ``topic`` has: far cheaper than to read them, for who waits."""
    name = settings.named(topic)
    consumer = KafkaConsumer(bootstrap_servers=settings.bootstrap(), enable_auto_commit=False)
    try:
        partitions = [TopicPartition(name, number) for number in consumer.partitions_for_topic(name) or ()]
        return int(sum(consumer.end_offsets(partitions).values()))
    finally:
        consumer.close()


def hits(settings: Settings, name: str) -> list[dict[str, Any]]:
    """Every hit of a search through the index or alias ``name``, however many there are."""
    server = settings.elasticsearch()
    _asked("POST", f"{server}/{settings.named(name)}/_refresh")
    query = {"size": PAGE, "sort": ["_doc"]}
    page = _asked("POST", f"{server}/{settings.named(name)}/_search?scroll=1m", query)
    found: list[dict[str, Any]] = []
    while page["hits"]["hits"]:
        found += page["hits"]["hits"]
        page = _asked("POST", f"{server}/_search/scroll", {"scroll": "1m", "scroll_id": page["_scroll_id"]})
    _asked("DELETE", f"{server}/_search/scroll", {"scroll_id": page["_scroll_id"]})  # a server keeps 500 at most
    return found


def document_id(source: str, id: str) -> str:
    """The ``_id`` that a post's document must have."""
    digest = hashlib.sha256(source.encode() + b"\0" + id.encode()).digest()
    return base64.b32encode(digest).decode().lower().rstrip("=")


def _asked(method: str, url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"} if body else {}
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found
