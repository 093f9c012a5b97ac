"""What an index's template, the index and its aliases should be like, and what to change. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pipeline.settings import Settings
from pipeline.setup.change import Change
from schemas import mapping
from schemas.mapping import Analysis, Index

Body = Mapping[str, Any]

DYNAMIC_SETTINGS: Final = ("number_of_replicas", "refresh_interval")
"""Settings of ours that Elasticsearch changes on an index that is there."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one index's things on the cluster, with the namespace in front."""

    template: str
    pattern: str
    """Matches every generation of the index, and the aliases."""
    index: str
    read_alias: str
    write_alias: str

    @classmethod
    def of(cls, settings: Settings, index: Index) -> Names:
        alias = settings.named(index.alias)
        return cls(alias, f"{alias}*", settings.named(index.name), alias, settings.named(index.write_alias))


def aliases_of(names: Names, index: Index) -> dict[str, dict[str, Any]]:
    """The body of each alias."""
    return {names.read_alias: mapping.read_alias(index), names.write_alias: {"is_write_index": True}}


def wanted_template(settings: Settings, analysis: Analysis, index: Index) -> dict[str, Any]:
    """The index template for this installation."""
    return mapping.template(
        analysis, settings.elasticsearch_shards, settings.elasticsearch_replicas, settings.namespace, index
    )


def template_change(name: str, found: Body | None, wanted: Body) -> Change:
    """``found`` is the template as Elasticsearch gives it, None when there is none. A newer flagpost's is left alone."""
    analysis = wanted["_meta"]["flagpost"]["analysis"]
    if found is None:
        return Change("template", name, "created", f"{analysis} analysis")
    meta = found.get("_meta", {}).get("flagpost", {})
    if meta.get("revision", 0) > wanted["_meta"]["flagpost"]["revision"]:
        return Change("template", name, "unchanged", attention="was made by a newer version of flagpost: left")
    if all(_normal(_nested(found).get(part)) == _normal(body) for part, body in _nested(wanted).items()):
        return Change("template", name, "unchanged", f"{analysis} analysis")
    return Change("template", name, "updated", f"{analysis} analysis")


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """What happens to an index that is there: ``mapping`` and ``settings`` are set when they are not empty."""

    change: Change
    mapping: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


def index_plan(name: str, found: Body, wanted: Body) -> IndexPlan:
    """``found`` is the index as ``GET /<index>`` gives it, ``wanted`` the index template."""
    wanted_mapping, wanted_settings = wanted["template"]["mappings"], wanted["template"]["settings"]
    found_mapping, found_settings = found.get("mappings", {}), found.get("settings", {}).get("index", {})
    revision = found_mapping.get("_meta", {}).get("flagpost", {}).get("revision", 0)
    known = wanted_mapping["_meta"]["flagpost"]["revision"]
    attention = _unalterable(found_settings, wanted_settings)
    new_mapping: dict[str, Any] = {}
    details: list[str] = []
    if revision > known:
        attention.append(f"its mapping has revision {revision}, this flagpost knows {known}: left")
    else:
        new_mapping, details = _mapping_to_put(found_mapping, wanted_mapping)
    new_settings = {
        key: wanted_settings["index"][key]
        for key in DYNAMIC_SETTINGS
        if str(found_settings.get(key)) != str(wanted_settings["index"][key])
    }
    details += [f"{key} {found_settings.get(key, 'unset')} → {value}" for key, value in new_settings.items()]
    state = "updated" if new_mapping or new_settings else "unchanged"
    return IndexPlan(
        Change("index", name, state, ", ".join(details), "; ".join(attention)),  # type: ignore[arg-type]
        new_mapping,
        new_settings,
    )


def mapping_differences(found: Body, wanted: Body, prefix: str = "") -> tuple[list[str], list[str]]:
    """Names of fields of ``wanted`` (``properties`` objects) that ``found`` lacks, and of those it maps otherwise."""
    new: list[str] = []
    changed: list[str] = []
    for name, body in wanted.items():
        path = f"{prefix}{name}"
        there = found.get(name)
        if there is None:
            new.append(path)
            continue
        if "properties" in body:
            deeper = mapping_differences(there.get("properties", {}), body["properties"], f"{path}.")
            new += deeper[0]
            changed += deeper[1]
        elif _normal(there) != _normal(body):
            changed.append(path)
    return new, changed


def alias_change(name: str, wanted: Body, index: str, indices: Mapping[str, Body]) -> Change:
    """An alias that names a generation already stays there; only its body is brought up to date."""
    holders = {holder: body["aliases"][name] for holder, body in indices.items() if name in body.get("aliases", {})}
    if not holders:
        return Change("alias", name, "created", f"of {index}")
    others = sorted(set(holders) - {index})
    if index not in holders:
        return Change("alias", name, "unchanged", attention=f"names {', '.join(others)} and not {index}: left")
    if _normal(holders[index]) != _normal(wanted):
        return Change("alias", name, "updated", "filter and flags")
    return Change("alias", name, "unchanged")


def _mapping_to_put(found: Body, wanted: Body) -> tuple[dict[str, Any], list[str]]:
    new, changed = mapping_differences(found.get("properties", {}), wanted["properties"])
    details = [f"new field {name}" for name in new] + [f"field {name} changed" for name in changed]
    before, after = found.get("_meta", {}).get("flagpost"), wanted["_meta"]["flagpost"]
    if before != after:
        details.append(f"mapping revision {(before or {}).get('revision', 'none')} → {after['revision']}")
    if found.get("dynamic") != wanted["dynamic"]:
        details.append(f"dynamic {found.get('dynamic', 'true')} → {wanted['dynamic']}")
    # _meta is replaced as a whole: what others noted there stays.
    return ({**wanted, "_meta": {**found.get("_meta", {}), **wanted["_meta"]}} if details else {}), details


def _unalterable(found: Body, wanted: Body) -> list[str]:
    notes = []
    if _normal(found.get("analysis", {})) != _normal(wanted["analysis"]):
        notes.append(
            "was made with another analysis of text than this cluster can do now, which an index keeps for as long as it"
            " exists: left; the next generation of the index takes it"
        )
    shards = wanted["index"]["number_of_shards"]
    if str(found.get("number_of_shards")) != str(shards):
        notes.append(
            f"has {found.get('number_of_shards')} shards, {shards} are wanted: left;"
            " an index keeps them for as long as it exists"
        )
    return notes


def _nested(template: Body) -> dict[str, Any]:
    """``template`` with the analysis among the index's settings, where Elasticsearch puts it."""
    inner = template.get("template", {})
    settings = inner.get("settings", {})
    index = {**settings.get("index", {}), **({"analysis": settings["analysis"]} if "analysis" in settings else {})}
    return {**template, "template": {**inner, "settings": {"index": index}}}


def _normal(value: Any) -> Any:
    """``value`` with scalars as text, as Elasticsearch gives settings back."""
    if isinstance(value, Mapping):
        return {key: _normal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_normal(inner) for inner in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
