from __future__ import annotations

from typing import Any

import pytest

from pipeline.index.result_of import result_of
from pipeline.result import DeadLetter, Done, Halt, Retry


def line(status: int, kind: str = "") -> dict[str, Any]:
    return {"status": status, "error": {"type": kind}} if kind else {"status": status}


@pytest.mark.parametrize("status", [200, 201])
def test_stored_is_done(status: int) -> None:
    assert result_of(line(status)) == Done("indexed")


def test_a_newer_version_that_is_there_already_is_done() -> None:
    assert result_of(line(409, "version_conflict_engine_exception")) == Done("stale")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_work_later_is_tried_again(status: int) -> None:
    assert isinstance(result_of(line(status, "es_rejected_execution_exception")), Retry)


def test_a_full_disk_is_tried_again_not_given_up() -> None:
    assert isinstance(result_of(line(403, "cluster_block_exception")), Retry)


@pytest.mark.parametrize("kind", ["document_parsing_exception", "mapper_parsing_exception"])
def test_what_the_mapping_never_takes_is_a_dead_letter(kind: str) -> None:
    assert result_of(line(400, kind)) == DeadLetter("not_indexable", f"400 {kind}")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, "index_not_found_exception"),
        (400, "strict_dynamic_mapping_exception"),
        (401, "security_exception"),
        (403, "security_exception"),
        (400, "illegal_argument_exception"),
        (400, ""),
        (405, ""),
    ],
)
def test_what_an_administrator_must_repair_halts(status: int, kind: str) -> None:
    assert isinstance(result_of(line(status, kind)), Halt)


@pytest.mark.parametrize("broken", [{}, {"status": None}, {"status": "200"}])
def test_a_line_that_says_nothing_is_no_success(broken: dict[str, Any]) -> None:
    assert isinstance(result_of(broken), Retry)
