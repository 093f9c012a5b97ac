"""What `setup` does at Kibana: what it imports, what it leaves, how it signs on. The server speaks the documented API."""

from __future__ import annotations

import json
import ssl
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr

from deploy.kibana.build import saved_objects
from deploy.kibana.names import Names
from pipeline.errors import AccessRefused, InvalidSettings, KibanaUnavailable
from pipeline.settings import Settings
from pipeline.setup.change import Change
from pipeline.setup.kibana import setup_kibana
from tests.doubles.scripted_kibana import ScriptedKibana, error
from tests.doubles.service_server import Told

SECRET = SecretStr("s3cret-never-shown")
ALL = len(saved_objects(Names()))


@pytest.fixture
def kibana() -> Iterator[ScriptedKibana]:
    with ScriptedKibana() as server:
        yield server


def run(kibana: ScriptedKibana, dry_run: bool = False, **fields: Any) -> list[Change]:
    return list(setup_kibana(Settings(**{"kibana_url": kibana.url, "namespace": "", **fields}), dry_run))


def run_until_refused(kibana: ScriptedKibana) -> tuple[list[str], KibanaUnavailable]:
    """Names of what was told as done, and then the error."""
    made = []
    try:
        for change in setup_kibana(Settings(kibana_url=kibana.url, namespace="")):
            made.append(change.name)
    except KibanaUnavailable as refused:
        return made, refused
    raise AssertionError("nothing was refused")


def states(changes: list[Change]) -> Counter[str]:
    return Counter(change.state for change in changes)


def test_everything_is_imported_into_an_empty_kibana(kibana: ScriptedKibana) -> None:
    changes = run(kibana)
    assert states(changes) == {"created": ALL}
    assert [change.kind for change in changes] == ["data view"] * 4 + ["search"] * 7 + ["dashboard"] * 3
    assert changes[-1] == Change("dashboard", "flagpost-decided", "created", "[flagpost] Alerts and decisions")
    wanted = {("default", one["type"], one["id"]): one["attributes"] for one in saved_objects(Names())}
    assert {key: one["attributes"] for key, one in kibana.saved.items()} == wanted


def test_an_import_is_one_request_that_no_other_page_can_forge(kibana: ScriptedKibana) -> None:
    run(kibana)
    (imported,) = kibana.imports()
    assert (imported.method, imported.path) == ("POST", "/api/saved_objects/_import")
    assert imported.query == {"overwrite": ["true"]}
    assert imported.headers["kbn-xsrf"]
    assert imported.headers["content-type"].startswith("multipart/form-data; boundary=")


def test_a_second_run_finds_nothing_to_do_and_changes_nothing(kibana: ScriptedKibana) -> None:
    run(kibana)
    assert states(run(kibana)) == {"unchanged": ALL}
    assert len(kibana.imports()) == 1


def test_what_somebody_changed_or_deleted_is_imported_again_and_nothing_else(kibana: ScriptedKibana) -> None:
    run(kibana)
    kibana.saved["default", "search", "flagpost-knife"]["attributes"]["description"] = "mine"
    kibana.saved["default", "dashboard", "flagpost-trends"]["references"].pop()
    del kibana.saved["default", "search", "flagpost-unsure"]
    changes = {change.name: change for change in run(kibana) if change.state != "unchanged"}
    assert {name: change.state for name, change in changes.items()} == {
        "flagpost-knife": "updated",
        "flagpost-trends": "updated",
        "flagpost-unsure": "created",
    }
    assert changes["flagpost-knife"].detail == "replaced: other description"
    assert changes["flagpost-trends"].detail == "replaced: other references"
    assert kibana.imports()[-1].body.count(b'"coreMigrationVersion"') == 3
    assert states(run(kibana)) == {"unchanged": ALL}


def test_json_that_is_written_otherwise_and_fields_that_were_used_are_no_change(kibana: ScriptedKibana) -> None:
    run(kibana)
    attributes = kibana.saved["default", "index-pattern", "flagpost-items"]["attributes"]
    attributes["fieldFormatMap"] = json.dumps(json.loads(attributes["fieldFormatMap"]), indent=1)
    attributes["fieldAttrs"] = '{"message":{"count":90}}'
    attributes["somethingNew"] = "of a newer Kibana"
    assert states(run(kibana)) == {"unchanged": ALL}


def test_a_dry_run_says_what_would_be_done_and_does_nothing(kibana: ScriptedKibana) -> None:
    assert states(run(kibana, dry_run=True)) == {"created": ALL}
    assert kibana.imports() == []
    assert kibana.saved == {}


def test_installations_share_a_kibana_under_their_namespaces(kibana: ScriptedKibana) -> None:
    run(kibana)
    assert states(run(kibana, namespace="north")) == {"created": ALL}
    assert len(kibana.saved) == 2 * ALL
    north = [one for (_, _, id), one in kibana.saved.items() if id.startswith("north-")]
    wanted = {one["id"]: (one["attributes"], one["references"]) for one in saved_objects(Names("north"))}
    assert {one["id"]: (one["attributes"], one["references"]) for one in north} == wanted


def test_it_goes_into_the_space_of_the_settings(kibana: ScriptedKibana) -> None:
    kibana.spaces.add("control-room")
    run(kibana, kibana_space="control-room")
    assert {space for space, _, _ in kibana.saved} == {"control-room"}
    assert kibana.imports()[0].path == "/s/control-room/api/saved_objects/_import"


def test_a_space_that_is_not_there_is_named(kibana: ScriptedKibana) -> None:
    with pytest.raises(InvalidSettings, match="has no space control-room") as refused:
        run(kibana, kibana_space="control-room")
    assert "FLAGPOST_KIBANA_SPACE" in refused.value.hint
    assert kibana.saved == {}


def test_a_kibana_below_a_base_path_is_found_there() -> None:
    with ScriptedKibana(base="/kibana") as kibana:
        assert states(run(kibana, kibana_url=f"{kibana.url}/")) == {"created": ALL}


@pytest.mark.parametrize("version", ["8.18.4", "8.2.0", "7.17.28"])
def test_an_older_kibana_is_refused_before_anything_is_written(version: str) -> None:
    with ScriptedKibana(version=version) as kibana:
        with pytest.raises(KibanaUnavailable, match=rf"is {version}; what is imported needs 8\.19"):
            run(kibana)
        assert [one.path for one in kibana.asked] == ["/api/status"]


@pytest.mark.parametrize("version", ["8.19.0", "9.0.0", "9.12.1"])
def test_a_newer_kibana_is_imported_into(version: str) -> None:
    with ScriptedKibana(version=version) as kibana:
        assert states(run(kibana)) == {"created": ALL}


def test_every_request_carries_user_name_and_password(kibana: ScriptedKibana) -> None:
    kibana.authorization = "Basic YWRhOnDDpDpzcw=="
    run(kibana, kibana_username="ada", kibana_password=SecretStr("pä:ss"))
    assert {one.headers.get("authorization") for one in kibana.asked} == {kibana.authorization}


def test_every_request_carries_the_api_key(kibana: ScriptedKibana) -> None:
    kibana.authorization = "ApiKey aWQ6a2V5"
    run(kibana, kibana_api_key=SecretStr("aWQ6a2V5"))
    assert {one.headers.get("authorization") for one in kibana.asked} == {kibana.authorization}


def test_the_sign_on_at_elasticsearch_is_not_told_to_kibana(kibana: ScriptedKibana) -> None:
    run(kibana, elasticsearch_username="setup", elasticsearch_password=SECRET)
    assert {one.headers.get("authorization") for one in kibana.asked} == {None}


def test_two_ways_to_sign_on_are_one_too_many(kibana: ScriptedKibana) -> None:
    with pytest.raises(InvalidSettings, match="Both an API key and a user name are set for Kibana"):
        run(kibana, kibana_username="ada", kibana_api_key=SECRET)
    assert kibana.asked == []


def test_a_wrong_password_and_a_missing_one_are_told_apart_and_never_shown(kibana: ScriptedKibana) -> None:
    kibana.authorization = "Basic b3RoZXI6b3RoZXI="
    with pytest.raises(AccessRefused, match="refused the user name, password or API key") as wrong:
        run(kibana, kibana_username="ada", kibana_password=SECRET)
    with pytest.raises(AccessRefused, match="wants to know who asks"):
        run(kibana)
    assert SECRET.get_secret_value() not in f"{wrong.value.message} {wrong.value.hint}"


def test_a_missing_privilege_is_told_in_kibanas_own_words(kibana: ScriptedKibana) -> None:
    kibana.script_path("/api/saved_objects/_import", error(403, "Unable to bulk_create dashboard,index-pattern"))
    with pytest.raises(AccessRefused, match=r"not allow this user .*\(Unable to bulk_create dashboard,index-pattern\)"):
        run(kibana)


def test_an_import_that_kibana_refuses_names_the_objects_and_says_that_none_was_made(kibana: ScriptedKibana) -> None:
    errors = [
        {"type": "dashboard", "id": "flagpost-triage", "error": {"type": "conflict"}},
        {"type": "search", "id": "flagpost-knife", "error": {"type": "missing_references", "references": []}},
    ]
    answer = {"success": False, "successCount": 12, "errors": errors, "successResults": []}
    kibana.script_path("/api/saved_objects/_import", Told(200, answer))
    made, refused = run_until_refused(kibana)
    assert f"did not take 2 of {ALL} objects" in refused.message
    assert "dashboard flagpost-triage (conflict), search flagpost-knife (missing_references)" in refused.message
    assert "another space" in refused.hint
    assert made == []


def test_objects_that_were_imported_beside_one_that_was_not_are_told_first(kibana: ScriptedKibana) -> None:
    errors = [{"type": "search", "id": "flagpost-knife", "error": {"type": "unknown", "statusCode": 500}}]
    kibana.script_path(
        "/api/saved_objects/_import", Told(200, {"success": False, "successCount": 13, "errors": errors})
    )
    made, refused = run_until_refused(kibana)
    assert "search flagpost-knife (unknown)" in refused.message
    assert len(made) == ALL - 1
    assert "flagpost-knife" not in made


def test_objects_that_kibana_finds_too_new_are_told_in_its_words(kibana: ScriptedKibana) -> None:
    kibana.script_path("/api/saved_objects/_import", error(422, "Document belongs to a more recent version of Kibana."))
    with pytest.raises(
        KibanaUnavailable, match=r"answered 422 \(Document belongs to a more recent version of Kibana\)"
    ):
        run(kibana)


@pytest.mark.parametrize(
    "answer",
    [
        Told(200, b"<html>a page</html>", {"Content-Type": "text/html"}),
        Told(302, b"", {"Location": "/login"}),
        Told(200, b""),
        Told(404, b"not found"),
        Told(200, ["a", "list"]),
    ],
)
def test_something_else_at_the_address_is_told_apart(kibana: ScriptedKibana, answer: Told) -> None:
    kibana.script_path("/api/status", answer)
    with pytest.raises(KibanaUnavailable, match="not Kibana answers") as refused:
        run(kibana)
    assert "base path" in refused.value.hint


@pytest.mark.parametrize("status", [400, 401])
def test_elasticsearch_at_the_address_is_called_so_whatever_it_thinks_of_us(
    kibana: ScriptedKibana, status: int
) -> None:
    kibana.script_path("/api/status", Told(status, {"error": {"root_cause": [], "type": "x"}, "status": status}))
    with pytest.raises(KibanaUnavailable, match=r"Elasticsearch answers at .*, and not Kibana") as refused:
        run(kibana, kibana_username="importer", kibana_password=SECRET)
    assert "base path" in refused.value.hint


def test_a_kibana_that_is_starting_is_not_ready(kibana: ScriptedKibana) -> None:
    kibana.script_path("/api/status", Told(503, b"Kibana server is not ready yet"))
    with pytest.raises(KibanaUnavailable, match="is not ready"):
        run(kibana)


def test_nobody_at_the_address_is_told() -> None:
    with ScriptedKibana() as kibana:
        url = kibana.url
    with pytest.raises(KibanaUnavailable, match=f"Nobody answers as Kibana at {url}"):
        list(setup_kibana(Settings(kibana_url=url)))


def secure(authority: trustme.CA) -> ScriptedKibana:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return ScriptedKibana(tls=context)


def test_a_certificate_of_an_authority_of_ones_own_is_trusted_where_it_is_named(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with secure(authority) as kibana:
        with pytest.raises(AccessRefused, match="certificate of Kibana"):
            run(kibana)
        assert kibana.asked == []
        assert states(run(kibana, kibana_ca_file=tmp_path / "ca.pem")) == {"created": ALL}


def test_a_file_that_holds_no_certificate_is_named(kibana: ScriptedKibana, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="FLAGPOST_KIBANA_CA_FILE is not a readable PEM file"):
        run(kibana, kibana_ca_file=tmp_path / "none.pem")
