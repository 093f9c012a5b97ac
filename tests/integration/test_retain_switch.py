"""The dead-man's switch of `flagpost retain`, which nobody misses while it does not run."""

from __future__ import annotations

from pipeline.settings import Settings
from tests.doubles.dead_mans_switch import SECRET, Switch
from tests.servers import Flagpost


def test_the_switch_hears_of_complete_runs_alone(ready: Settings, flagpost: Flagpost) -> None:
    with Switch() as switch:
        env = {"retain_heartbeat_url": switch.url}
        assert flagpost("retain", "--dry-run", env=env).code == 0
        assert flagpost("retain", env={**env, "elasticsearch_url": "http://127.0.0.1:1"}).code == 3
        assert switch.asked == []
        assert flagpost("retain", env=env).code == 0
        assert switch.asked == [f"GET /{SECRET}"]


def test_a_switch_that_does_not_answer_is_told_of_and_the_run_is_complete(ready: Settings, flagpost: Flagpost) -> None:
    with Switch() as switch:
        switch.status = 500
        ran = flagpost("retain", "--json", env={"retain_heartbeat_url": switch.url})
    assert (ran.code, ran.out[:1]) == (0, "{")
    assert "No answer from the dead-man's switch (answered 500)" in ran.err
    assert SECRET not in ran.out + ran.err
