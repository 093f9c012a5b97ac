from __future__ import annotations

import datetime as dt
import http.server
import json
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import psutil
import pytest

from pipeline.metrics import Health
from pipeline.pause import pause_file
from pipeline.watch.lives import Lives
from pipeline.watch.report import hostname
from pipeline.workers import RunFile, Worker, ask_health, elsewhere, is_alive, pauses, workers
from schemas.worker import WorkerReport
from tests.doubles.manual_clock import START
from tests.unit.watch.reports import report

HEALTH = Health("classify", "stalled", "5 messages wait", 5, 70.0)


def noted(home: Path, pid: int, started_at: dt.datetime | None = None, url: str = "http://127.0.0.1:1") -> RunFile:
    run = RunFile("classify", pid, started_at or dt.datetime.now(dt.UTC), url)
    path = home / "workers" / f"classify-{pid}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(run))
    return run


def nobody() -> int:
    return next(pid for pid in range(2**21, 2**22) if not psutil.pid_exists(pid))


def test_a_worker_is_told_with_its_health(tmp_path: Path) -> None:
    noted(tmp_path, os.getpid())
    (worker,) = workers(tmp_path, ask=lambda url: HEALTH)
    assert (worker.stage, worker.pid, worker.state, worker.lag) == ("classify", os.getpid(), "stalled", 5)


def test_a_process_that_does_not_answer_is_unreachable(tmp_path: Path) -> None:
    noted(tmp_path, os.getpid())
    (worker,) = workers(tmp_path)
    assert worker.state == "unreachable"


def test_run_files_of_the_dead_and_broken_files_are_passed_over(tmp_path: Path) -> None:
    noted(tmp_path, nobody())
    (tmp_path / "workers" / "classify-1.json").write_text("{", "utf-8")
    (tmp_path / "workers" / "classify-2.json").write_text("[]", "utf-8")
    assert workers(tmp_path, ask=lambda url: HEALTH) == []
    assert workers(tmp_path / "never") == []


def test_another_process_with_the_same_pid_is_not_the_worker(tmp_path: Path) -> None:
    assert is_alive(noted(tmp_path, os.getpid()))
    assert not is_alive(noted(tmp_path, os.getpid(), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)))


def test_a_pause_is_told_with_its_reason(tmp_path: Path) -> None:
    path = pause_file(tmp_path, "index")
    path.parent.mkdir(parents=True)
    path.write_text("300 of the last 500", "utf-8")
    (pause,) = pauses(tmp_path)
    assert (pause.stage, pause.reason) == ("index", "300 of the last 500")


def test_a_pause_that_ends_while_it_is_looked_at_is_none(tmp_path: Path) -> None:
    path = pause_file(tmp_path, "index")
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "gone")
    assert pauses(tmp_path) == []


@pytest.fixture
def unwell() -> Iterator[str]:
    """A worker's /healthz that answers 503, as one that stalls does."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = msgspec.json.encode(HEALTH) if self.path == "/healthz" else json.dumps({"not": "health"}).encode()
            self.send_response(503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_worker_that_is_unwell_still_says_how(unwell: str) -> None:
    assert ask_health(unwell) == HEALTH
    assert ask_health(f"{unwell}/elsewhere") is None
    assert ask_health("http://127.0.0.1:1") is None
    assert ask_health("not a url") is None


def life(
    host: str = "control-2", pid: int = 7, seconds_ago: float = 5, **fields: object
) -> tuple[WorkerReport, dt.datetime]:
    return report(host=host, pid=pid, **fields), START - dt.timedelta(seconds=seconds_ago)


def told_of(
    *lives_seen: tuple[WorkerReport, dt.datetime], here: Sequence[Worker] = ()
) -> list[tuple[str, int, str, str]]:
    lives = Lives()
    for said, at in sorted(lives_seen, key=lambda one: one[1]):
        lives.saw(said, at)
    return [(worker.host, worker.pid, worker.state, worker.detail) for worker in elsewhere(here, lives, START)]


def test_workers_of_other_machines_are_told_as_they_said_last() -> None:
    assert told_of(life(state="paused", detail="most were bad")) == [("control-2", 7, "paused", "most were bad")]


def test_a_worker_that_gave_no_sign_lately_is_told_as_silent() -> None:
    assert told_of(life(seconds_ago=30)) == [("control-2", 7, "running", "")]
    assert told_of(life(seconds_ago=180)) == [("control-2", 7, "silent", "no sign for 3 min")]


def test_a_worker_that_ended_or_that_another_took_the_place_of_is_not_told() -> None:
    assert told_of(life(state="ended")) == []
    assert told_of(life(pid=1, seconds_ago=180), life(pid=2)) == [("control-2", 2, "running", "")]
    assert told_of(life(pid=1, seconds_ago=180), life(pid=2, state="ended")) == []


def test_a_worker_of_this_machine_is_told_once_and_its_dead_predecessor_not_at_all() -> None:
    here = Worker("classify", os.getpid(), "running", "", 0, START, "http://127.0.0.1:1", hostname())
    mine, before = life(hostname(), os.getpid()), life(hostname(), nobody(), seconds_ago=10)
    assert told_of(mine, before, here=[here]) == []
    assert [state for *_, state, _ in told_of(before)] == ["silent"]


def test_a_machine_whose_clock_is_behind_counts_from_the_newest_sign() -> None:
    seen = life(seconds_ago=-3600)
    assert told_of(seen) == [("control-2", 7, "running", "")]
