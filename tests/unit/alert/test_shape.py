"""Every fault of a rules file is found at once, and each of them once."""

from __future__ import annotations

import pytest

from pipeline.alert.rules_file import parse_rules
from tests.unit.alert.files import changed, told

MANY = """\
version: 1
timezone: Europe/Lndon
channels:
  pager: {type: webhook, url: "ftp://pager.example", secret: {env: pager}, proxi: x}
  mail: {type: apprise, url: "mailto://joe:hunter2@x.example"}
  late: {type: webhok, url: "https://pager.example", secret: {env: KEY}}
  text: {type: notify, api_key: {env: KEY}, sends: smss}
  text: {type: notify, api_key: {env: KEY}, template: "1", sends: emial}
people:
  ann: {channels: {pager: "", pagr: ""}}
  Bob: {channels: {pager: ""}}
rota:
  duty:
    - {who: [ann, eve], from: 7am, to: 19:00}
    - {who: [], days: [mon, tues], from: 19:00}
rules:
  - nam: danger
    when: {grades: [immediate, urgent], labels: [intel], words: ["*", gun, "@joe"], least_score: 2}
    to: [duty, dutty]
    severity: critcal
    escalate:
      - {after_minutes: 5, to: [ben]}
      - {after_minutes: 5, to: ann}
      - {to: [duty]}
    quiet: {from: 22:00, to: 22:00}
  - words
  - {name: fire, when: {}, to: [duty], quiet: {from: 22:00}}
  - {name: fire, when: {}, to: [], group_by: [author, label, day], most_an_hour: 0}
system: {to: [eve], lag_seconds: soon}
"""


def test_every_fault_is_told_at_once_and_each_of_them_once() -> None:
    read = parse_rules(MANY, "rules.yaml")
    assert [(read.line_of(fault), fault.place) for fault in read.faults] == [
        (2, "timezone"),
        (4, "channels.pager.proxi"),
        (4, "channels.pager.secret.env"),
        (4, "channels.pager.url"),
        (5, "channels.mail.url"),
        (6, "channels.late.type"),
        (8, "channels.text"),
        (8, "channels.text.sends"),
        (10, "people.ann.channels.pagr"),
        (11, "people.Bob"),
        (14, "rota.duty[0].from"),
        (14, "rota.duty[0].who[1]"),
        (15, "rota.duty[1].who"),
        (15, "rota.duty[1].days[1]"),
        (17, "rules[0].nam"),
        (18, "rules[0].when.words[2]"),
        (18, "rules[0].when.grades[1]"),
        (18, "rules[0].when.least_score"),
        (18, "rules[0].when.words[0]"),
        (19, "rules[0].to[1]"),
        (20, "rules[0].severity"),
        (22, "rules[0].escalate[0].to[0]"),
        (23, "rules[0].escalate[1].to"),
        (23, "rules[0].escalate[1].after_minutes"),
        (24, "rules[0].escalate[2].after_minutes"),
        (25, "rules[0].quiet"),
        (26, "rules[1]"),
        (27, "rules[2].quiet.to"),
        (28, "rules[3].group_by[0]"),
        (28, "rules[3].to"),
        (28, "rules[3].group_by[2]"),
        (28, "rules[3].most_an_hour"),
        (28, "rules[3].name"),
        (29, "system.lag_seconds"),
        (29, "system.to[0]"),
    ]
    said = " ".join(told(MANY))
    assert "hunter2" not in said
    assert "`emial` is not email or sms. Is email meant?" in said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("people:", "persons:"),
        ("people:", "people: [ann, bob]\nfolk:"),
        ("rota:", "rota: {}\nrota:"),
        ("channels:", "channel:"),
    ],
)
def test_where_a_section_of_names_is_wrong_not_every_use_of_a_name_is_a_fault(old: str, new: str) -> None:
    assert "of this file" not in " ".join(told(changed(old, new)))


def test_every_wrong_part_is_told_at_once() -> None:
    text = changed("grades: [immediate]", "grades: [urgent]").replace("{who: [bob]", "{whom: [bob]")
    sentences = told(text.replace("env: PAGER_KEY", "env: pager"))
    assert [sentence.split(",")[0] for sentence in sentences] == [
        "Line 3 of rules.yaml", "Line 10 of rules.yaml", "Line 13 of rules.yaml"
    ]  # fmt: skip
