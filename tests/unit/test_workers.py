from __future__ import annotations

import datetime as dt
import http.server
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from pipeline.metrics import Health
from pipeline.pause import pause_file
from pipeline.workers import RunFile, ask_health, is_alive, pauses, workers

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
