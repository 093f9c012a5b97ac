"""Who may do what at the broker of deploy/compose.yaml, and how passwords and rights change."""

from __future__ import annotations

from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.errors import TopicAuthorizationFailedError

from deploy.compose.users import KAFKA_USERS, kafka_users
from deploy.rights import RIGHTS
from pipeline.errors import AccessRefused, FlagpostError
from pipeline.kafka_clients import kafka_errors_explained, kafka_python_options
from pipeline.settings import Settings
from pipeline.setup.topics import setup_topics
from schemas.topics import POSTS, TOPICS
from tests.integration.compose.conftest import Composed
from tests.security.kafka_attempts import reads, writes

pytestmark = pytest.mark.integration


def test_the_user_for_setup_has_made_every_topic(composed: Composed) -> None:
    changes = list(setup_topics(composed.settings("setup"), dry_run=True))
    assert {change.name for change in changes} == set(TOPICS)
    assert {change.state for change in changes} == {"unchanged"}


def test_a_user_may_do_its_own_and_nothing_else(composed: Composed) -> None:
    assert writes(POSTS.name)(composed.settings("ingest"))
    with pytest.raises(TopicAuthorizationFailedError):
        writes(POSTS.name)(composed.settings("classify"))
    with pytest.raises(TopicAuthorizationFailedError):
        reads(POSTS)(composed.settings("ingest"))


def test_making_the_users_again_changes_nothing(composed: Composed) -> None:
    lines = composed.give()
    assert len(lines) == len(KAFKA_USERS)
    assert not [line for line in lines if "taken away" in line]


def test_a_right_that_left_the_table_is_taken_away(composed: Composed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RIGHTS, "ingest", RIGHTS["classify"])
    assert [line for line in composed.give() if line.startswith("Kafka user ingest:") and "taken away" in line]
    monkeypatch.undo()
    assert [line for line in composed.give() if line.startswith("Kafka user ingest:") and "taken away" in line]
    assert writes(POSTS.name)(composed.settings("ingest"))


def test_a_password_that_is_made_anew_replaces_the_old_one(composed: Composed) -> None:
    before = composed.settings("review")
    (composed.secrets / "kafka_review").unlink()
    composed.make_secrets()
    composed.give()
    after = composed.settings("review")
    assert after.kafka_password != before.kafka_password
    assert _signs_on(after)
    with pytest.raises(AccessRefused):
        _signs_on(before)


def test_a_secret_that_is_missing_is_named_and_nothing_is_done(composed: Composed, tmp_path: Path) -> None:
    with pytest.raises(FlagpostError, match="kafka_setup"):
        list(kafka_users(composed.settings("admin"), tmp_path))


def _signs_on(settings: Settings) -> bool:
    with kafka_errors_explained(settings):
        KafkaAdminClient(**kafka_python_options(settings)).close()
    return True
