"""What people do about alerts, on a real Kafka with a real page worker: from the command line and through links."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline.page import actions
from pipeline.page.links import Links
from pipeline.settings import Settings
from pipeline.topic_reader import read_topic
from schemas import codec
from schemas.alert import Action, Alert
from schemas.topics import ALERT_ACTIONS
from tests.notices import alert, page
from tests.paging import Written
from tests.servers import Flagpost
from tests.signals import heeded
from tests.waiting import PATIENCE, wait_for
from tests.worker_processes import WorkerProcesses, environment

pytestmark = pytest.mark.integration

NOW = dt.datetime.now(dt.UTC)
SECRET = "k" * 32
RULES = """
version: 1
people:
  duty-inspector: {}
rules:
  - name: immediate-danger
    when: {grades: [immediate]}
    to: [duty-inspector]
"""


def made(**fields: Any) -> Alert:
    return alert(**{"opened_at": NOW, "updated_at": NOW, **fields})


@pytest.fixture
def written(ready: Settings) -> Written:
    return Written(ready)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "TAKEN_UP_SECONDS", 1.0)


@contextlib.contextmanager
def page_worker(settings: Settings) -> Iterator[WorkerProcesses]:
    """A page worker, which finds what was written before."""
    rules = settings.home / "rules.yaml"
    rules.parent.mkdir(exist_ok=True)
    rules.write_text(RULES)
    with WorkerProcesses(settings, "page", FLAGPOST_RULES=str(rules)) as workers:
        workers.wait_until_up()
        yield workers


def actions_in(settings: Settings) -> list[tuple[bytes, Action]]:
    return [(record.key, codec.decode(ALERT_ACTIONS, record.value)) for record in read_topic(settings, ALERT_ACTIONS)]


# What is there


def test_the_list_is_what_was_committed_last(flagpost: Flagpost, written: Written) -> None:
    written.put(made(id="a" * 16, sequence=1), made(id="b" * 16), made(id="c" * 16))
    written.put(made(id="a" * 16, sequence=2, state="acknowledged", acknowledged_by="p.shah", acknowledged_at=NOW))
    written.put(made(id="b" * 16, sequence=2, state="resolved", resolved_at=NOW))
    written.put(made(id="d" * 16), made(id="a" * 16, sequence=3, state="resolved"), taken_back=True)
    written.remove("c" * 16)

    def listed(*arguments: str) -> list[tuple[str, str]]:
        ran = flagpost("alerts", "list", "--json", *arguments)
        assert ran.code == 0, ran.err
        return [(one["id"][0], one["state"]) for one in map(json.loads, ran.out.splitlines())]

    assert listed() == [("a", "acknowledged")]
    assert listed("--all") == [("a", "acknowledged"), ("b", "resolved")]
    assert "acknowledged by p.shah" in flagpost("alerts", "list").out
    assert flagpost("alerts", "list", "--all").out.endswith("1 acknowledged, 1 resolved.\n")


def test_an_empty_list_and_an_installation_that_is_not_set_up_are_said(flagpost: Flagpost, settings: Settings) -> None:
    ran = flagpost("alerts", "list")
    assert (ran.code, "flagpost setup" in ran.err) == (5, True)
    assert flagpost("setup").code == 0
    assert flagpost("alerts", "list").out == "No alert is open or acknowledged.\n"
    assert flagpost("alerts", "list", "--all").out == "No alerts.\n"


def test_one_alert_is_shown_by_the_beginning_of_its_id(flagpost: Flagpost, written: Written) -> None:
    written.put(made(id="abcd" * 4, pages=[page(end="delivered", answer="202")]), made(id="abcx" * 4))
    shown = flagpost("alerts", "show", "abcd")
    assert shown.code == 0
    assert "delivered (202)" in shown.out
    assert "nothing is in the audit log yet" in shown.out
    assert json.loads(flagpost("alerts", "show", "--json", "abcd").out)["history"] == []
    both = flagpost("alerts", "show", "abc")
    assert (both.code, "2 alerts begin with 'abc'" in both.err) == (2, True)
    assert flagpost("alerts", "show", "zzz").code == 2


# What people do


def test_an_action_is_safe_though_no_page_worker_takes_it_up(
    flagpost: Flagpost, ready: Settings, written: Written, no_waiting: None
) -> None:
    one = written.put(made())
    ran = flagpost("alerts", "ack", one.id[:6], "--by", "p.shah", "--note", "on my way")
    assert ran.code == 1
    assert "no page worker has taken it up" in ran.err
    assert "flagpost worker page" in ran.err
    ((key, action),) = actions_in(ready)
    assert key == one.id.encode()
    assert (action.kind, action.by, action.via, action.note) == ("acknowledge", "p.shah", "cli", "on my way")


@pytest.mark.parametrize("wrong", [["--by", "x" * 513], ["--note", "x" * 1025]])
def test_what_nobody_could_read_is_not_recorded(
    flagpost: Flagpost, ready: Settings, written: Written, wrong: list[str]
) -> None:
    one = written.put(made())
    ran = flagpost("alerts", "ack", one.id, *wrong)
    assert (ran.code, "Shorten" in ran.err) == (2, True)
    assert actions_in(ready) == []


def test_what_there_is_nothing_to_do_about_is_said(flagpost: Flagpost, ready: Settings, written: Written) -> None:
    one = written.put(made(state="resolved", resolved_by="p.shah", resolved_at=NOW))
    for command in ("ack", "resolve"):
        ran = flagpost("alerts", command, one.id)
        assert (ran.code, "resolved by p.shah" in ran.out, "nothing left to do" in ran.out) == (0, True, True)
    ran = flagpost("alerts", "escalate", one.id)
    assert (ran.code, "nothing to escalate" in ran.err) == (2, True)
    assert actions_in(ready) == []


def test_an_alert_is_acknowledged_escalated_and_resolved_and_its_history_tells(
    flagpost: Flagpost, ready: Settings, written: Written
) -> None:
    one = written.put(made())
    with page_worker(ready) as workers:
        for command, arguments, says in (
            ("ack", ["--by", "p.shah"], "acknowledged by p.shah"),
            ("ack", ["--by", "a.khan"], "acknowledged by p.shah"),
            ("escalate", ["--by", "p.shah", "--note", "two of us are needed"], "is open: escalated, step 1"),
            ("resolve", ["--by", "a.khan"], "resolved by a.khan"),
        ):
            ran = flagpost("alerts", command, one.id[:8], *arguments)
            assert ran.code == 0, ran.err + workers.log("page")
            assert says in ran.out
    history = json.loads(flagpost("alerts", "show", "--json", one.id).out)["history"]
    assert [(entry["act"], entry["by"], entry["detail"].get("note")) for entry in history] == [
        ("alert-acknowledged", "p.shah", None),
        ("alert-escalated", "p.shah", "two of us are needed"),
        ("alert-resolved", "a.khan", None),
    ]
    assert "alert escalated" in flagpost("alerts", "show", one.id).out
    assert flagpost("alerts", "list").out == "No alert is open or acknowledged.\n"


def test_of_two_who_escalate_at_once_the_second_skips_nobody_and_is_told(
    flagpost: Flagpost, ready: Settings, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = written.put(made())
    publish = actions.publish

    def after_somebody_else(settings: Settings, action: Action) -> None:
        publish(settings, replace(action, by="a.khan"))
        publish(settings, action)

    monkeypatch.setattr(actions, "publish", after_somebody_else)
    with page_worker(ready) as workers:
        ran = flagpost("alerts", "escalate", one.id, "--by", "p.shah")
        assert ran.code == 9, ran.err + workers.log("page")
    assert "escalated, step 1" in ran.err
    assert "changes nothing" in ran.err
    shown = json.loads(flagpost("alerts", "show", "--json", one.id).out)
    assert shown["step"] == 1
    assert [(entry["act"], entry["by"]) for entry in shown["history"]] == [
        ("alert-escalated", "a.khan"),
        ("action-too-late", "p.shah"),
    ]


# As it happens, and from a phone


@contextlib.contextmanager
def command(settings: Settings, log: Path, *arguments: str, **extra: str) -> Iterator[subprocess.Popen[bytes]]:
    """``flagpost ARGUMENTS…`` in the background; all that it says goes to ``log``."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", *arguments],
            env={**environment(settings), **extra},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)


@contextlib.contextmanager
def served(settings: Settings, log: Path) -> Iterator[Links]:
    """`flagpost alerts serve`, and links to it."""
    extra = {
        "FLAGPOST_LINKS_URL": "https://alerts.example",
        "FLAGPOST_LINKS_SECRET": SECRET,
        "FLAGPOST_ALERTS_PORT": "0",
    }
    with command(settings, log, "alerts", "serve", **extra) as process:
        wait_for(lambda: b"Answering the links" in log.read_bytes() or process.poll() is not None, "it answers")
        (line,) = [line for line in log.read_text().splitlines() if line.startswith("Answering the links")]
        yield Links(line.split()[-1], SECRET, settings.namespace)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0, log.read_text()


def asked(url: str, kind: str | None = None) -> tuple[int, str]:
    """Status and text of a page, after redirects; with ``kind``, after its button was pressed."""
    data = f"kind={kind}".encode() if kind else None
    try:
        with urllib.request.urlopen(url, data, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def test_each_change_is_watched_until_ctrl_c(written: Written, ready: Settings, tmp_path: Path) -> None:
    log = tmp_path / "watch.log"
    written.put(made(id="a" * 16))
    with heeded(signal.SIGINT), command(ready, log, "alerts", "watch", COLUMNS="80") as watching:
        wait_for(lambda: b"1 alert is open" in log.read_bytes(), "it watches")
        written.put(made(id="a" * 16, sequence=2, state="acknowledged", acknowledged_by="p.shah"))
        written.put(made(id="a" * 16, sequence=3, count=9), taken_back=True)
        written.put(made(id="b" * 16))
        wait_for(lambda: b"bbbbbbbb" in log.read_bytes(), "the new alert is told")
        watching.send_signal(signal.SIGINT)
        assert watching.wait(PATIENCE) == 0
    _, *lines = log.read_text().splitlines()
    assert [(line.split()[2][0], line.rpartition(": ")[2]) for line in lines] == [
        ("a", "acknowledged by p.shah"),
        ("b", "open, 1 post"),
    ]


def test_a_link_acknowledges_its_alert_once_and_the_command_line_sees_it(
    flagpost: Flagpost, ready: Settings, written: Written, tmp_path: Path
) -> None:
    one = written.put(made())
    with page_worker(ready) as workers, served(ready, tmp_path / "serve.log") as links:
        url = links.url(one.id, "duty-inspector", f"msg_{one.id}.1", dt.datetime.now(dt.UTC))
        assert asked(url.partition("/a/")[0] + "/healthz") == (200, '{"status": "ok"}')
        status, text = asked(url, "acknowledge")
        assert (status, "<h1>Acknowledged</h1>" in text) == (200, True), workers.log("page")
        status, text = asked(url, "acknowledge")
        assert (status, "used before" in text) == (409, True)
    assert "acknowledged by duty-inspector" in flagpost("alerts", "list").out
    assert [(action.via, action.kind) for _, action in actions_in(ready)] == [("link", "acknowledge")]
    assert url.rpartition(".")[2] not in (tmp_path / "serve.log").read_text()


def test_while_kafka_is_away_people_are_told_to_call(ready: Settings, tmp_path: Path) -> None:
    away = ready.model_copy(update={"kafka_bootstrap": "127.0.0.1:1"})
    with served(away, tmp_path / "serve.log") as links:
        url = links.url("a" * 16, "me", "msg_a.1", dt.datetime.now(dt.UTC))
        for status, text in (asked(url), asked(url, "resolve")):
            assert (status, "call the control room" in text) == (503, True)
        assert asked(url.partition("/a/")[0] + "/healthz")[0] == 503
