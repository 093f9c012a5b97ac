"""Makes index templates, indices and aliases on Elasticsearch, and brings those that are there up to date.

The local Elasticsearch is a minimal distribution: full English analysis and API keys are not there. What `setup` does
on a cluster that has them is held by tests/contract/ against a scripted HTTP server.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from elasticsearch import ApiError, BadRequestError, Elasticsearch, NotFoundError

from pipeline.elasticsearch_client import connect, explained
from pipeline.errors import ElasticsearchUnavailable, NotSetUp
from pipeline.settings import Settings
from pipeline.setup.change import Change
from pipeline.setup.index_plan import (
    IndexPlan,
    Names,
    alias_change,
    aliases_of,
    index_plan,
    template_change,
    wanted_template,
)
from schemas.mapping import INDICES, Analysis, Index

_PROBE: Final = "Cafés running O'Brien's"
_PROBE_STEMS: Final = ["cafe", "run", "o'brien"]


def setup_elasticsearch(settings: Settings, dry_run: bool = False) -> Iterator[Change]:
    """Yields one change for each thing, after it was made (with ``dry_run``: before).

    Raises `ElasticsearchUnavailable`, `AccessRefused` or `NotSetUp`; what was yielded before is done.
    """
    with connect(settings) as client:
        with explained(settings):
            analysis = detect_analysis(client)
        for index in INDICES:
            yield from _set_up(client, settings, index, analysis, dry_run)


def _set_up(
    client: Elasticsearch, settings: Settings, index: Index, analysis: Analysis, dry_run: bool
) -> Iterator[Change]:
    names = Names.of(settings, index)
    aliases = aliases_of(names, index)
    wanted = wanted_template(settings, analysis, index)
    with explained(settings):
        change = _template(client, names, wanted, dry_run)
    yield change
    with explained(settings):
        found: dict[str, Any] = dict(client.indices.get(index=names.pattern).body)
    _refuse_squatters(names, found)
    if names.index not in found:
        try:
            yield from _create(client, settings, names, aliases, found, wanted, dry_run)
            return
        except _MadeMeanwhile:
            with explained(settings):
                found = dict(client.indices.get(index=names.pattern).body)
    yield _update(client, settings, names.index, found[names.index], wanted, dry_run)
    yield from _aliases(client, settings, names, aliases, found, dry_run)


class _MadeMeanwhile(Exception):
    """Another setup runs at the same time."""


def detect_analysis(client: Elasticsearch) -> Analysis:
    """``english`` when the cluster stems and folds a sample as we mean it, else ``standard``."""
    try:
        answer = client.indices.analyze(
            tokenizer="standard",
            filter=["lowercase", "asciifolding", {"type": "stemmer", "language": "possessive_english"}, "porter_stem"],
            text=_PROBE,
        )
    except BadRequestError:
        return "standard"
    return "english" if [token["token"] for token in answer["tokens"]] == _PROBE_STEMS else "standard"


def _template(client: Elasticsearch, names: Names, wanted: dict[str, Any], dry_run: bool) -> Change:
    try:
        found = client.indices.get_index_template(name=names.template)["index_templates"][0]["index_template"]
    except NotFoundError:
        found = None
    change = template_change(names.template, found, wanted)
    if change.state != "unchanged" and not dry_run:
        client.indices.put_index_template(
            name=names.template,
            index_patterns=wanted["index_patterns"],
            priority=wanted["priority"],
            meta=wanted["_meta"],
            template=wanted["template"],
        )
    return change


def _refuse_squatters(names: Names, found: dict[str, Any]) -> None:
    for alias in (names.read_alias, names.write_alias):
        if alias in found:
            raise NotSetUp(
                f"On Elasticsearch {alias} is an index, and flagpost needs that name for an alias.",
                "Something else wrote there. Keep what you need of it, delete the index, and run setup again.",
            )


def _create(
    client: Elasticsearch,
    settings: Settings,
    names: Names,
    bodies: dict[str, dict[str, Any]],
    found: dict[str, Any],
    wanted: dict[str, Any],
    dry_run: bool,
) -> Iterator[Change]:
    """Index and aliases in one request, so that no worker ever meets the one without the others.

    Raises `_MadeMeanwhile` before it yields anything.
    """
    changes = [alias_change(name, body, names.index, found) for name, body in bodies.items()]
    attention = ""
    if not dry_run:
        with explained(settings):
            try:
                answer = client.indices.create(
                    index=names.index,
                    settings=wanted["template"]["settings"],
                    mappings=wanted["template"]["mappings"],
                    aliases={change.name: bodies[change.name] for change in changes if change.state == "created"},
                )
            except BadRequestError as error:
                if error.error != "resource_already_exists_exception":
                    raise
                raise _MadeMeanwhile from None
        if not answer.get("shards_acknowledged", True):
            attention = "its shards have not started yet: look at the cluster's health and disks"
    index = wanted["template"]["settings"]["index"]
    detail = f"shards {index['number_of_shards']}, copies {index['number_of_replicas']}"
    yield Change("index", names.index, "created", detail, attention)
    yield from changes


def _update(
    client: Elasticsearch, settings: Settings, index: str, found: dict[str, Any], wanted: dict[str, Any], dry_run: bool
) -> Change:
    plan = index_plan(index, found, wanted)
    if not dry_run:
        with explained(settings):
            if plan.settings:
                client.indices.put_settings(index=index, settings={"index": plan.settings})
            if plan.mapping:
                _put_mapping(client, index, plan)
    return plan.change


def _put_mapping(client: Elasticsearch, index: str, plan: IndexPlan) -> None:
    try:
        client.indices.put_mapping(
            index=index,
            properties=plan.mapping["properties"],
            dynamic=plan.mapping["dynamic"],
            meta=plan.mapping["_meta"],
        )
    except ApiError as error:
        if error.error not in ("illegal_argument_exception", "mapper_exception"):
            raise
        raise NotSetUp(
            f"The mapping of {index} can't be changed into this version's ({plan.change.detail}).",
            "That takes the next generation of the index, filled from the topic flagged: see deploy/runbook.md.",
        ) from None


def _aliases(
    client: Elasticsearch,
    settings: Settings,
    names: Names,
    bodies: dict[str, dict[str, Any]],
    found: dict[str, Any],
    dry_run: bool,
) -> Iterator[Change]:
    for name, body in bodies.items():
        change = alias_change(name, body, names.index, found)
        if change.state != "unchanged" and not dry_run:
            with explained(settings):
                answer = client.indices.update_aliases(actions=[{"add": {"index": names.index, "alias": name, **body}}])
            if not answer.get("acknowledged", True):
                raise ElasticsearchUnavailable(f"Elasticsearch did not confirm the alias {name}.", "Run setup again.")
        yield change
