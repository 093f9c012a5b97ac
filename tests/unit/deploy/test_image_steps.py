"""`make image-steps` runs what the Dockerfile says and nothing else, where it can do no harm; that takes minutes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.settings import OTHERS, ROOT, Settings
from tests.image.build import NEEDS_A_CONTAINER
from tests.image.plan import DOCKERFILE, IGNORE, UnknownPath, context, environment, is_let_in, rebased, steps, words_of
from tests.image.smoke import SMOKES, Smoke
from tests.unit.deploy.commands import parsed

STEPS = steps(DOCKERFILE.read_text("utf-8"))
RULES = IGNORE.read_text("utf-8").splitlines()


def test_every_instruction_is_run_or_known_to_need_a_container() -> None:
    assert {step.word for step in STEPS} <= {"RUN", "COPY", *NEEDS_A_CONTAINER}


def test_a_step_touches_no_folder_of_this_machine(tmp_path: Path) -> None:
    for step in STEPS:
        if step.word == "RUN" and not step.text.startswith("useradd "):
            absolute = re.findall(
                r"(?<![\w.:-])/[a-z]\S*", rebased(step.text, tmp_path).replace(str(tmp_path), " here")
            )
            assert absolute == [], "all of them lie below our folder"
    with pytest.raises(UnknownPath, match="/etc/passwd"):
        rebased("cat /etc/passwd > /opt/flagpost/x", tmp_path)


def test_the_images_variables_are_settings(tmp_path: Path) -> None:
    found = environment(STEPS, tmp_path, "/usr/bin")
    assert found["PATH"] == f"{tmp_path}/opt/flagpost/bin:/usr/bin"
    ours = {name.removeprefix("FLAGPOST_").lower() for name in found if name.startswith("FLAGPOST_")}
    assert ours <= set(Settings.model_fields)
    assert not [name for name in found if name.startswith(OTHERS)]
    assert words_of(STEPS, "ENTRYPOINT") == ["flagpost"]
    assert words_of(STEPS, "CMD") == ["--help"]


@pytest.mark.parametrize(
    ("path", "let_in"),
    [
        ("pipeline/settings.py", True),
        ("models/released/model.bin", True),
        ("models/corpus/LABELS.md", False),
        ("deploy/alerts/rules.yaml", True),
        ("deploy/compose/__pycache__/users.cpython-312.pyc", False),
        ("secrets/kafka_admin", False),
        ("deploy/compose/secrets/kafka_admin", False),
        (".env", False),
        ("deploy/.env", False),
        ("deploy/kubernetes/classify.env", False),
        (".venv/bin/python", False),
        ("tests/conftest.py", False),
    ],
)
def test_the_build_is_given_what_it_needs_and_no_secret(path: str, let_in: bool) -> None:
    assert is_let_in(Path(path), [line for line in RULES if line and not line.startswith("#")]) == let_in


def test_what_commands_read_when_they_run_is_in_the_image() -> None:
    given = {str(path) for path in context(ROOT, RULES)}
    for path in (Settings.model_fields["rules"].default, Settings.model_fields["model"].default / "manifest.json"):
        assert str(path.relative_to(ROOT)) in given
    assert {"deploy/kibana/flagpost.ndjson", "pipeline/evaluation/report.html.jinja", "requirements/base.txt"} <= given


OF_FLAGPOST = [one for one in SMOKES if one.entrypoint == ("flagpost",) and not one.words[0].startswith("--")]


@pytest.mark.parametrize("smoke", OF_FLAGPOST, ids=lambda one: " ".join(one.words))
def test_what_is_tried_in_the_image_are_commands(smoke: Smoke) -> None:
    assert parsed(smoke.words).split()[1] == smoke.words[0]
