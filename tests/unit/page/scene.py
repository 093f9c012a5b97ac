"""A control room for tests of the pure core: rules, alerts, time, and pages that are taken the moment they are tried."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from pipeline.alert.rules import (
    AlertmanagerChannel,
    Match,
    PagerDutyChannel,
    Person,
    QuietHours,
    Rule,
    RulesFile,
    Secret,
    Shift,
    Step,
    SystemRules,
    WebhookChannel,
)
from pipeline.message import Outgoing
from pipeline.page.book import Book
from pipeline.page.read import newest
from pipeline.page.step import Change, nothing, step, taking
from pipeline.page.timers import resume, sweep
from pipeline.page.tries import Outcome, Try
from schemas import alert as records
from schemas import codec
from schemas.alert import Action, Alert, Excerpt, Gone, Matched, Page
from schemas.audit import AuditEntry
from schemas.labels import Grade
from schemas.topics import ALERTS, AUDIT
from tests.doubles.manual_clock import START

CHANNEL = WebhookChannel(url="http://localhost:1", secret=Secret(env="KEY"))
PAGERDUTY = PagerDutyChannel(routing_key=Secret(env="KEY"))
ALERTMANAGER = AlertmanagerChannel(url="http://localhost:1")


def rule(name: str = "danger", **fields: Any) -> Rule:
    """One that pages the inspector at once."""
    return Rule(**{"name": name, "when": Match(), "to": ["duty"], "group_wait_seconds": 0, **fields})


def rules(*given: Rule, **fields: Any) -> RulesFile:
    """The inspector is on duty, the chief and the operator can be paged."""
    return RulesFile(
        **{
            "version": 1,
            "timezone": "Europe/London",
            "channels": {"pager": CHANNEL, "mail": CHANNEL},
            "people": {
                "inspector": Person(channels={"pager": ""}),
                "chief": Person(channels={"pager": "", "mail": "chief@example.org"}),
                "operator": Person(channels={"mail": "ops@example.org"}),
            },
            "rota": {"duty": [Shift(who=["inspector"])]},
            "rules": list(given) or [rule()],
            "system": SystemRules(to=["operator"]),
            **fields,
        }
    )


def escalating(**fields: Any) -> Rule:
    return rule(escalate=[Step(after_minutes=5, to=["chief"]), Step(after_minutes=15, to=["operator"])], **fields)


def quiet(begin: str = "22:00", end: str = "07:00") -> QuietHours:
    return QuietHours(begin=dt.time.fromisoformat(begin), end=dt.time.fromisoformat(end))


def matched(
    id: str = "1",
    version: int = 1,
    grade: Grade = "prompt",
    group: str = "harbour",
    rules: Sequence[str] = ("danger",),
    at: dt.datetime = START,
    **fields: Any,
) -> Matched:
    excerpt = Excerpt(
        label="intel", grade=grade, score=0.9, text="words", posted_at=at, place=fields.pop("place", None)
    )
    severity = fields.pop("severity", "warning")
    matches = [records.Match(rule=name, severity=severity, group=group) for name in rules]
    return Matched(
        **{
            "source": "x",
            "id": id,
            "version": version,
            "revision": at,
            "matches": matches,
            "excerpt": excerpt if matches else None,
            **fields,
        }
    )


def gone(id: str = "1", version: int = 2, reason: str = "deleted") -> Gone:
    return Gone(source="x", id=id, version=version, reason=reason, revision=START)  # type: ignore[arg-type]


@dataclass
class Scene:
    """Time stands still between two calls. ``log`` is `[alerts]` as it was written, ``audit`` what was done."""

    rules: RulesFile = field(default_factory=rules)
    now: dt.datetime = START
    answers: Callable[[Page], str] = lambda _page: "delivered"
    """delivered, failed, refused, or nothing at all: the page stays under way."""
    log: list[tuple[bytes, bytes | None]] = field(default_factory=list)
    audit: list[AuditEntry] = field(default_factory=list)
    sent: list[Page] = field(default_factory=list)
    """Every try, as it was sent."""
    book: Book = field(default_factory=Book)
    under_way: set[str] = field(default_factory=set)

    def take(self, *given: Matched | Gone | Action) -> list[str]:
        """Candidates and actions in one batch."""
        return self.change(taking(given))

    def act(
        self,
        kind: str,
        by: str = "inspector",
        token: str | None = None,
        alert: Alert | None = None,
        step: int | None = None,
    ) -> list[str]:
        about, via = (alert or self.alert).id, "link" if token else "cli"
        return self.take(Action(alert=about, kind=kind, by=by, at=self.now, via=via, token=token, step=step))  # type: ignore[arg-type]

    def wait(self, **time: float) -> None:
        """Lets time pass, and does what is due whenever it is."""
        end = self.now + dt.timedelta(**time)
        while (due := self.book.next_due()) is not None and due <= end:
            self.now = max(due, self.now)
            before = len(self.log)
            self.change(nothing)
            if len(self.log) == before:
                break
        self.now = end
        self.change(sweep)

    def change(self, change: Change[Any]) -> Any:
        """One step, and those that follow from the outcomes of its tries."""
        done = self.written(change, ())
        outcomes = self._send(done.tries)
        while outcomes:
            following = self.written(nothing, outcomes)
            outcomes = self._send(following.tries)
        return done.answer

    def written(self, change: Change[Any], outcomes: Sequence[Outcome]) -> Any:
        """One step, durable and in the book; its tries are about to begin."""
        free = dict.fromkeys(self.rules.channels, 4)
        done = step(self.book, self.rules, self.now, change, outcomes, free, self.under_way)
        for record in done.draft.records():
            if record.topic is ALERTS:
                self.log.append((record.key or b"", record.value if isinstance(record, Outgoing) else None))
            elif record.topic is AUDIT and isinstance(record, Outgoing):
                self.audit.append(codec.decode(AUDIT, record.value))
        done.draft.take()
        return done

    def restart(self) -> None:
        """The process dies; the next one reads what was written."""
        self.book = Book(newest(self.log))
        self.under_way.clear()
        self.change(lambda draft, _rules, now: resume(draft, frozenset(), now))

    def _send(self, tries: Sequence[Try]) -> list[Outcome]:
        outcomes = []
        for one in tries:
            self.sent.append(one.page)
            if end := self.answers(one.page):
                outcomes.append(
                    Outcome(alert=one.alert.id, page=one.page.id, channel=one.page.channel, end=end, answer="an answer")  # type: ignore[arg-type]
                )
            else:
                self.under_way.add(one.page.id)
        return outcomes

    # What there is

    @property
    def alerts(self) -> list[Alert]:
        """In the order of their opening."""
        return sorted(self.book, key=lambda alert: (alert.opened_at, alert.id))

    @property
    def alert(self) -> Alert:
        """The only one."""
        (alert,) = self.book
        return alert

    @property
    def pages(self) -> list[tuple[str, str]]:
        """Kind and recipient of every page that was sent, in order, each once."""
        first = {page.id: page for page in self.sent}
        return [(page.kind, page.recipient) for page in first.values()]

    @property
    def acts(self) -> list[str]:
        return [entry.act for entry in self.audit]


def later(moment: dt.datetime, **time: float) -> dt.datetime:
    return moment + dt.timedelta(**time)


def with_rules(scene: Scene, **fields: Any) -> None:
    """The file changes."""
    scene.rules = replace(scene.rules, **fields)
