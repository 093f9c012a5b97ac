"""Kafka refuses each user what is not its work."""

from __future__ import annotations

import time

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka import errors as kafka_errors

from pipeline.errors import AccessRefused, KafkaUnavailable
from pipeline.kafka_clients import kafka_errors_explained, kafka_python_options
from pipeline.page.actions import NotTakenUp
from pipeline.topic_reader import SILENCE_SECONDS
from schemas import codec
from schemas.topics import ALERT_ACTIONS, ALERTS, AUDIT, CHATTER_SAMPLE, FLAGGED, HOLDS, POSTS, REVIEWS
from tests.notices import alert
from tests.security.kafka_attempts import Attempt, creates, deletes, joins, reads, shortens, writes
from tests.security.run import Ran
from tests.security.secured import Secured
from tests.waiting import PATIENCE

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("user", "attempt"),
    [
        ("ingest", reads(POSTS)),
        ("ingest", writes("flagged")),
        ("ingest", writes("outcomes")),
        ("ingest", joins("flagpost-classify", "posts")),
        ("ingest", creates),
        ("classify", writes("posts")),
        ("classify", reads(FLAGGED)),
        ("classify", joins("flagpost-index", "posts")),
        ("classify", shortens),
        ("index", reads(POSTS)),
        ("index", reads(CHATTER_SAMPLE)),
        ("index", writes("flagged")),
        ("index", writes("audit")),
        ("auditor", reads(POSTS)),
        ("auditor", reads(REVIEWS)),
        ("auditor", writes("reviews")),
        ("auditor", writes("alert-actions")),
        ("retain", reads(AUDIT)),
        ("retain", writes("reviews")),
        ("retain", deletes),
        ("index", writes("posts")),
        ("setup", reads(POSTS)),
        ("setup", writes("posts")),
        ("setup", deletes),
        ("status", reads(POSTS)),
        ("status", writes("posts")),
        ("status", creates),
        ("alerts", reads(POSTS)),
        ("alerts", reads(ALERT_ACTIONS)),
        ("alerts", writes("alerts")),
        ("alerts", reads(AUDIT)),
        ("alerts", writes("reviews")),
        ("alert", reads(ALERTS)),
        ("alert", writes("alerts")),
        ("alert", joins("flagpost-page", "flagged")),
        ("page", writes("flagged")),
        ("page", writes("alert-actions")),
        ("page", reads(CHATTER_SAMPLE)),
        ("review", reads(FLAGGED)),
        ("review", writes("reviews")),
        ("review", writes("alerts")),
        ("analyst", reads(POSTS)),
        ("analyst", reads(AUDIT)),
        ("analyst", writes("flagged")),
        ("analyst", writes("posts")),
        ("analyst", writes("alerts")),
        ("analyst", writes("holds")),
        ("analyst", joins("flagpost-review", "reviews")),
        ("dead-letters", reads(POSTS)),
        ("dead-letters", writes("outcomes")),
        ("hold", reads(POSTS)),
        ("hold", writes("posts")),
        ("retain", writes("posts")),
        ("forget", writes("flagged")),
        ("forget", reads(AUDIT)),
        ("page", reads(HOLDS)),
        ("stranger", reads(POSTS)),
        ("stranger", writes("posts")),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_kafka_refuses_what_a_user_has_no_right_to(secured: Secured, ran: Ran, user: str, attempt: Attempt) -> None:
    with pytest.raises(kafka_errors.AuthorizationError):
        attempt(secured.settings(user))


def test_alerts_are_seen_and_acted_on_with_the_rights_to_that_alone(secured: Secured, ran: Ran) -> None:
    one = alert()
    producer = KafkaProducer(**kafka_python_options(secured.settings("admin")))
    producer.send(ALERTS.name, codec.encode(one), key=one.id.encode()).get(timeout=PATIENCE)
    producer.close()
    for arguments, code, says in (
        (["list"], 0, " open."),
        (["show", one.id], 0, "The history is left out"),
        (["ack", one.id], NotTakenUp.exit_code, "It is recorded"),  # there is no page worker here
    ):
        done = secured.flagpost("alerts", "alerts", *arguments)
        assert done.returncode == code, done.stdout
        assert says in done.stdout
    done = secured.flagpost("status", "alerts", "list")
    assert done.returncode == AccessRefused.exit_code, done.stdout


def test_kafka_takes_nobody_who_does_not_sign_on(secured: Secured) -> None:
    signed_on = secured.settings("ingest")
    plain = signed_on.model_copy(update={"production": False, "kafka_security_protocol": "PLAINTEXT"})
    wrong = signed_on.model_copy(update={"kafka_password": secured.settings("classify").kafka_password})
    for settings, refusal in ((plain, KafkaUnavailable), (wrong, AccessRefused)):
        with pytest.raises(refusal), kafka_errors_explained(settings):
            KafkaAdminClient(**{**kafka_python_options(settings), "bootstrap_timeout_ms": 2_000})


def test_a_missing_right_is_told_as_one(secured: Secured, ran: Ran) -> None:
    """kafka-python tells it as an error without a type: who may write nowhere gets no producer's id."""
    done = secured.flagpost("status", "ingest", "--from-start", str(secured.folder / "posts.jsonl"))
    assert done.returncode == AccessRefused.exit_code, done.stdout
    assert "Our user lacks a right at Kafka" in done.stdout


@pytest.mark.parametrize("command", [("dead-letters", "list"), ("ingest", "posts.jsonl")], ids=" ".join)
def test_a_topic_that_a_user_may_not_even_see_is_not_told_as_missing(
    secured: Secured, ran: Ran, command: tuple[str, ...]
) -> None:
    """A list of all topics leaves it out: nobody is to run `flagpost setup` for that, or to wait."""
    arguments = [str(secured.folder / one) if one.endswith(".jsonl") else one for one in command]
    began = time.monotonic()
    done = secured.flagpost("stranger", *arguments)
    assert done.returncode == AccessRefused.exit_code, done.stdout
    assert "Our user lacks a right at Kafka" in done.stdout
    assert "flagpost setup" not in done.stdout
    assert time.monotonic() - began < SILENCE_SECONDS
