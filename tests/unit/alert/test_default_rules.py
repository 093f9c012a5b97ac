"""The rules that ship: right, explained, and safe to start with."""

from __future__ import annotations

from typing import get_args

import jsonschema
import msgspec
import pytest

from pipeline.alert import rules_schema
from pipeline.alert.match import Matcher
from pipeline.alert.rules import Channel, RulesFile
from pipeline.alert.rules_file import parse_rules
from pipeline.alert.yaml_text import read_yaml
from pipeline.settings import Settings
from schemas.verdict import Scores
from tests.unit.alert.files import SMALL
from tests.unit.alert.test_match import item

PATH = Settings.model_fields["rules"].default
TEXT = PATH.read_text("utf-8")


def shipped() -> RulesFile:
    file = parse_rules(TEXT, "rules.yaml").file
    assert file is not None
    return file


def test_nothing_is_wrong_and_the_only_warning_is_that_nobody_can_be_paged_yet() -> None:
    read = parse_rules(TEXT, "rules.yaml")
    assert read.faults == []
    assert [one.says for one in read.advice] == ["there are no channels: nobody is paged until a channel is defined"]


def test_with_the_channels_of_its_comments_there_is_nothing_to_warn_of() -> None:
    begin, end = TEXT.index("# channels:"), TEXT.index("# ── People")
    channels = [line.removeprefix("# ") for line in TEXT[begin:end].splitlines()]
    text = "\n".join([TEXT[:begin], *channels, TEXT[end:]])
    ways = '{channels: {pager: "", sms: "07700 900123", chat: a, pagerduty: "", alertmanager: ""}}'
    for name in shipped().people:
        assert f"  {name}: {{}}" in text
        text = text.replace(f"  {name}: {{}}", f"  {name}: {ways}")
    read = parse_rules(text, "rules.yaml")
    assert [read.sentence(one) for one in [*read.faults, *read.advice]] == []
    assert read.file is not None
    assert {type(channel) for channel in read.file.channels.values()} == set(get_args(Channel))


@pytest.mark.parametrize("struct", ["RulesFile", "Rule", "Match", "Step", "SystemRules"])
def test_every_key_is_written_or_explained(struct: str) -> None:
    fields = msgspec.json.schema(RulesFile)["$defs"][struct]["properties"]
    assert [name for name in fields if f"{name}:" not in TEXT] == []


def test_whatever_is_immediate_pages_and_nothing_holds_it_back() -> None:
    file = shipped()
    danger = file.rules[0]
    assert (danger.severity, danger.group_wait_seconds, danger.quiet) == ("critical", 0, None)
    assert danger.escalate
    for label in ("intel", "help_request", "complaint"):
        for unsure in (True, False):
            found = Matcher(file.rules).matches(item("no words", label=label, grade="immediate", unsure=unsure))
            assert [match.rule for match in found] == ["immediate-danger"]


@pytest.mark.parametrize(
    ("text", "verdict", "expected"),
    [
        ("mum not answering", {"label": "help_request", "grade": "prompt"}, ["prompt-help"]),
        ("he has a gun", {"label": "intel", "grade": "prompt"}, ["prompt-intel"]),
        ("he keeps a gun in the shed", {"label": "intel", "grade": "routine"}, ["weapons"]),
        ("county-lines lads again", {"label": "intel", "grade": "routine"}, ["exploitation"]),
        ("nobody rang me back about the gun", {"label": "complaint", "grade": "routine"}, []),
        ("when do you open", {"label": "help_request", "grade": "routine"}, []),
    ],
)
def test_an_item_pages_by_one_rule(text: str, verdict: dict[str, str], expected: list[str]) -> None:
    one = item(text, scores=Scores(0.6, 0.6, 0.6, 0.6), **verdict)
    assert [match.rule for match in Matcher(shipped().rules).matches(one)] == expected


# The schema for editors


def test_the_schema_is_current() -> None:
    committed = rules_schema.FILE.read_text("utf-8")
    assert committed == rules_schema.generated(), "run `make generated` and commit the result"


@pytest.mark.parametrize("text", [TEXT, SMALL], ids=["shipped", "small"])
def test_editors_find_right_rules_right(text: str) -> None:
    jsonschema.Draft202012Validator(msgspec.json.decode(rules_schema.generated())).validate(read_yaml(text).data)


@pytest.mark.parametrize(("old", "new"), [("07:00", "7am"), ("[immediate]", "[urgent]"), ("to: [duty]", "too: [duty]")])
def test_editors_find_wrong_rules_wrong(old: str, new: str) -> None:
    validator = jsonschema.Draft202012Validator(msgspec.json.decode(rules_schema.generated()))
    assert not validator.is_valid(read_yaml(SMALL.replace(old, new)).data)
