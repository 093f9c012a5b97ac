"""`flagpost rules` as a user runs it, with the released model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contract.conftest import Here
from tests.unit.alert.files import SMALL

DANGER = "please help, a man with a knife is trying to get into my house right now, send police"
CHATTER = "lovely sunset over the bay tonight, chips on the front, happy days"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(SMALL)
    return path


def test_the_rules_that_ship_are_right_and_say_that_nobody_is_paged_yet(here: Here) -> None:
    done = here("rules", "check", width=80)
    assert done.returncode == 0
    assert "rules.yaml is right: 5 rules, no channels, 6 people, 1 rota." in " ".join(done.stdout.split())
    assert "nobody is paged until a channel is defined" in done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_secret_that_is_not_here_is_a_warning(here: Here, small: Path) -> None:
    done = here("rules", "check", small)
    assert done.returncode == 0
    assert "PAGER_KEY" in done.stderr
    assert here("rules", "check", small, PAGER_KEY="whsec_" + "c2VjcmV0" * 4).stderr == ""


def test_wrong_rules_end_with_2_and_every_fault_is_told(here: Here, small: Path) -> None:
    small.write_text(SMALL.replace("immediate", "urgent").replace("[bob], from", "[eve], from"))
    done = here("rules", "check", small)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"Error: Line 13 of {small}, rules[0].when.grades[0]: `urgent` is not immediate" in done.stderr
    assert f"Error: Line 10 of {small}, rota.duty[1].who[0]: `eve` is no person of this file" in done.stderr
    assert "Traceback" not in done.stderr


def test_json_has_what_is_defined_and_what_is_wrong(here: Here, small: Path) -> None:
    right = json.loads(here("rules", "check", small, "--json").stdout)
    assert (right["faults"], right["rules"]["rules"][0]["name"]) == ([], "danger")
    small.write_text(SMALL.replace("to: [duty]", "to: [dutty]"))
    done = here("rules", "check", small, "--json")
    wrong = json.loads(done.stdout)
    assert (done.returncode, wrong["rules"]) == (2, None)
    (fault,) = wrong["faults"]
    assert (fault["line"], fault["place"], fault["do"]) == (14, "rules[0].to[0]", "Is duty meant?")


@pytest.mark.parametrize("arguments", [("check", "nowhere.yaml"), ("try", "nowhere.yaml", "-")])
def test_a_file_that_is_not_there_is_told_so(here: Here, arguments: tuple[str, ...]) -> None:
    done = here("rules", *arguments)
    assert done.returncode == 2
    assert "The rules file nowhere.yaml can't be read" in done.stderr


def test_rules_are_tried_on_posts_with_the_real_model(here: Here, small: Path) -> None:
    first = {"id": "1", "source": "x", "created_at": "2026-08-15T10:00:00Z", "text": DANGER}
    lines = [
        first,
        {**first, "id": "2", "text": f"RT @jo: {DANGER}", "created_at": "2026-08-15T10:05:00Z"},
        {**first, "id": "3", "text": CHATTER},
        {"type": "post_deleted", "source": "x", "id": "3", "deleted_at": "2026-08-15T11:00:00Z"},
        {"text": "theres smoke coming out the ceiling in the arcade and the back door is locked, we cant get out"},
    ]
    stdin = "\n".join(json.dumps(line) for line in lines)
    done = here("rules", "try", small, "-", "--json", stdin=stdin.encode())
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["posts"], found["items"], found["matched"], found["alerts"], found["undated"]) == (4, 3, 3, 2, 1)
    assert found["model"].startswith("flagpost-")
    shown = here("rules", "try", small, "-", stdin=stdin.encode(), width=80)
    assert "4 posts → 3 flagged → 3 matched → 2 alerts" in shown.stdout
    assert "1 post without `created_at` counted as posted now" in shown.stderr
    assert "danger: critical" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_lines_that_can_not_be_used_are_told_and_not_quoted(here: Here, small: Path) -> None:
    done = here(
        "rules", "try", small, "-", stdin=f'{{"text": "{CHATTER}"}}\n{{"texts": "hunter2"}}\nhunter3\n'.encode()
    )
    assert done.returncode == 1
    assert "1 post → 0 flagged → 0 matched → 0 alerts" in done.stdout
    assert "(line 2)" in done.stderr
    assert "(line 3)" in done.stderr
    assert "hunter" not in done.stdout + done.stderr


def test_a_file_without_a_post_is_told_so(here: Here, small: Path) -> None:
    done = here("rules", "try", small, "-", stdin=b"\n\n")
    assert done.returncode == 2
    assert "holds no post that can be used" in done.stderr


def test_wrong_rules_are_told_before_the_model_is_loaded(here: Here, small: Path) -> None:
    small.write_text(SMALL.replace("immediate", "urgent"))
    done = here("rules", "try", small, "-", stdin=b"{}", FLAGPOST_MODEL="/nowhere")
    assert done.returncode == 2
    assert "`urgent` is not immediate" in done.stderr
