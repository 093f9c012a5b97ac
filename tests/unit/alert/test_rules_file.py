"""What the rules file takes, and how it says what it does not: the line, what is wrong, what to do."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alert.rules import RulesFile
from pipeline.alert.rules_file import Read, parse_rules, read_rules
from pipeline.errors import InvalidInput
from tests.unit.alert.files import SMALL, changed, told


def only(text: str) -> str:
    (sentence,) = told(text)
    return sentence


def test_what_is_right_is_read_and_there_is_nothing_to_say() -> None:
    read = parse_rules(SMALL, "rules.yaml")
    assert (read.faults, read.advice) == ([], [])
    assert read.file is not None
    assert read.file.rota["duty"][1].begin == dt.time(19)
    assert read.file.rules[0].escalate[0].to == ["bob"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # of the structs
        ("version: 1", "version: 2", "Line 1 of rules.yaml, version: `2` is not 1."),
        ("grades: [immediate]", "grades: [urgent]", "Line 13 of rules.yaml, rules[0].when.grades[0]: `urgent` is not imm"),
        ("grades: [immediate]", "grades: [imediate]", "Is immediate meant?"),
        ("grades:", "grade:", "`grade` is no key here. Is `grades` meant?"),
        ("to: [duty]", "to: []", "Line 14 of rules.yaml, rules[0].to: it needs at least 1 entries."),
        ("to: [duty]", "to: duty", "text stands where a list is expected"),
        ("after_minutes: 5", "after_minutes: 0", "it must be more than 0"),
        ("severity:", "group_interval_minutes: 1.0e300\n    severity:", "it must be at most 10080"),
        ("system: {to: [ann]}", "system: {to: [ann], lag_seconds: 1.0e999}", "it must be at most 86400"),
        ("https://pager.example/hook", "http://[::1", "it is no address of the web"),
        ("name: danger", "nam: danger", "`nam` is no key here. Is `name` meant?"),
        ("  - name: danger\n    when", "  - when", "rules[0].name: it is missing. Add it."),
        (", secret: {env: PAGER_KEY}", "", "Line 3 of rules.yaml, channels.pager.secret: it is missing."),
        ("type: webhook, ", "", "Line 3 of rules.yaml, channels.pager.type: it is missing."),
        ("name: danger", "name: Danger", "it is no name as flagpost takes it. Use up to 64 lower-case"),
        ("from: 07:00", "from: 7am", "Line 9 of rules.yaml, rota.duty[0].from: it is no time of day. Write it as 22:00"),
        ("from: 07:00", "from: 24:00", "midnight is 00:00"),
        ("type: webhook", "type: webhok", "Line 3 of rules.yaml, channels.pager.type: `webhok` is not webhook, apprise"),
        ("ann: {channels", "Ann: {channels", "people.Ann: it is no name as flagpost takes it"),
        ("env: PAGER_KEY", "env: pager-key", "it is no name of an environment variable"),
        # of what belongs together
        ("to: [duty]", "to: [dutty]", "rules[0].to[0]: `dutty` is no rota and no person of this file. Is duty meant?"),
        ("to: [bob]}", "to: [ben]}", "rules[0].escalate[0].to[0]: `ben` is no rota and no person of this file."),
        ("system: {to: [ann]}", "system: {to: [eve]}", "Line 18 of rules.yaml, system.to[0]: `eve` is no rota"),
        ("{who: [ann]", "{who: [duty]", "rota.duty[0].who[0]: `duty` is no person of this file"),
        ('bob: {channels: {pager: ""}}', 'bob: {channels: {pagr: x}}', "`pagr` is no channel of this file. Is pager"),
        ("bob: {", "duty: {}\n  bob: {", "people.duty: `duty` is a rota, too"),
        ("version: 1", "version: 1\ntimezone: Europe/Lndon", "no time zone that this machine knows. Is Europe/London"),
        ("version: 1", "version: 1\ntimezone: ../etc/passwd", "no time zone that this machine knows"),
        ("name: danger", "name: system-lag", "begins the names of flagpost's own rules"),
        ("[bob]}\nsystem", "[bob]}\n      - {after_minutes: 5, to: [ann]}\nsystem", "it is not later than the step before"),
        ("[immediate]}", "[immediate], words: [' ']}", "rules[0].when.words[0]: there is no word"),
        ("[immediate]}", "[immediate], words: ['*']}", "there is no word"),
        ("[immediate]}", "[immediate], places: ['a*b']}", "a * stands elsewhere than at the end of a word"),
        ("severity:", "quiet: {from: 22:00, to: 22:00}\n    severity:", "rules[0].quiet: it begins when it ends"),
        ("pager.example/hook", "pager.example/hook\", type: \"webhook", "Line 3 of rules.yaml, channels.pager.type: it st"),
        ('url: "https://', 'url: "ftp://', "it is no address of the web"),
        ("{env: PAGER_KEY}", "{}", "it does not say where the secret is. Write {env: NAME} or {file: PATH}."),
        # of YAML
        ("people:", "people: [", "Line 6 of rules.yaml: no YAML"),
        ("people:", "people: *nobody\nx:", "no YAML"),
        ("people:", "people: !!python/object:os.system {}\nx:", "no YAML"),
        ("people:", "people: \x01\nx:", "Line 4 of rules.yaml: a character that YAML does not allow"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_what_to_do(old: str, new: str, expected: str) -> None:
    assert expected in " ".join(told(changed(old, new)))


def test_a_second_rule_of_a_name_is_refused() -> None:
    again = SMALL[SMALL.index("  - name") : SMALL.index("system:")]
    assert "Line 18 of rules.yaml, rules[1].name: a second rule is called `danger`." in only(
        SMALL.replace("system:", again + "system:")
    )


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "~"])
def test_an_empty_file_is_no_rules(text: str) -> None:
    assert only(text) == "Line 1 of rules.yaml: it is empty. Begin with `version: 1`."


@pytest.mark.parametrize("text", ["[1]", "words", "3", "- {version: 1}"])
def test_what_is_no_mapping_is_told_so(text: str) -> None:
    assert "stands where a mapping is expected" in only(text)


def test_yaml_reads_as_people_write_it() -> None:
    read = parse_rules(changed("[immediate]}", "[immediate], words: [no, on, 2026-08-15, 12:30]}"), "rules.yaml")
    assert read.file is not None
    assert read.file.rules[0].when.words == ["no", "on", "2026-08-15", "12:30"]
    assert read.file.rota["duty"][1].begin == dt.time(19)  # 19:00 is 1140 in YAML 1.1


def test_anchors_may_share_what_is_the_same() -> None:
    text = changed("[immediate]}", "[immediate], words: &arms [gun, knife]}").replace(
        "system:", "  - {name: two, when: {words: *arms}, to: [duty]}\nsystem:"
    )
    read = parse_rules(text, "rules.yaml")
    assert read.file is not None
    assert read.file.rules[1].when.words == ["gun", "knife"]


def test_anchors_that_grow_without_end_are_refused_at_once() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert told("version: 1\n" + "\n".join(lines))
    assert told("version: 1\npeople: &p {ann: *p}")
    assert told("&r [*r]")


@pytest.mark.parametrize("value", ["!!int ten", "!!float x", "!!bool maybe", "!!timestamp soon", "1" * 5000])
def test_a_value_that_python_can_not_make_is_a_fault_and_no_crash(value: str) -> None:
    assert told(changed("after_minutes: 5", f"after_minutes: {value}"))


def test_a_list_that_aliases_make_huge_is_refused_before_it_is_made() -> None:
    shifts = ", ".join(["{who: [ann]}"] * 1000)
    rotas = "".join(f"  r{number}: *all\n" for number in range(1000))
    assert "more than 100,000 values" in only(changed("rota:", f"rota:\n  first: &all [{shifts}]\n{rotas}"))


# No person


@pytest.mark.parametrize(
    "key", ["author", "user", "handle", "account", "user_id", "Author.Handle", "from", "posted_by"]
)
def test_a_rule_that_names_a_person_is_refused_whatever_the_key_is_called(key: str) -> None:
    sentence = only(changed("grades: [immediate]", f'grades: [immediate], "{key}": joe_bloggs'))
    assert "RIPA 2000, section 28" in sentence
    assert "joe_bloggs" not in sentence


@pytest.mark.parametrize("field", ["words", "places"])
@pytest.mark.parametrize("value", ["@joe", "tell @joe_b now", "\uff20joe", "@joe@mastodon.example"])
def test_words_and_places_that_are_an_account_are_refused(field: str, value: str) -> None:
    sentence = only(changed("[immediate]}", f"[immediate], {field}: ['{value}']}}"))
    assert "an account or a telephone is named, and looking for a particular person needs an authorisation" in sentence
    assert "joe" not in sentence


def test_grouping_by_author_is_refused_for_the_same_reason() -> None:
    assert "RIPA" in only(changed("severity:", "group_by: [author]\n    severity:"))


@pytest.mark.parametrize(
    "value", ["joe@x.example", "network.example/joe", "u/joe", "+44 7700 900123", "07700900123", "joe\uff20x.example"]
)
def test_other_ways_to_name_one_account_or_telephone_are_refused_too(value: str) -> None:
    sentence = only(changed("[immediate]}", f"[immediate], words: ['{value}']}}"))
    assert "an account or a telephone is named" in sentence


@pytest.mark.parametrize("value", ["24/7", "and/or", "999", "9.30", "AB12 CDE", "no. 10", "M25", "e-mail"])
def test_what_only_looks_a_little_like_one_may_be_looked_for(value: str) -> None:
    assert told(changed("[immediate]}", f"[immediate], words: ['{value}']}}")) == []


# Secrets

CHANNEL = '{type: webhook, url: "https://pager.example/hook", secret: {env: PAGER_KEY}}'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("secret: {env: PAGER_KEY}", "secret: whsec_hunter2"),
        ("pager.example/hook", "joe:hunter2@pager.example/hook"),
        ("pager.example/hook", "pager.example/hook?access_token=hunter2"),
        (CHANNEL, "{type: pagerduty, routing_key: hunter2}"),
        (CHANNEL, "{type: apprise, url: 'slack://hunter2'}"),
        ("secret: {env: PAGER_KEY}", "secret: {env: PAGER_KEY}, proxy: 'http://joe:hunter2@proxy.example:3128'"),
    ],
)  # fmt: skip
def test_a_secret_in_plain_text_is_refused_and_not_repeated(old: str, new: str) -> None:
    sentence = only(changed(old, new))
    assert "a secret stands in the file itself" in sentence
    assert "hunter2" not in sentence


def test_a_secret_where_a_name_should_be_is_not_repeated() -> None:
    for old, new in (("env: PAGER_KEY", "env: hunter2"), ("env: PAGER_KEY", "value: hunter2")):
        assert "hunter2" not in only(changed(old, new))


# Advice


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("19:00, to: 07:00", "19:00, to: 05:00", "`duty` is on duty Mon 05:00 to Mon 07:00 and 6 more"),
        ("{who: [bob],", "{who: [bob], days: [mon, tue, wed, thu, fri, sat],", "Mon 00:00 to Mon 07:00 and 1 more"),
        ('ann: {channels: {pager: ""}}', "ann: {}", "`ann` has no channel, and no page reaches them"),
        ("system: {to: [ann]}", "", "there is no `system`"),
        ("grades: [immediate]", "grades: [prompt]", "no rule takes every immediate item"),
        ("grades: [immediate]", "grades: [immediate], words: [fire]", "no rule takes every immediate item"),
        ("    escalate:\n      - {after_minutes: 5, to: [bob]}\n", "", "`danger` is critical, and does not escalate"),
        ("rota:", "  eve: {channels: {pager: x}}\nrota:", "`eve` is not used"),
    ],
)  # fmt: skip
def test_what_is_probably_not_meant_is_a_warning(old: str, new: str, expected: str) -> None:
    read = parse_rules(changed(old, new), "rules.yaml")
    assert read.file is not None
    assert expected in " ".join(read.sentence(one) for one in read.advice)


def test_without_a_channel_it_is_said_once_that_nobody_is_paged() -> None:
    text = "\n".join(line for line in SMALL.splitlines() if "pager: {" not in line and line != "channels:")
    read = parse_rules(text.replace('{channels: {pager: ""}}', "{}"), "rules.yaml")
    assert [one.says for one in read.advice] == ["there are no channels: nobody is paged until a channel is defined"]


# Files, and anything


def test_the_first_fault_is_the_error_and_the_rest_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(changed("grades: [immediate]", "grades: [urgent]").replace("{who: [bob]", "{whom: [bob]"))
    with pytest.raises(InvalidInput) as refused:
        read_rules(path)
    assert "Line 10 of" in refused.value.message
    assert "tells 1 more" in refused.value.hint


@pytest.mark.parametrize(("content", "says"), [(None, "can't be read"), (b"version: 1 # \xff", "is not UTF-8")])
def test_a_file_that_can_not_be_read_is_told_so(content: bytes | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInput) as refused:
        read_rules(path)
    assert says in refused.value.message


KEYS = st.text(max_size=8) | st.sampled_from(["to", "when", "channels", "from", "quiet"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.just("ann"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {"version": st.just(1)},
        optional=dict.fromkeys(("channels", "people", "rota", "rules", "system", "timezone", "x"), JSON),
    )
)
def test_whatever_stands_there_it_is_read_or_the_fault_has_a_line(data: object) -> None:
    check(parse_rules(yaml.safe_dump(data, allow_unicode=True), "rules.yaml"))


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    check(parse_rules(text, "rules.yaml"))


def check(read: Read) -> None:
    assert (read.file is None) == bool(read.faults)
    if read.file is not None:
        assert msgspec.convert(msgspec.to_builtins(read.file), RulesFile) == read.file, "msgspec takes all of it, too"
    for fault in read.faults:
        assert read.sentence(fault).startswith("Line ")
