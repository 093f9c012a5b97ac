"""The users of deploy/compose.yaml at Elasticsearch, against a scripted one: the local one has no users that can be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.compose.users import ELASTICSEARCH_USERS, elasticsearch_users
from pipeline.errors import AccessRefused, InvalidSettings
from pipeline.settings import Settings
from tests.doubles.scripted_elasticsearch import ScriptedElasticsearch

KIBANA = "/_security/user/kibana_system/_password"


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    for user in (*ELASTICSEARCH_USERS, "kibana"):
        (tmp_path / f"elasticsearch_{user}").write_text(f"{user}-s3cret")
    return tmp_path


def scripted() -> ScriptedElasticsearch:
    server = ScriptedElasticsearch().on("PUT", KIBANA, {})
    for user in ELASTICSEARCH_USERS:
        server.on("PUT", f"/_security/user/flagpost_{user}", {"created": True})
    return server


def test_every_user_gets_its_password_and_its_roles_and_no_line_shows_one(secrets: Path) -> None:
    with scripted() as server:
        lines = list(elasticsearch_users(Settings(elasticsearch_url=server.url), secrets))
    asked = {request.path: request.body for request in server.requests}
    assert asked[KIBANA] == {"password": "kibana-s3cret"}
    for user, roles in ELASTICSEARCH_USERS.items():
        assert asked[f"/_security/user/flagpost_{user}"] == {"password": f"{user}-s3cret", "roles": list(roles)}
    assert len(lines) == len(asked)
    assert "s3cret" not in " ".join(lines)


def test_who_is_no_administrator_is_told_so(secrets: Path) -> None:
    refusing = ScriptedElasticsearch().on("PUT", KIBANA, {"error": {"type": "security_exception"}}, 403)
    with refusing as server, pytest.raises(AccessRefused):
        list(elasticsearch_users(Settings(elasticsearch_url=server.url), secrets))


def test_an_empty_password_is_none(secrets: Path) -> None:
    (secrets / "elasticsearch_index").write_text("\n")
    with scripted() as server, pytest.raises(InvalidSettings, match="elasticsearch_index"):
        list(elasticsearch_users(Settings(elasticsearch_url=server.url), secrets))
    assert server.requests == []
