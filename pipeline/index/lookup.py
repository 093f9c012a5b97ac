"""Finds the one item that a person names."""

from __future__ import annotations

from elasticsearch import Elasticsearch

from pipeline.elasticsearch_client import explained
from pipeline.errors import InvalidInput
from pipeline.index.item_of import NoItem, item_of
from pipeline.settings import Settings
from schemas import mapping
from schemas.identity import document_id
from schemas.item import Item

ID_CHARACTERS = 52
"""Of a document's whole ``_id``."""


def find_item(client: Elasticsearch, settings: Settings, named: str) -> Item:
    """The item whose ``_id`` is ``named`` or begins so, in whatever case, or whose uid (``source:id``) it is, as a search
    finds it. What was withdrawn is found by no search; a document that is asked for by its id is given though the alias
    hides it.

    Raises `InvalidInput` where there is none, or more than one, and what `explained` raises. An item that was stored
    before its id was searchable (revision 1 of the mapping) is found by its whole ``_id`` or its uid only.
    """
    id = whole_id(named)
    query = {"ids": {"values": [id]}} if id else {"prefix": {"event.id": named.lower()}}
    with explained(settings):
        hits = client.search(index=settings.named(mapping.INDEX), query=query, size=2).body["hits"]["hits"]
    if len(hits) > 1:
        raise InvalidInput(f"More than one item's id begins with {named!r}.", "Give more of its characters.")
    try:
        return item_of(hits[0]["_source"])
    except (IndexError, NoItem):
        raise _nobody(named) from None


def whole_id(named: str) -> str | None:
    """The ``_id`` that ``named`` says in full, by itself or by the uid; None where it is only the beginning of one."""
    source, colon, post_id = named.partition(":")
    if colon:
        return document_id(source, post_id)
    return named.lower() if len(named) == ID_CHARACTERS else None


def _nobody(named: str) -> InvalidInput:
    return InvalidInput(
        f"The index has no item {named!r}.",
        "`flagpost search` shows the ids of those that it has; source:id names one, too. Deleted posts are gone.",
    )
