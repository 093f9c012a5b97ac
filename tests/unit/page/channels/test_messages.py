"""What each channel makes of a notice, before anything is sent."""

from __future__ import annotations

import datetime as dt
from typing import Any, get_args

import msgspec
import pytest

from pipeline.page.channels import alertmanager, apprise, notify, pagerduty, webhook
from schemas.alert import PageKind
from tests.notices import OPENED, alert, notice


def test_a_webhook_carries_what_the_job_needs_and_nothing_else() -> None:
    sent = msgspec.to_builtins(webhook.payload(notice()))
    assert sent == {
        "type": "alert.opened",
        "timestamp": "2026-08-15T13:00:00Z",
        "data": {
            "alert": "abcdefghijklmnop",
            "rule": "immediate-danger",
            "severity": "critical",
            "state": "open",
            "posts": 1,
            "opened_at": "2026-08-15T13:00:00Z",
            "recipient": "duty-inspector",
            "title": "IMMEDIATE help request · Castle Sands",
            "text": "“he's outside my door again with the bat”",
            "link": "https://alerts.force.example/a/token",
        },
    }


def test_every_kind_of_page_has_a_type_of_its_own_and_a_test_too() -> None:
    types = [webhook.payload(notice(kind))["type"] for kind in get_args(PageKind)]
    types.append(webhook.payload(notice(test=True))["type"])
    assert len(set(types)) == len(get_args(PageKind)) + 1
    assert types[-1] == "alert.test"


@pytest.mark.parametrize("kind", get_args(PageKind))
def test_every_page_triggers_its_incident_but_those_that_tell_its_state(kind: str) -> None:
    wanted = {"acknowledged": "acknowledge", "resolved": "resolve"}.get(kind, "trigger")
    assert pagerduty.action_of(notice(kind)) == wanted
    assert bool(pagerduty.event(notice(kind))) == (wanted == "trigger")


@pytest.mark.parametrize(
    ("kind", "state", "anew"),
    [
        ("more", "acknowledged", True),
        ("changed", "acknowledged", True),
        ("escalation", "open", True),
        ("repeat", "open", False),
        ("acknowledged", "acknowledged", False),
        ("resolved", "resolved", False),
    ],
)
def test_what_calls_somebody_after_an_acknowledgement_rings_anew(kind: str, state: str, anew: bool) -> None:
    one = alert(state=state, acknowledged_at=OPENED, acknowledged_by="inspector")
    assert pagerduty.rings_anew(notice(kind, alert=one)) is anew
    assert not pagerduty.rings_anew(notice(kind)), "what nobody has acknowledged rings already"


def test_an_event_without_a_link_has_none() -> None:
    assert not pagerduty.event(notice(link=None)).keys() & {"links", "client_url"}
    assert pagerduty.event(notice())["links"][0]["href"] == "https://alerts.force.example/a/token"


def test_a_summary_is_cut_to_what_pagerduty_takes() -> None:
    assert len(pagerduty.event(notice(title="x" * 5000))["payload"]["summary"]) == 1024


def test_an_alert_has_the_same_labels_from_its_first_page_to_its_last() -> None:
    first, last = alertmanager.alert(notice()), alertmanager.alert(notice("resolved", alert=resolved(), link=None))
    assert first["labels"] == last["labels"]
    assert first["labels"]["flagpost_alert"] == "abcdefghijklmnop"
    assert last["endsAt"] == OPENED + dt.timedelta(hours=1) - alertmanager.SKEW


def test_an_alert_never_ends_before_it_began() -> None:
    at_once = alert(state="resolved", resolved_at=OPENED)
    assert alertmanager.alert(notice("resolved", alert=at_once))["endsAt"] == OPENED


def resolved() -> Any:
    return alert(state="resolved", resolved_at=OPENED + dt.timedelta(hours=1))


def test_an_alert_fires_until_flagpost_has_resolved_it_and_a_test_for_minutes() -> None:
    assert alertmanager.alert(notice())["endsAt"] - OPENED > dt.timedelta(days=7)
    assert alertmanager.alert(notice(test=True))["endsAt"] - OPENED == dt.timedelta(minutes=5)


def test_an_sms_is_cut_to_what_notify_takes_and_keeps_title_and_link() -> None:
    one = notice(title="t" * 200, text="x" * 3000, link="https://alerts.force.example/a/" + "k" * 200)
    filled = notify.personalisation(one, "sms")
    assert sum(map(len, filled.values())) <= notify.SMS_CHARACTERS - notify.TEMPLATE_CHARACTERS
    assert (filled["title"], filled["link"]) == (one.title, one.link)
    assert filled["text"].endswith("x…")
    assert notify.personalisation(one, "email")["text"] == one.text


def test_a_link_that_leaves_no_room_costs_the_text_and_not_the_link() -> None:
    one = notice(link="https://alerts.force.example/" + "k" * 900)
    assert notify.personalisation(one, "sms") == {"title": one.title, "text": "…", "link": one.link}


def test_a_short_sms_is_left_alone() -> None:
    one = notice(link=None)
    assert notify.personalisation(one, "sms") == {"title": one.title, "text": one.text, "link": ""}


def test_a_mail_ends_with_its_link() -> None:
    assert apprise.body(notice()).endswith("\n\nhttps://alerts.force.example/a/token")
    assert apprise.body(notice(link=None)) == notice().text


def test_a_post_calls_nobody_in_a_chat_and_hides_no_link() -> None:
    hostile = "@everyone @Here <!channel> see [acknowledge](https://evil.example), mail a@b.example"
    told = apprise.body(notice(text=hostile))
    assert "@everyone" not in told
    assert "@Here" not in told
    assert "](" not in told
    assert "a@b.example" in told
    assert told.endswith("\n\nhttps://alerts.force.example/a/token")
