"""The arithmetic of the benchmarks and what becomes of a refused run; what they measure needs `make bench`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.performance import __main__ as bench
from tests.performance.burst import recovery
from tests.performance.measure import Figure, Target, Unbalanced
from tests.performance.open_loop import Followed
from tests.performance.timeline import Timeline
from tests.performance.workload import draw


def test_a_figure_is_judged_by_its_median() -> None:
    figure = Figure(benchmark="b", name="n", unit="×", rounds=[0.9, 0.5, 0.86], target=Target(0.85))
    assert (figure.median, figure.met) == (0.86, True)
    assert not Target(0.6, "most").met(0.61)


def test_a_rate_begins_behind_the_whole_first_batch_and_ends_with_the_last_item_indexed() -> None:
    # One batch of 20 in two partitions, then 80 posts; the last item goes out two seconds later.
    line = Timeline([(10.0, 15), (10.01, 20), (14.0, 60), (18.0, 100)], indexed=20.0)
    assert line.rate(0.1) == pytest.approx(80 / 10, rel=0.01)
    assert line.rate_between(0.1, 0.6) == pytest.approx(40 / 4, rel=0.01)


def test_recovery_lasts_until_latency_stays_as_before_the_burst() -> None:
    due = np.arange(0, 30, 0.1)
    seconds = np.where((due >= 10) & (due < 17), 5.0, 0.2)
    assert recovery(Followed(due, seconds, seconds, 0.0), 10, 12) == pytest.approx(5, abs=0.2)


def test_latency_that_never_falls_is_no_recovery() -> None:
    due = np.arange(0, 30, 0.1)
    seconds = np.where(due >= 10, 5.0, 0.2)
    assert recovery(Followed(due, seconds, seconds, 0.0), 10, 12) == float("inf")


def test_the_same_seed_draws_the_same_posts_with_ids_of_their_own() -> None:
    posts = draw(3000, seed=5)
    assert posts == draw(3000, seed=5)
    assert len({post.id for post in posts}) == 3000
    assert len({post.text for post in posts}) > 2900


class _NoStack:
    def __init__(self, home: Path) -> None: ...

    def up(self) -> None: ...

    def down(self, wipe: bool) -> None: ...


def test_a_run_whose_books_do_not_balance_has_no_figures_and_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def lost(*_: Any) -> list[Figure]:
        raise Unbalanced("a backlog", ["x:1 is lost"])

    def good(*_: Any) -> list[Figure]:
        return [Figure(benchmark="good", name="speed", unit="posts/s", rounds=[3.0, 1.0, 2.0])]

    monkeypatch.setattr(bench, "Stack", _NoStack)
    monkeypatch.setattr(bench, "forget_outer_settings", lambda: None)
    monkeypatch.setattr(bench, "quiet_kafka_python", lambda: None)
    monkeypatch.setattr(bench, "BENCHMARKS", {"lost": lost, "good": good})
    out = tmp_path / "bench.json"
    assert bench.main(["--quick", "--out", str(out)]) == 1
    told = json.loads(out.read_text("utf-8"))
    assert [(one["name"], one["median"]) for one in told["figures"]] == [("speed", 2.0)]
    assert "x:1 is lost" in told["refused"]["lost"]
    assert "lost is refused" in capsys.readouterr().out
    assert bench.main(["good", "--quick", "--out", str(out)]) == 0
