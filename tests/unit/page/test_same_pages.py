"""Whatever crashes, comes twice or is rewound: the same pages go out as if nothing had.

A run of a control room is drawn: candidates in whatever order their versions come, what people do, and time. It is
played once as it is, and once more with crashes and repeats; a receiver that tells repeats by their id must have the
same pages of both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.page.read import newest
from pipeline.page.step import nothing, taking
from schemas.alert import Action, Gone, Matched
from tests.doubles.manual_clock import START
from tests.unit.page.scene import Scene, escalating, gone, later, matched, rule, rules

Crash = Literal["none", "before it is written", "before it is sent", "before its outcome is written"]

ITEMS = 4
VERSIONS = 5
SECONDS = (0.137, 7.311, 61.713, 317.939, 1801.771, 15013.337)
"""No sum of a few of these is a time that the rules name, so that the millisecond of a restart decides nothing."""


def what_the_rules_say(id: int, version: int, kind: str, group: str) -> Matched | Gone:
    """A version of an item says one thing, however often it comes."""
    match kind:
        case "gone":
            return gone(str(id), version, "edited_into_chatter")
        case "unmatched":
            return matched(str(id), version, rules=[])
        case "old":
            return matched(str(id), version, group=group, at=later(START, hours=-30))
    both = ["danger", "weapons"] if kind == "both" else ["danger"]
    likeness = list(range(64)) if kind == "alike" else []
    grade: Any = "immediate" if kind == "immediate" else "prompt"
    at = later(START, hours=20)  # never too old in a run
    return matched(str(id), version, grade, group, both, at=at, likeness=likeness)


contents = st.lists(
    st.tuples(
        st.sampled_from(["prompt", "immediate", "both", "alike", "gone", "unmatched", "old"]), st.sampled_from("ab")
    ),
    min_size=ITEMS * VERSIONS,
    max_size=ITEMS * VERSIONS,
)
crashes = st.sampled_from(
    ["none", "none", "before it is written", "before it is sent", "before its outcome is written"]
)
events = st.lists(
    st.tuples(
        st.one_of(
            st.tuples(st.just("candidate"), st.integers(0, ITEMS * VERSIONS - 1)),
            st.tuples(st.sampled_from(["acknowledge", "escalate", "resolve"]), st.integers(0, 3)),
            st.tuples(st.just("wait"), st.integers(0, len(SECONDS) - 1)),
        ),
        crashes,
        st.integers(0, 6),
    ),
    max_size=40,
)


@dataclass
class Run:
    """Plays a run. ``history`` is what both topics hold by now, in the order of its coming."""

    scene: Scene = field(
        default_factory=lambda: Scene(
            rules(escalating(group_wait_seconds=20), rule("weapons", group_interval_minutes=2))
        )
    )
    history: list[Matched | Gone | Action] = field(default_factory=list)

    def deliver(self, record: Matched | Gone | Action, crash: Crash, rewound: int) -> None:
        self.history.append(record)
        if crash != "none":
            self._crash([record], crash)
        self.scene.take(*self.history[len(self.history) - 1 - rewound :])

    def _crash(self, batch: list[Matched | Gone | Action], crash: Crash) -> None:
        scene = self.scene
        written = list(scene.log)
        done = scene.written(taking(batch), ())
        if crash == "before it is written":
            scene.log = written
        elif crash == "before its outcome is written":
            scene.sent += [one.page for one in done.tries]
        scene.restart()
        scene.wait(milliseconds=1)

    def act(self, kind: str, which: int, crash: Crash, rewound: int) -> None:
        alerts = [alert for alert in self.scene.alerts if alert.title is None]
        if alerts:
            about = sorted(alerts, key=lambda alert: alert.id)[which % len(alerts)].id
            at = later(START, seconds=len(self.history))  # the same in both runs
            step = which % 2 if kind == "escalate" else None
            action = Action(alert=about, kind=kind, by="inspector", at=at, via="cli", step=step)  # type: ignore[arg-type]
            self.deliver(action, crash, rewound)

    def wait(self, seconds: float, crash: Crash) -> None:
        self.scene.wait(seconds=seconds)
        if crash != "none":
            self.scene.written(nothing, ())
            self.scene.restart()
            self.scene.wait(milliseconds=1)

    @property
    def received(self) -> set[tuple[str, str, str]]:
        """Pages at a receiver that tells repeats."""
        return {(page.id, page.kind, page.recipient) for page in self.scene.sent}


def play(given_contents: list[tuple[str, str]], given_events: Any, disturbed: bool) -> Run:
    run = Run()
    known: set[int] = set()
    for (kind, number), crash, rewound in given_events:
        crash, rewound = (crash, rewound) if disturbed else ("none", 0)
        if kind == "candidate":
            id, version = divmod(number, VERSIONS)
            record = what_the_rules_say(id, version, *given_contents[number])
            if id not in known and (isinstance(record, Gone) or not record.matches):
                continue  # nobody remembers what became of an item that no rule ever matched
            known.add(id)
            run.deliver(record, crash, rewound)
        elif kind == "wait":
            run.wait(SECONDS[number], crash)
        else:
            run.act(kind, number, crash, rewound)
    run.wait(5000.0, "none")
    return run


@settings(max_examples=400, deadline=None)
@given(contents, events)
def test_crashes_repeats_and_rewinds_change_no_page(given_contents: Any, given_events: Any) -> None:
    quiet, disturbed = play(given_contents, given_events, False), play(given_contents, given_events, True)
    assert disturbed.received == quiet.received
    ends = [{alert.id: (alert.state, alert.count) for alert in run.scene.alerts} for run in (quiet, disturbed)]
    assert ends[0] == ends[1]


@settings(max_examples=200, deadline=None)
@given(contents, events)
def test_after_any_run_a_replay_of_everything_pages_nobody(given_contents: Any, given_events: Any) -> None:
    run = play(given_contents, given_events, False)
    for alert in run.scene.alerts:
        run.scene.act("resolve", by="chief", alert=alert)
    run.scene.wait(hours=1)
    before = run.received
    run.scene.take(*run.history)
    run.scene.wait(hours=2)
    run.scene.restart()
    run.scene.take(*run.history)
    run.scene.wait(hours=2)
    assert run.received == before


@settings(max_examples=200, deadline=None)
@given(contents, events)
def test_whatever_is_written_the_book_that_is_read_back_is_the_same(given_contents: Any, given_events: Any) -> None:
    run = play(given_contents, given_events, True)
    assert {alert.id: alert for alert in newest(run.scene.log)} == {alert.id: alert for alert in run.scene.book}
    for alert in run.scene.book:
        assert alert.sequence == sum(key == alert.id.encode() for key, _ in run.scene.log)
