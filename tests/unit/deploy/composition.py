"""deploy/compose.yaml as Compose would read it: merged, and with variables put in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

from pipeline.settings import ROOT

FILE: Final = ROOT / "deploy" / "compose.yaml"
LINKS: Final = {"FLAGPOST_LINKS_URL": "https://alerts.example"}
"""The one variable that must be given."""

Service = dict[str, Any]

_VARIABLE: Final = re.compile(
    r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?:(?P<how>:?[-?+])(?P<word>(?:[^{}]|\$\{[^}]*\})*))?\}|(?P<bare>\w+))"
)


class MissingVariable(Exception):
    """Compose would stop, with this word for why."""


def composition(variables: Mapping[str, str]) -> dict[str, Any]:
    """The whole file. Raises `MissingVariable`."""
    whole: dict[str, Any] = _with(yaml.safe_load(FILE.read_text("utf-8")), variables)
    return whole


def _with(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _with(one, variables) for key, one in value.items()}
    if isinstance(value, list):
        return [_with(one, variables) for one in value]
    return interpolated(value, variables) if isinstance(value, str) else value


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """``text`` with its variables put in, after "Interpolation" in Compose's reference. Raises `MissingVariable`."""

    def value(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "$"
        given = variables.get(found["name"] or found["bare"])
        how, word = found["how"] or "", interpolated(found["word"] or "", variables)
        there = bool(given) if how.startswith(":") else given is not None
        if how.endswith("+"):
            return word if there else ""
        if there:
            return given or ""
        if how.endswith("?"):
            raise MissingVariable(word)
        return word

    return _VARIABLE.sub(value, text)


WHOLE: Final = composition(LINKS)
SERVICES: Final[dict[str, Service]] = WHOLE["services"]
OURS: Final = {name: one for name, one in SERVICES.items() if one["image"].startswith("flagpost:")}


def environment(name: str) -> dict[str, str]:
    found: dict[str, str] = SERVICES[name].get("environment", {})
    return found


def secrets_of(name: str) -> dict[str, str]:
    """Secret → where it is mounted."""
    listed = SERVICES[name].get("secrets", [])
    return {
        one if isinstance(one, str) else one["source"]: f"/run/secrets/{one}" if isinstance(one, str) else one["target"]
        for one in listed
    }


def mounts(name: str) -> list[list[str]]:
    """Source, target and, where there is one, how."""
    return [one.split(":") for one in SERVICES[name].get("volumes", [])]
