from __future__ import annotations

import datetime as dt
import getpass
import io
import json

import pytest
from rich.console import Console, RenderableType

from pipeline import cli
from pipeline.cli.alerts import escalated, overtaken
from pipeline.cli.shown.alert import age, as_object, block, in_order, whole
from pipeline.cli.shown.alert_change import change_line, changes
from pipeline.cli.signed_on import signed_on
from pipeline.errors import InvalidInput
from pipeline.page.actions import possible, publish
from pipeline.page.view import Change
from pipeline.settings import Settings
from schemas.alert import Action, Alert
from schemas.audit import AuditEntry
from tests.notices import OPENED, alert, excerpt, item, page

NOW = OPENED + dt.timedelta(minutes=12)
NASTY = "\x1b[2J\x1b]0;owned\x07 [red]not markup[/red] \u202eevil\nsecond line"
ACKNOWLEDGED = {"state": "acknowledged", "acknowledged_by": "p.shah", "acknowledged_at": OPENED}
RESOLVED = {"state": "resolved", "resolved_by": "p.shah", "resolved_at": OPENED}


def shown(*parts: RenderableType, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    for part in parts:
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def listed(one: Alert) -> str:
    return shown(block(one, {one.id}, NOW))


def changed(**fields: object) -> list[str]:
    return changes(Change(alert(), alert(sequence=2, **fields)))


# The list


def test_an_alert_in_the_list_says_how_grave_how_old_how_many_and_what_about() -> None:
    assert listed(alert(count=3)) == (
        " CRITICAL  open  12m  3 posts  immediate-danger  abcdef\n"
        "  Castle Sands: he's outside my door again with the bat\n"
    )


def test_of_a_story_the_list_tells_the_gravest_post_and_of_several_the_first() -> None:
    story = [
        item(1, excerpt=excerpt(grade="routine", text="queue at the pier", place="Pier")),
        item(2, excerpt=excerpt(grade="immediate", text="a knife", place="Castle Sands"), state="dismissed"),
        item(3, excerpt=excerpt(grade="prompt", text="they are fighting", place="Arcade")),
        item(4, excerpt=excerpt(grade="immediate", text="he is not breathing", place="Promenade")),
        item(5, excerpt=excerpt(grade="immediate", text="send somebody", place="Car park")),
        item(6, state="deleted", excerpt=None, revision=OPENED),
    ]
    assert "\n  Promenade: he is not breathing\n" in listed(alert(items=story))
    assert "\n  Arcade: they are fighting\n" in listed(alert(items=story[:3])), "one that was dismissed comes last"


def test_the_list_says_who_sees_to_an_alert() -> None:
    assert "acknowledged by p.shah 12m ago" in listed(alert(**ACKNOWLEDGED))
    assert "resolved by p.shah 12m ago" in listed(alert(**RESOLVED))


def test_an_alert_about_flagpost_itself_says_what_is_wrong_and_counts_no_posts() -> None:
    told = listed(alert(title="classify is 75 s behind", rule="system-lag", items=[], count=0))
    assert "classify is 75 s behind" in told
    assert "post" not in told


def test_open_ones_come_first_and_the_gravest_of_them_and_of_those_what_waits_for_longest() -> None:
    later = OPENED + dt.timedelta(minutes=5)
    ids = iter("abcdefg")

    def made(**fields: object) -> Alert:
        return alert(id=next(ids) * 16, **fields)

    first = made(severity="critical", opened_at=OPENED)
    second = made(severity="critical", opened_at=later)
    third = made(severity="info", opened_at=OPENED - dt.timedelta(days=1))
    fourth = made(**ACKNOWLEDGED)
    fifth = made(**{**RESOLVED, "resolved_at": later}, severity="info")
    sixth = made(**RESOLVED)
    assert in_order([sixth, third, fifth, second, fourth, first]) == [first, second, third, fourth, fifth, sixth]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0s"), (59, "59s"), (60, "1m"), (119 * 60, "119m"), (2 * 3600, "2h"), (47 * 3600, "47h"), (50 * 3600, "2d")],
)
def test_an_age_is_short(seconds: int, said: str) -> None:
    assert age(OPENED, OPENED + dt.timedelta(seconds=seconds)) == said


def test_json_has_what_people_use_and_not_what_only_the_page_stage_needs() -> None:
    told = as_object(alert(likeness=[1], counted=b"12345678", spent=["t"], too_late=["t"], pages=[page()]))
    json.dumps(told)
    assert {"id", "state", "severity", "items", "pages"} <= set(told)
    assert not {"likeness", "counted", "spent", "too_late", "type"} & set(told)


# One alert


def test_everything_about_an_alert_is_shown() -> None:
    one = alert(
        **ACKNOWLEDGED,
        count=7,
        step=1,
        items=[item(), item(2, state="deleted", excerpt=None, revision=OPENED)],
        pages=[
            page(end="delivered", ended_at=OPENED, answer="202"),
            page(id="2", begun_at=None, tries=0, kind="escalation"),
        ],
    )
    history = [AuditEntry(at=OPENED, by="flagpost", act="page-sent", on=one.id, detail={"channel": "desk"})]
    told = shown(*whole(one, history, NOW, dt.UTC), width=120)
    for part in (
        one.id,
        "Acknowledged  2026-08-15 13:00:00 by p.shah",
        "Escalated     1 step",
        "Posts (7, 2 of them here)",
        "2026-08-15 12:58:00  immediate help request 97 %  Castle Sands  x:1",
        "he's outside my door again with the bat",
        "https://social.example/posts/1",
        "2026-08-15 13:00:00  x:2  deleted",
        "delivered (202)",
        "to come",
        "page sent",
        "channel desk",
    ):
        assert part in told, part


def test_what_was_done_can_be_read_on_a_terminal_of_80_columns() -> None:
    detail = {"page": "msg_abcdefghijklmnop.1", "kind": "open", "channel": "desk", "recipient": "duty-inspector"}
    told = shown(
        *whole(alert(), [AuditEntry(at=OPENED, by="flagpost", act="page-sent", on="a", detail=detail)], NOW, dt.UTC)
    )
    assert "2026-08-15 13:00:00  flagpost  page sent\n  page msg_abcdefghijklmnop.1, kind open, channel desk," in told


def test_an_alert_without_a_history_says_whether_there_is_none_or_it_is_not_known() -> None:
    assert "nothing is in the audit log yet" in shown(*whole(alert(), [], NOW))
    assert "History" not in shown(*whole(alert(), None, NOW))


def test_nobodys_words_speak_to_the_terminal() -> None:
    one = alert(
        **{**ACKNOWLEDGED, "acknowledged_by": NASTY},
        group=NASTY,
        items=[item(id=NASTY, excerpt=excerpt(text=NASTY, place=NASTY, url=NASTY))],
        pages=[page(recipient=NASTY, channel=NASTY, answer=NASTY)],
    )
    history = [AuditEntry(at=OPENED, by=NASTY, act="page-sent", on=one.id, detail={"note": NASTY})]
    change = Change(alert(), one)
    told = shown(*whole(one, history, NOW), change_line(one, ", ".join(changes(change)))) + listed(one)
    assert not set(told) & set("\x1b\x07\u202e\r")
    assert "[red]not markup[/red]" in told


# Changes


def test_a_new_alert_is_told_with_its_posts() -> None:
    assert changes(Change(None, alert(count=2))) == ["open, 2 posts"]
    assert changes(Change(alert(), None)) == ["is kept no longer"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (ACKNOWLEDGED, "acknowledged by p.shah"),
        (RESOLVED, "resolved by p.shah"),
        ({"count": 4}, "4 posts by now"),
        ({"step": 1}, "escalated, step 1"),
        ({"items": [item(state="deleted", excerpt=None, revision=OPENED)]}, "x:1 is deleted"),
        ({"items": [item(revision=OPENED)]}, "x:1 was edited"),
        ({"pages": [page(end="delivered")]}, "page to duty-inspector through desk delivered"),
        ({"pages": [page(end="failed", answer="500")]}, "page to duty-inspector through desk failed (500)"),
    ],
)
def test_what_changed_is_said_in_a_few_words(fields: dict[str, object], said: str) -> None:
    assert changed(**fields) == [said]


def test_the_beginning_of_a_try_is_no_news() -> None:
    assert changed(pages=[page()]) == []
    assert changed(pages=[page(end="needless")]) == []


def test_an_alert_that_is_open_again_was_escalated_or_reopened() -> None:
    before = alert(**ACKNOWLEDGED)
    assert changes(Change(before, alert(sequence=2, step=1))) == ["escalated, step 1"]
    assert changes(Change(before, alert(sequence=2))) == ["reopened"]


def test_a_page_that_is_tried_again_is_news() -> None:
    before = alert(pages=[page()])
    later = page(due_at=OPENED + dt.timedelta(seconds=5), answer="503")
    assert changes(Change(before, alert(sequence=2, pages=[later]))) == [
        "page to duty-inspector through desk is tried again (503)"
    ]


def test_a_change_is_one_line() -> None:
    line = shown(change_line(alert(), "acknowledged by p.shah", dt.UTC), width=120)
    assert line == (
        "13:00:00   CRITICAL   abcdefghijklmnop  IMMEDIATE help request · Castle Sands: acknowledged by p.shah"
    )


# Use


def test_what_is_resolved_is_over() -> None:
    assert possible(alert(**RESOLVED)) == []
    assert set(possible(alert(**ACKNOWLEDGED))) == {"escalate", "resolve"}
    assert set(possible(alert())) == {"acknowledge", "escalate", "resolve"}


def test_who_is_signed_on_nowhere_is_asked_for_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError

    monkeypatch.setattr(getpass, "getuser", nobody)
    with pytest.raises(InvalidInput) as caught:
        signed_on()
    assert "--by" in caught.value.hint


def test_a_name_that_is_no_text_is_refused_before_anybody_is_asked() -> None:
    action = Action(alert="a" * 16, kind="acknowledge", by="z\udcff", at=NOW, via="cli")
    with pytest.raises(InvalidInput, match="not UTF-8"):
        publish(Settings(), action)


@pytest.mark.usefixtures("no_settings_files")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ack"], "Missing argument 'ID'"),
        (["show"], "Missing argument 'ID'"),
        (["ack", "a", "b"], "unexpected extra argument"),
        (["resolve", "abc", "--by", "  "], "--by is empty"),
        (["nonsense"], "No such command"),
        (["list", "--states", "open"], "No such option"),
        (["serve", "--port", "99999"], "not in the range"),
        (["serve"], "FLAGPOST_LINKS_URL"),
    ],
)
def test_wrong_use_is_said_without_asking_anybody(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["alerts", *arguments])
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert says in told
    assert "Traceback" not in told


def test_who_escalates_is_told_whom_it_calls_and_that_it_calls_nobody() -> None:
    first = page(id="1", end="delivered")
    before, after = alert(pages=[first]), alert(step=1, pages=[first, page(id="2", recipient="chief")])
    assert escalated(before, after) == ": escalated, step 1, to chief"
    assert "NOBODY IS PAGED" in escalated(before, alert(step=1, pages=[first]))


def test_who_escalates_second_is_told_whom_the_first_called_and_how_to_call_the_next() -> None:
    called = alert(step=1, pages=[page(id="2", recipient="chief")])
    told = overtaken(alert(), called, "abcdef (a fight) is open")
    assert told.message.startswith("abcdef (a fight) is open: escalated, step 1, to chief.")
    assert "changes nothing" in told.message
    assert "same command again" in told.hint
    over = overtaken(alert(), alert(**RESOLVED), "abcdef (a fight) is resolved by p.shah")
    assert over.message == "abcdef (a fight) is resolved by p.shah: there was nothing to escalate any more."
