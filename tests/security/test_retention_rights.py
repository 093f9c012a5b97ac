"""What is over goes, what is held stays and what is forgotten is withdrawn, each with the rights to that alone."""

from __future__ import annotations

import pytest

from pipeline.errors import AccessRefused
from tests.security.run import Ran, found, worker
from tests.security.secured import Secured

pytestmark = pytest.mark.integration


def test_holds_retention_and_forgetting_need_no_more_than_their_rights(secured: Secured, ran: Ran) -> None:
    before = found(secured)
    with worker(secured, "classify"), worker(secured, "index"):
        for user, arguments, code, says in (
            ("hold", ("hold", "add", "x:1", "--why", "R v Marsh"), 0, "x:1 is held until it is released."),
            ("retain", ("hold", "restore"), 0, "The index has all that is held."),
            ("retain", ("retain",), 0, "items"),
            ("forget", ("forget", "--post", "x:1", "--why", "request 12", "--yes"), 2, "there is a hold on it"),
            (
                "forget",
                ("forget", "--post", "x:2", "--why", "request 12", "--yes"),
                0,
                "The last of it goes from Kafka by",
            ),
            ("hold", ("hold", "release", "x:1", "--why", "case closed"), 0, "x:1 is held no more."),
            ("hold", ("forget", "--post", "x:1", "--why", "request 12", "--yes"), AccessRefused.exit_code, "right"),
            ("analyst", ("hold", "list"), AccessRefused.exit_code, "right"),
        ):
            done = secured.flagpost(user, *arguments)
            assert (done.returncode, says in done.stdout) == (code, True), done.stdout
    assert found(secured) == before - 1
