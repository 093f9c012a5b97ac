"""What a file of saved objects would bring to Kibana, read back from it: whatever asks Elasticsearch for something."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.mapping import INDICES, Index

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DataView:
    """``name`` is that of the alias on the cluster, with its namespace."""

    name: str
    index: Index
    time: str
    attributes: Body


@dataclass(frozen=True, slots=True)
class Asking:
    """Part of a saved object that asks for documents of a view which ``where`` (KQL) holds for.

    ``since`` is how far back it looks; None: as far as whoever opens it wants.
    """

    object: str
    part: str
    view: DataView
    where: str
    since: str | None


@dataclass(frozen=True, slots=True)
class Layer(Asking):
    """Of a Lens panel. ``columns`` as Lens keeps them, in the order that they nest in."""

    columns: dict[str, Body]


@dataclass(frozen=True, slots=True)
class Listing(Asking):
    """A saved search, or one by value on a dashboard."""

    columns: tuple[str, ...]
    sort: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Plotting(Asking):
    """Of a map."""

    place: str
    tells: tuple[str, ...]
    sort: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Choosing(Asking):
    """A control's list of values."""

    field: str


def data_views(objects: Sequence[Body]) -> dict[str, DataView]:
    """By id."""
    return {one["id"]: _data_view(one["attributes"]) for one in objects if one["type"] == "index-pattern"}


def _data_view(attributes: Body) -> DataView:
    (index,) = (one for one in INDICES if attributes["title"].endswith(one.alias))
    return DataView(attributes["title"], index, attributes["timeFieldName"], attributes)


def asked(objects: Sequence[Body]) -> Iterator[Asking]:
    """All of it, in the file's order. Raises `KeyError` for a reference that is missing."""
    views = data_views(objects)
    for one in objects:
        references = {reference["name"]: reference["id"] for reference in one["references"]}
        title = one["attributes"].get("title", "")
        if one["type"] == "search":
            yield _listing(title, "", one["attributes"], {name: views[id] for name, id in references.items()}, None)
        elif one["type"] == "dashboard":
            yield from _dashboard(title, one["attributes"], references, views)


def _dashboard(
    title: str, attributes: Body, references: dict[str, str], views: dict[str, DataView]
) -> Iterator[Asking]:
    since = attributes["timeFrom"]
    for name, control in json.loads(attributes.get("controlGroupInput", {}).get("panelsJSON", "{}")).items():
        view = views[references[f"controlGroup_{name}:optionsListDataView"]]
        yield Choosing(title, f"control {name}", view, "", since, control["explicitInput"]["fieldName"])
    for panel in json.loads(attributes["panelsJSON"]):
        prefix = f"{panel['panelIndex']}:"
        known = {
            name.removeprefix(prefix): views[id]
            for name, id in references.items()
            if name.startswith(prefix) and id in views
        }
        embedded = panel["embeddableConfig"]["attributes"]
        match panel["type"]:
            case "lens":
                yield _layer(title, panel["title"], embedded["state"], known, since)
            case "search":
                yield _listing(title, panel["title"], embedded, known, since)
            case "map":
                yield from _map(title, panel["title"], embedded, known, since)


def _layer(object: str, part: str, state: Body, known: dict[str, DataView], since: str) -> Layer:
    ((id, layer),) = state["datasourceStates"]["formBased"]["layers"].items()
    columns = {name: layer["columns"][name] for name in layer["columnOrder"]}
    return Layer(object, part, known[f"indexpattern-datasource-layer-{id}"], state["query"]["query"], since, columns)


def _listing(object: str, part: str, attributes: Body, known: dict[str, DataView], since: str | None) -> Listing:
    source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
    ((field, direction),) = attributes["sort"]
    return Listing(
        object,
        part,
        known[source["indexRefName"]],
        source["query"]["query"],
        since,
        tuple(attributes["columns"]),
        (field, direction),
    )


def _map(object: str, part: str, attributes: Body, known: dict[str, DataView], since: str) -> Iterator[Plotting]:
    for layer in json.loads(attributes["layerListJSON"]):
        source = layer["sourceDescriptor"]
        if source["type"] != "ES_SEARCH":
            continue
        yield Plotting(
            object,
            f"{part}: {layer['label']}",
            known[source["indexPatternRefName"]],
            layer["query"]["query"],
            since,
            source["geoField"],
            tuple(source["tooltipProperties"]),
            (source["sortField"], source["sortOrder"]),
        )
