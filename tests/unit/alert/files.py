"""Rules files that tests are made of."""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.alert.rules import Rule, RulesFile
from pipeline.alert.rules_file import parse_rules

SMALL = """\
version: 1
channels:
  pager: {type: webhook, url: "https://pager.example/hook", secret: {env: PAGER_KEY}}
people:
  ann: {channels: {pager: ""}}
  bob: {channels: {pager: ""}}
rota:
  duty:
    - {who: [ann], from: 07:00, to: 19:00}
    - {who: [bob], from: 19:00, to: 07:00}
rules:
  - name: danger
    when: {grades: [immediate]}
    to: [duty]
    severity: critical
    escalate:
      - {after_minutes: 5, to: [bob]}
system: {to: [ann]}
"""
"""Right, and with nothing to warn of."""


def rule(name: str = "one", when: dict[str, Any] | None = None, **fields: Any) -> Rule:
    return msgspec.convert({"name": name, "when": when or {}, "to": ["ann"], **fields}, Rule)


def rules_file(*rules: Rule, **fields: Any) -> RulesFile:
    return RulesFile(version=1, rules=list(rules), **fields)


def told(text: str) -> list[str]:
    """Every fault, with what to do about it."""
    read = parse_rules(text, "rules.yaml")
    assert (read.file is None) == bool(read.faults)
    return [f"{read.sentence(fault)} {fault.do}" for fault in read.faults]


def changed(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new)
