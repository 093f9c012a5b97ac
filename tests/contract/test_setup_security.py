"""How `setup` signs on to Elasticsearch: user and password, API key, and certificates of an authority of one's own."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr

from pipeline.errors import AccessRefused, InvalidSettings
from pipeline.settings import Settings
from pipeline.setup.elasticsearch import setup_elasticsearch
from schemas.mapping import INDICES
from tests.doubles.scripted_elasticsearch import ScriptedElasticsearch

OK = {"acknowledged": True}
SECRET = SecretStr("s3cret-never-shown")


def empty_cluster(server: ScriptedElasticsearch) -> ScriptedElasticsearch:
    server.on("POST", "/_analyze", {"error": {"type": "illegal_argument_exception"}, "status": 400}, 400)
    for index in INDICES:
        server.on("PUT", f"/_index_template/{index.alias}", OK).on("GET", f"/{index.alias}*", {})
        server.on("PUT", f"/{index.name}", OK)
    return server


@pytest.fixture
def server() -> Iterator[ScriptedElasticsearch]:
    with empty_cluster(ScriptedElasticsearch()) as server:
        yield server


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def secure(authority: trustme.CA, host: str = "localhost") -> ScriptedElasticsearch:
    """A cluster that speaks HTTPS with a certificate for ``host``."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(host).configure_cert(context)
    return empty_cluster(ScriptedElasticsearch(tls=context))


def run(server: ScriptedElasticsearch, tmp_path: Path, **fields: Any) -> None:
    list(setup_elasticsearch(Settings(home=tmp_path, elasticsearch_url=server.url, namespace="", **fields)))


def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def sign_ons(server: ScriptedElasticsearch) -> set[str | None]:
    return {request.headers.get("authorization") for request in server.requests}


def test_every_request_carries_user_name_and_password(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    run(server, tmp_path, elasticsearch_username="ada", elasticsearch_password=SecretStr("pa:ss"))
    assert sign_ons(server) == {"Basic YWRhOnBhOnNz"}


def test_every_request_carries_the_api_key(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    run(server, tmp_path, elasticsearch_api_key=SecretStr("aWQ6a2V5"))
    assert sign_ons(server) == {"ApiKey aWQ6a2V5"}


def test_without_a_sign_on_none_is_sent(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    run(server, tmp_path)
    assert sign_ons(server) == {None}


def test_two_ways_to_sign_on_are_one_too_many(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="Both an API key and a user name"):
        run(server, tmp_path, elasticsearch_username="ada", elasticsearch_api_key=SECRET)
    assert server.requests == []


@pytest.mark.parametrize(
    "sign_on",
    [{"elasticsearch_username": "ada", "elasticsearch_password": SECRET}, {"elasticsearch_api_key": SECRET}],
    ids=["password", "api key"],
)
def test_a_wrong_secret_is_explained_and_not_shown(
    server: ScriptedElasticsearch, tmp_path: Path, sign_on: dict[str, Any]
) -> None:
    server.instead("POST", "/_analyze", {"error": {"type": "security_exception"}, "status": 401}, 401)
    with pytest.raises(AccessRefused, match="refused the user name, password or API key") as refused:
        run(server, tmp_path, **sign_on)
    assert SECRET.get_secret_value() not in refused.value.message + refused.value.hint
    assert server.writes == []


def test_the_authority_that_is_named_is_trusted(authority: trustme.CA, tmp_path: Path) -> None:
    with secure(authority) as server:
        run(server, tmp_path, elasticsearch_ca_file=ca_file(authority, tmp_path))
        assert server.writes == [
            f"PUT /{made}" for one in INDICES for made in (f"_index_template/{one.alias}", one.name)
        ]


@pytest.mark.parametrize("named", [None, "another"])
def test_an_authority_that_is_not_named_is_not_trusted(
    authority: trustme.CA, tmp_path: Path, named: str | None
) -> None:
    other = ca_file(trustme.CA(), tmp_path) if named else None
    with secure(authority) as server:
        with pytest.raises(AccessRefused, match="certificate of Elasticsearch at https://localhost"):
            run(server, tmp_path, elasticsearch_ca_file=other, elasticsearch_api_key=SECRET)
        assert server.requests == []


def test_a_certificate_for_another_host_is_not_trusted(authority: trustme.CA, tmp_path: Path) -> None:
    with secure(authority, host="elsewhere.example") as server:
        with pytest.raises(AccessRefused, match="certificate"):
            run(server, tmp_path, elasticsearch_ca_file=ca_file(authority, tmp_path))
        assert server.requests == []


def test_a_ca_file_that_is_none_is_explained(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate", "utf-8")
    with pytest.raises(InvalidSettings, match="CA_FILE"):
        run(server, tmp_path, elasticsearch_ca_file=tmp_path / "ca.pem")
