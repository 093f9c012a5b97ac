"""`python -m deploy.rights`: what an administrator runs gives each user its rights, all of them and no others."""

from __future__ import annotations

import itertools
import shlex

import pytest
from click.testing import CliRunner

from deploy.rights import acls, main, script
from pipeline.settings import Settings

KINDS = {"--topic": "TOPIC", "--group": "GROUP", "--transactional-id": "TRANSACTIONAL_ID"}


def given(lines: list[str]) -> set[tuple[str, str, str, str]]:
    """Principal, kind, name and operation of every right that these lines of kafka-acls.sh give."""
    found = set()
    for line in lines:
        program, where, add, principal_option, principal, *words = shlex.split(line)
        assert [program, where, add, principal_option] == ["kafka-acls.sh", "$@", "--add", "--allow-principal"]
        operations = [word for option, word in itertools.pairwise(words) if option == "--operation"]
        named = words[2 * len(operations) :]
        kind, name = ("CLUSTER", "kafka-cluster") if named == ["--cluster"] else (KINDS[named[0]], named[1])
        for operation in operations:
            found.add((principal, kind, name, operation.upper()))
    return found


@pytest.mark.parametrize("namespace", ["", "north"])
def test_what_is_printed_gives_every_right_that_was_tried_and_no_other(namespace: str) -> None:
    settings = Settings(namespace=namespace)
    first, *lines = script(settings)
    assert first == "set -eu"
    assert given(lines) == {
        (
            one.principal,
            one.resource_pattern.resource_type.name,
            one.resource_pattern.resource_name,
            one.operation.name.replace("_", ""),
        )
        for one in acls(settings)
    }


def test_a_person_gets_the_rights_of_what_they_do() -> None:
    ran = CliRunner().invoke(main, ["CN=jane, OU=x=status,dead-letters"])
    _, *lines = ran.output.splitlines()
    assert {principal for principal, *_ in given(lines)} == {"User:CN=jane, OU=x"}
    assert ("User:CN=jane, OU=x", "TOPIC", "dead-letters", "READ") in given(lines)


@pytest.mark.parametrize("wrong", ["jane", "=status", "jane=", "jane=stat", "jane=status,"])
def test_rights_that_there_are_not_are_refused_with_those_that_there_are(wrong: str) -> None:
    ran = CliRunner().invoke(main, [wrong])
    assert ran.exit_code == 2
    assert "setup, ingest, classify" in ran.output
