"""The examples are documentation and test data at once."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from schemas import codec, mapping
from schemas.codec import InvalidMessage
from schemas.topics import TOPICS
from tests.doubles.manual_clock import START

EXAMPLES = Path(mapping.__file__).parent / "examples"
GOOD = sorted(EXAMPLES.glob("*/good/*.json"))
BAD = sorted(EXAMPLES.glob("*/bad/*.json"))


def name(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.stem}"


def decode(path: Path) -> object:
    topic = path.parent.parent.name
    value = path.read_bytes()
    return codec.decode_post(value, START) if topic == "posts" else codec.decode(TOPICS[topic], value)


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_a_good_example_is_taken(path: Path) -> None:
    decode(path)


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_a_good_example_fits_the_published_json_schema(path: Path) -> None:
    schema = json.loads((mapping.GENERATED / f"{path.parent.parent.name}.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads(path.read_text("utf-8")), schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("path", BAD, ids=name)
def test_a_bad_example_is_refused_for_the_reason_in_its_name(path: Path) -> None:
    with pytest.raises(InvalidMessage) as caught:
        decode(path)
    assert caught.value.reason == path.stem.partition("--")[0]


def test_every_topic_that_carries_records_has_good_and_bad_examples() -> None:
    topics = {topic for topic in TOPICS if TOPICS[topic].record is not bytes}
    assert {path.parent.parent.name for path in GOOD} == topics
    assert {path.parent.parent.name for path in BAD} == topics
