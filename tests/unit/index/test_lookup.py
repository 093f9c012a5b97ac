"""How a person may name an item."""

from __future__ import annotations

import pytest

from pipeline.index.lookup import whole_id
from pipeline.review.log import is_named
from schemas.identity import document_id

ID = document_id("x", "Abc")


@pytest.mark.parametrize("named", [ID, ID.upper(), "x:Abc"])
def test_an_id_is_named_in_whatever_case_and_so_is_its_uid_as_it_is_written(named: str) -> None:
    assert whole_id(named) == ID
    assert is_named("x:Abc", named)


@pytest.mark.parametrize("named", ["x:abc", "X:Abc"])
def test_the_case_of_a_source_and_of_its_id_matters(named: str) -> None:
    assert whole_id(named) != ID
    assert not is_named("x:Abc", named)


@pytest.mark.parametrize("named", [ID[:8], ID[:8].upper()])
def test_the_beginning_of_an_id_names_what_begins_so(named: str) -> None:
    assert whole_id(named) is None
    assert is_named("x:Abc", named)
    assert not is_named("x:other", named)
