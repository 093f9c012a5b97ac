from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

from rich.console import Console

from pipeline.cli.setup import summary
from pipeline.cli.status import obstacles, show
from pipeline.pause import pause_file
from pipeline.settings import Settings
from pipeline.setup.change import Change
from pipeline.status import IndexStatus, Lag, Problem, Status, TopicStatus
from pipeline.workers import Pause, Worker
from tests.doubles.manual_clock import START


def status(**fields: object) -> Status:
    nothing: dict[str, object] = {
        "checked_at": START,
        "kafka": "127.0.0.1:9092",
        "elasticsearch": "http://127.0.0.1:9200",
        "topics": [],
        "lags": [],
        "dead_letters": None,
        "items": None,
        "indices": [],
        "workers": [],
        "paused": [],
        "problems": [],
    }
    return Status(**{**nothing, **fields})  # type: ignore[arg-type]


def shown(found: Status) -> str:
    console = Console(file=io.StringIO(), width=80, highlight=False)
    show(found, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_status_tells_counts_lags_and_workers() -> None:
    worker = Worker("classify", 42, "stalled", "5 messages wait", 5, dt.datetime.now(dt.UTC), "http://127.0.0.1:1")
    text = shown(
        status(
            topics=[TopicStatus("posts", "posts", 6, 12_000), TopicStatus("outcomes", "outcomes", 6, 50)],
            lags=[Lag("classify", "flagpost-classify", "posts", 1_234)],
            dead_letters=3,
            items=320,
            indices=[IndexStatus("flagpost-items-v1", 340, 20)],
            workers=[worker],
            paused=[Pause("index", "300 of the last 500\x1b[2J")],
        )
    )
    for words in (
        "12,000  classify  1,234",
        "A record of outcomes tells of a whole batch of posts.",
        "320 items",
        "340 documents, 20 of them withdrawn",
        "3: see",
        "stalled (5 mess",
    ):
        assert words in text
    assert "PAUSED        index: 300 of the last 500␛[2J" in text
    assert max(map(len, text.splitlines())) <= 80


def test_every_stage_that_reads_a_topic_has_its_lag() -> None:
    lags = [Lag("index", "flagpost-index", "flagged", 7), Lag("alert", "flagpost-alert", "flagged", 0)]
    text = shown(status(topics=[TopicStatus("flagged", "flagged", 6, 40)], lags=lags))
    assert [line.split() for line in text.splitlines() if line.endswith(("7", " 0"))] == [
        ["flagged", "6", "40", "index", "7"],
        ["alert", "0"],
    ]


def test_workers_of_several_machines_are_told_with_their_host_within_a_terminals_width() -> None:
    here = Worker("classify", 42, "running", "", 5, START, "http://127.0.0.1:41234", "control-1")
    there = Worker("index", 1, "silent", "no sign for 3 min", 0, START, "", "control-2", 180.0)
    text = shown(status(workers=[here, there]))
    row = next(line for line in text.splitlines() if line.startswith("index"))
    assert row.split()[:5] == ["index", "control-2", "1", "silent", "(no"]
    assert max(map(len, text.splitlines())) <= 80
    assert "control-1" not in shown(status(workers=[here]))


def test_the_age_of_what_waits_and_what_nobody_acknowledged_is_told() -> None:
    lag = Lag("classify", "flagpost-classify", "posts", 1_234, 250.0)
    text = shown(status(topics=[TopicStatus("posts", "posts", 6, 12_000)], lags=[lag], open_alerts=2))
    assert "1,234 (4 min)" in text
    assert "2 open: see `flagpost alerts list`" in text


def test_a_missing_dead_mans_switch_is_told_in_one_calm_line() -> None:
    assert "Heartbeat     none: FLAGPOST_HEARTBEAT_URL names a dead-man's switch" in shown(status())
    assert "Heartbeat" not in shown(status(heartbeat=True))


def test_what_is_down_is_named_beside_what_is_up() -> None:
    text = shown(status(problems=[Problem("kafka", "Nobody answers.", "Start it.", 3)], items=1))
    assert "127.0.0.1:9092                    down" in text
    assert "http://127.0.0.1:9200             up" in text


def test_not_set_up_is_not_down() -> None:
    assert "down" not in shown(status(problems=[Problem("kafka", "No topic.", "Run setup.", 5)]))


def test_work_without_a_worker_and_a_paused_stage_are_told_to_who_waits(tmp_path: Path) -> None:
    path = pause_file(tmp_path, "index")
    path.parent.mkdir(parents=True)
    path.write_text("most were bad", "utf-8")
    lags = [Lag("classify", "g", "posts", 5), Lag("index", "g", "flagged", 5)]
    classify, index = obstacles(Settings(home=tmp_path), lags)
    assert "no classify worker lives" in classify
    assert "index is PAUSED (most were bad)" in index


def test_setup_sums_up_in_one_sentence() -> None:
    made = [Change("topic", "a", "created"), Change("topic", "b", "updated", attention="look")]
    assert summary(made, dry_run=False) == "1 created, 1 updated. 1 need your attention."
    assert summary(made[:1], dry_run=True) == "1 would be created, 0 updated. Nothing was done."
    same = [Change("topic", "a", "unchanged")]
    assert summary(same, dry_run=False) == "Everything was set up already: nothing was changed."
    assert summary(same, dry_run=True) == "Everything is set up already: nothing to do."
