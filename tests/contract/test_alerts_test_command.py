"""`flagpost alerts test`, as an operator runs it who has written a rules file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.service_server import ServiceServer, Told
from tests.doubles.webhook_receiver import Answer, WebhookReceiver

RULES = """
version: 1
channels:
  desk: {{type: webhook, url: "{url}", secret: {{env: DESK_KEY}}, allow_private: true}}
  monitor: {{type: alertmanager, url: "{monitor}"}}
people:
  brown: {{channels: {{desk: "", monitor: ""}}}}
  green: {{channels: {{desk: ""}}}}
rota:
  nights: [{{who: [green]}}]
rules:
  - name: immediate-danger
    when: {{grades: [immediate]}}
    to: [nights]
"""


class Operator:
    """A rules file in a folder of its own, and the command."""

    def __init__(self, folder: Path, receiver: WebhookReceiver, monitor: ServiceServer) -> None:
        self.folder, self.receiver, self.monitor = folder, receiver, monitor
        self.environment = {**os.environ, "DESK_KEY": receiver.key, "FLAGPOST_RULES": str(folder / "rules.yaml")}
        self.write(RULES)

    def write(self, rules: str) -> None:
        (self.folder / "rules.yaml").write_text(rules.format(url=self.receiver.url, monitor=self.monitor.url))

    def test(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipeline.cli", "alerts", "test", *arguments],
            cwd=self.folder,
            env={**self.environment, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    with WebhookReceiver() as receiver, ServiceServer() as monitor:
        yield Operator(tmp_path, receiver, monitor)


def test_everybody_gets_a_page_that_says_it_is_a_test(operator: Operator) -> None:
    done = operator.test()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "desk → brown: delivered (204 No Content)",
        "monitor → brown: delivered (200 OK)",
        "desk → green: delivered (204 No Content)",
    ]
    bodies = [one.body for one in operator.receiver.taken.values()]
    assert [body["type"] for body in bodies] == ["alert.test"] * 2
    assert all(body["data"]["title"].startswith("[TEST]") for body in bodies)
    assert operator.monitor.asked[0].body[0]["labels"]["alertname"] == "flagpost-test"


def test_one_person_and_one_channel_can_be_chosen(operator: Operator) -> None:
    assert operator.test("--to", "brown", "--channel", "monitor").returncode == 0
    assert operator.test("--to", "nights").returncode == 0
    assert (len(operator.monitor.asked), len(operator.receiver.taken)) == (1, 1)


def test_what_is_not_delivered_is_told_with_the_reason_and_the_exit_code(operator: Operator) -> None:
    operator.receiver.script(Answer(401), Answer(401))
    operator.monitor.script(Told(500))
    done = operator.test()
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "desk → brown: refused (it answered 401 Unauthorized)",
        "monitor → brown: failed (it answered 500 Internal Server Error)",
        "desk → green: refused (it answered 401 Unauthorized)",
    ]


def test_a_channel_without_its_secret_is_told_and_the_others_are_tested(operator: Operator) -> None:
    del operator.environment["DESK_KEY"]
    done = operator.test()
    assert done.returncode == 1
    assert "desk → brown: refused (Channel desk reads its secret from the environment variable DESK_KEY" in done.stdout
    assert "monitor → brown: delivered (200 OK)" in done.stdout


def test_a_name_that_is_not_there_is_an_error(operator: Operator) -> None:
    done = operator.test("--to", "black")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "Error: The rules file has no person or rota 'black'.",
        "It has: brown, green, nights.",
    ]


def test_a_rules_file_that_is_wrong_pages_nobody(operator: Operator) -> None:
    operator.write(RULES + "\n  - nonsense\n")
    assert operator.test().returncode == 2
    assert operator.receiver.arrivals == []
