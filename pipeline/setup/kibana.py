"""Imports data views, saved searches and dashboards into Kibana, where they are not there yet as this version has them.

Never tried on a real Kibana: tests/contract/ holds it against a server that speaks the API as Elastic documents it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pipeline.errors import InvalidSettings, KibanaUnavailable
from pipeline.settings import Settings
from pipeline.setup.change import Change
from pipeline.setup.kibana_client import Answer, Kibana, connected, form
from pipeline.setup.kibana_objects import KINDS, changes, ndjson, objects

Body = dict[str, Any]

OLDEST: Final = (8, 19)
"""The saved objects are written for this version; newer ones migrate them, older ones refuse them."""

_STOPPING: Final = ("conflict", "ambiguous_conflict", "missing_references")
"""Errors of one object for which Kibana imports none of the file."""

_HINTS: Final = {
    "conflict": "An object of that id is in another space, or belongs to somebody else: delete it, or use another space.",
    "ambiguous_conflict": "Several copies of it are in this space: delete all but one in Stack Management.",
    "missing_references": "A data view is missing that it needs: run setup again, or import the whole file by hand.",
    "unsupported_type": "This Kibana lacks the application that it belongs to.",
}


def setup_kibana(settings: Settings, dry_run: bool = False) -> Iterator[Change]:
    """Yields one change for each object, after it was made (with ``dry_run``: nothing is).

    Raises `KibanaUnavailable`, `AccessRefused` or `InvalidSettings`; what was yielded before is done.
    """
    made, refused = asyncio.run(_set_up(settings, dry_run))
    yield from made
    if refused:
        raise refused


async def _set_up(settings: Settings, dry_run: bool) -> tuple[list[Change], KibanaUnavailable | None]:
    wanted = objects(settings.namespace)
    async with connected(settings) as kibana:
        await _look(kibana, settings.kibana_space)
        planned = changes(wanted, await _found(kibana, wanted))
        to_import = [one for one, change in zip(wanted, planned, strict=True) if change.state != "unchanged"]
        if dry_run or not to_import:
            return planned, None
        answer = await kibana.post(
            "/api/saved_objects/_import", params={"overwrite": "true"}, data=form(ndjson(to_import))
        )
        refusals = _refusals(kibana, answer)
    if not refusals:
        return planned, None
    nothing = any(error.get("type") in _STOPPING for *_, error in refusals)
    lost = {(KINDS.get(type, type), id) for type, id, _ in refusals}
    made = [one for one in planned if one.state == "unchanged" or not (nothing or (one.kind, one.name) in lost)]
    return made, _refused(kibana, refusals, len(to_import))


async def _look(kibana: Kibana, space: str) -> None:
    """Raises unless a Kibana that is new enough answers, knows this user, and has the space."""
    status = await kibana.get("/api/status")
    if status.status != 200 or not isinstance(status.body, Mapping) or "status" not in status.body:
        raise kibana.refused(status)
    number = _version(status.body)  # Kibana tells it to those whom it knows
    if number and tuple(int(part) for part in number.split(".")[:2]) < OLDEST:
        raise KibanaUnavailable(
            f"Kibana at {kibana.url} is {number}; what is imported needs {OLDEST[0]}.{OLDEST[1]} or a newer one.",
            "Upgrade it; all else that `flagpost setup` makes works without Kibana.",
        )
    found = await kibana.get(f"/api/spaces/space/{space}")
    if found.status == 404:
        raise InvalidSettings(
            f"Kibana at {kibana.url} has no space {space}.", "Make it, or correct FLAGPOST_KIBANA_SPACE."
        )
    if found.status != 200:
        raise kibana.refused(found)


def _version(status: Mapping[str, Any]) -> str:
    version = status.get("version")
    number = version.get("number") if isinstance(version, Mapping) else None
    parts = str(number or "").split(".")
    return str(number) if len(parts) >= 2 and all(part.isdecimal() for part in parts[:2]) else ""


async def _found(kibana: Kibana, wanted: Sequence[Body]) -> dict[tuple[str, str], Body]:
    """Those of ``wanted`` that are there. An export is refused for what is missing, and says what that is."""
    asked = [(one["type"], one["id"]) for one in wanted]
    for _ in range(2):
        if not asked:
            return {}
        listed = [{"type": type, "id": id} for type, id in asked]
        answer = await kibana.post("/api/saved_objects/_export", json={"objects": listed, "excludeExportDetails": True})
        if answer.status == 200:
            exported = _lines(kibana, answer)
            return {(one["type"], one["id"]): one for one in exported if "type" in one}
        missing = _missing(answer)
        if not missing:
            break
        asked = [one for one in asked if one not in missing]
    raise kibana.refused(answer)


def _lines(kibana: Kibana, answer: Answer) -> list[Body]:
    try:
        return [json.loads(line) for line in answer.raw.splitlines()]
    except ValueError:
        raise kibana.refused(Answer(answer.status, answer.raw, None)) from None


def _missing(answer: Answer) -> set[tuple[str, str]]:
    body = answer.body if answer.status == 400 and isinstance(answer.body, Mapping) else {}
    listed = body.get("attributes", {}).get("objects", [])
    return {(one["type"], one["id"]) for one in listed if one.get("error", {}).get("statusCode") == 404}


def _refusals(kibana: Kibana, answer: Answer) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Type, id and error of each object that was not imported."""
    if answer.status != 200 or not isinstance(answer.body, Mapping) or "success" not in answer.body:
        raise kibana.refused(answer)
    errors = answer.body.get("errors") or []
    if not answer.body["success"] and not errors:
        raise kibana.refused(answer)
    return [(one["type"], one["id"], one.get("error", {})) for one in errors]


def _refused(kibana: Kibana, refusals: Sequence[tuple[str, str, Mapping[str, Any]]], asked: int) -> KibanaUnavailable:
    told = ", ".join(f"{KINDS.get(type, type)} {id} ({error.get('type', 'unknown')})" for type, id, error in refusals)
    hint = next((_HINTS[error["type"]] for *_, error in refusals if error.get("type") in _HINTS), "See Kibana's logs.")
    return KibanaUnavailable(f"Kibana at {kibana.url} did not take {len(refusals)} of {asked} objects: {told}.", hint)
