"""What is particular to single services: who tells repeats, how long an alert lives, what a mail's subject can hold."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.alert import rules
from pipeline.errors import InvalidSettings
from pipeline.page.channels import open_channel
from pipeline.page.notice import ChannelFailed, ChannelRefused, Notice
from pipeline.page.wording import words
from tests.doubles.alertmanager_server import AlertmanagerServer
from tests.doubles.notify_server import NotifyServer
from tests.doubles.pagerduty_server import PagerDutyServer
from tests.doubles.service_server import ServiceServer, Told
from tests.doubles.smtp_server import SmtpServer
from tests.notices import OPENED, alert, another_try, excerpt, item, notice, page

ROUTING_KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


async def sent(channel: rules.Channel, *notices: Notice) -> list[str]:
    opened = open_channel("desk", channel)
    try:
        return [await opened.send(one) for one in notices]
    finally:
        await opened.close()


# GOV.UK Notify


@pytest.fixture
def notify(monkeypatch: pytest.MonkeyPatch) -> Iterator[NotifyServer]:
    with NotifyServer() as server:
        monkeypatch.setenv("KEY", server.api_key)
        yield server


def by_notify(server: NotifyServer, **fields: Any) -> rules.NotifyChannel:
    return rules.NotifyChannel(
        **{"api_key": rules.Secret(env="KEY"), "template": server.template, "url": server.url} | fields
    )


async def test_notify_sends_title_text_and_link_to_the_recipient(notify: NotifyServer) -> None:
    (answer,) = await sent(by_notify(notify), notice(address="+447700900123"))
    (one,) = notify.sent
    assert (one.kind, one.address, one.reference) == ("sms", "+447700900123", notice().page.id)
    assert one.content == f"Police alert: {notice().title}\n{notice().text}\n{notice().link}"
    assert answer.startswith("taken as ")


async def test_in_a_mail_by_notify_the_words_of_a_post_make_no_links(notify: NotifyServer) -> None:
    await sent(by_notify(notify, sends="email"), notice(address="duty@force.example"))
    assert (notify.sent[0].kind, notify.sent[0].sanitised) == ("email", ["title", "text"])


async def test_notify_is_asked_before_another_try_whether_it_has_the_page(notify: NotifyServer) -> None:
    one = notice(address="+447700900123")
    answers = await sent(by_notify(notify), one, another_try(one))
    assert answers[1] == "taken at an earlier try"
    assert len(notify.sent) == 1


async def test_a_page_that_notify_never_took_is_sent_at_the_next_try(notify: NotifyServer) -> None:
    one = notice(address="+447700900123")
    notify.script(Told(500, {"message": "Internal server error"}))
    with pytest.raises(ChannelFailed):
        await sent(by_notify(notify), one)
    await sent(by_notify(notify), another_try(one))
    assert len(notify.sent) == 1


async def test_the_longest_sms_is_one_that_notify_takes(notify: NotifyServer) -> None:
    long = notice(address="+447700900123", title="t" * 200, text="x" * 3000, link="https://a.example/" + "k" * 200)
    await sent(by_notify(notify), long)
    assert len(notify.sent) == 1


@pytest.mark.parametrize(("fields", "told"), [({"template": "unknown"}, "BadRequestError"), ({}, "ValidationError")])
async def test_what_notify_refuses_is_named_by_its_kind_alone(
    notify: NotifyServer, fields: dict[str, Any], told: str
) -> None:
    with pytest.raises(ChannelRefused, match=told) as refused:
        await sent(by_notify(notify, **fields), notice(address="s3cret@force.example"))
    assert "s3cret" not in str(refused.value)


async def test_a_wrong_key_of_notify_is_refused(notify: NotifyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with NotifyServer() as another:
        monkeypatch.setenv("KEY", another.api_key)
    with pytest.raises(ChannelRefused, match="AuthError"):
        await sent(by_notify(notify), notice(address="+447700900123"))


async def test_a_recipient_without_an_address_is_refused_before_notify_is_asked(notify: NotifyServer) -> None:
    with pytest.raises(ChannelRefused, match="no address"):
        await sent(by_notify(notify), notice())
    assert notify.asked == []


async def test_a_redirect_of_notify_is_not_followed(notify: NotifyServer) -> None:
    with ServiceServer() as elsewhere:
        notify.script(Told(302, None, {"Location": f"{elsewhere.url}/"}))
        with pytest.raises(ChannelRefused, match="redirects are not followed"):
            await sent(by_notify(notify), notice(address="+447700900123"))
        assert elsewhere.asked == []


async def test_what_is_no_key_of_notify_is_told_at_once(notify: NotifyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "s3cret")
    with pytest.raises(InvalidSettings, match="KEY"):
        open_channel("desk", by_notify(notify))


# PagerDuty


@pytest.fixture
def pagerduty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PagerDutyServer]:
    monkeypatch.setenv("KEY", ROUTING_KEY)
    with PagerDutyServer(ROUTING_KEY) as server:
        monkeypatch.setenv("SSL_CERT_FILE", server.ca_file(tmp_path))
        yield server


async def test_all_pages_of_an_alert_are_one_incident_which_the_last_resolves(pagerduty: PagerDutyServer) -> None:
    channel = rules.PagerDutyChannel(routing_key=rules.Secret(env="KEY"), url=pagerduty.url)
    await sent(channel, *(notice(kind) for kind in ("open", "more", "repeat", "escalation", "changed")))
    assert pagerduty.incidents == {"abcdefghijklmnop": "triggered"}
    await sent(channel, notice("acknowledged"))
    assert pagerduty.incidents == {"abcdefghijklmnop": "acknowledged"}
    await sent(channel, notice("resolved"))
    assert pagerduty.incidents == {"abcdefghijklmnop": "resolved"}
    await sent(channel, notice("reopened"))
    assert pagerduty.incidents == {"abcdefghijklmnop": "triggered"}


async def test_an_escalation_rings_though_the_incident_was_acknowledged(pagerduty: PagerDutyServer) -> None:
    channel = rules.PagerDutyChannel(routing_key=rules.Secret(env="KEY"), url=pagerduty.url)
    seen_to = alert(acknowledged_at=OPENED, acknowledged_by="inspector")
    await sent(channel, notice(), notice("acknowledged"), notice("escalation", alert=seen_to))
    assert [event["event_action"] for event in pagerduty.events] == ["trigger", "acknowledge", "resolve", "trigger"]
    assert pagerduty.incidents == {"abcdefghijklmnop": "triggered"}


@pytest.mark.parametrize("told", [Told(202, {"odd": True}), Told(202, []), Told(None)])
async def test_a_strange_answer_of_pagerduty_is_no_success(
    pagerduty: PagerDutyServer, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    monkeypatch.setattr("pipeline.page.channels.pagerduty.PATIENCE", 0.3)
    pagerduty.script(told)
    with pytest.raises(ChannelFailed):
        await sent(rules.PagerDutyChannel(routing_key=rules.Secret(env="KEY"), url=pagerduty.url), notice())


async def test_pagerduty_is_asked_once_a_try(pagerduty: PagerDutyServer) -> None:
    pagerduty.script(*[Told(429)] * 3, *[Told(500)] * 3)
    for _ in range(6):
        with pytest.raises(ChannelFailed):
            await sent(rules.PagerDutyChannel(routing_key=rules.Secret(env="KEY"), url=pagerduty.url), notice())
    assert len(pagerduty.asked) == 6


# Alertmanager


@pytest.mark.parametrize("prefix", ["", "/monitoring"])
async def test_an_alert_fires_until_it_is_resolved(prefix: str) -> None:
    resolved_at = OPENED + dt.timedelta(hours=1)
    with AlertmanagerServer(prefix) as server:
        channel = rules.AlertmanagerChannel(url=server.url + prefix)
        await sent(channel, notice(), notice("repeat"))
        (firing,) = server.firing(OPENED + dt.timedelta(days=6))
        assert firing["labels"] == {
            "alertname": "immediate-danger",
            "severity": "critical",
            "flagpost_alert": "abcdefghijklmnop",
        }
        await sent(channel, notice("resolved", alert=alert(state="resolved", resolved_at=resolved_at)))
        assert server.firing(resolved_at) == []


async def test_an_alert_that_becomes_graver_is_one_alert_and_ends_as_one() -> None:
    with AlertmanagerServer() as server:
        channel = rules.AlertmanagerChannel(url=server.url)
        await sent(channel, notice(alert=alert(severity="error")), notice("changed"))
        (firing,) = server.firing(OPENED + dt.timedelta(minutes=1))
        assert firing["labels"]["severity"] == "critical"


# Apprise

CRLF = "Castle Sands\r\nBcc: everybody@example.org\r\n\r\nand a body"


async def test_a_mail_has_title_text_and_link_and_goes_to_the_recipient(monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpServer() as server:
        monkeypatch.setenv("PLACE", f"mailto://127.0.0.1:{server.port}?from=desk@force.example&to={{address}}")
        await sent(
            rules.AppriseChannel(url=rules.Secret(env="PLACE")), notice(address="duty+night@force.example", link=None)
        )
        ((recipients, mail),) = server.mails
    assert recipients == ["duty+night@force.example"]
    assert mail["Subject"] == notice().title
    plain = mail.get_body(("plain", "html"))
    assert plain is not None
    assert "outside my door" in plain.get_content()


async def test_a_place_with_line_breaks_brings_no_header_into_a_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    one = alert(items=[item(excerpt=excerpt(place=CRLF, text=CRLF))])
    title, text = words(one, page(), dt.UTC)
    with SmtpServer() as server:
        monkeypatch.setenv("PLACE", f"mailto://127.0.0.1:{server.port}?from=desk@force.example&to={{address}}")
        hostile = notice(alert=one, title=title, text=text, address="duty@force.example")
        await sent(rules.AppriseChannel(url=rules.Secret(env="PLACE")), hostile)
        ((recipients, mail),) = server.mails
    assert recipients == ["duty@force.example"]
    assert mail["Bcc"] is None
    assert "Bcc: everybody@example.org" in mail["Subject"]


@pytest.mark.parametrize(
    "address", ["x&to=everybody@example.org", "a/../b", "x?verify=no", "x,y@example.org", "+44 7700"]
)
async def test_an_address_stays_within_its_place_in_the_url(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    with ServiceServer() as server:
        monkeypatch.setenv("PLACE", f"json://{server.host}/pages/?:recipient={{address}}")
        await sent(rules.AppriseChannel(url=rules.Secret(env="PLACE")), notice(address=address))
        (asked,) = server.asked
    assert asked.path == "/pages/"
    assert asked.body["recipient"] == address
    assert (asked.body["title"], asked.query) == (notice().title, {})


async def test_an_address_that_unquotes_to_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with ServiceServer() as server:
        monkeypatch.setenv("PLACE", f"json://{server.host}/pages/?:recipient={{address}}")
        with pytest.raises(ChannelRefused, match="%"):
            await sent(rules.AppriseChannel(url=rules.Secret(env="PLACE")), notice(address="x%0d%0aBcc: y@example.org"))
    assert server.asked == []


async def test_apprise_follows_no_redirect(monkeypatch: pytest.MonkeyPatch) -> None:
    with ServiceServer() as server, ServiceServer() as elsewhere:
        server.script(Told(307, None, {"Location": f"{elsewhere.url}/"}))
        monkeypatch.setenv("PLACE", f"json://{server.host}/")
        with pytest.raises(ChannelFailed):
            await sent(rules.AppriseChannel(url=rules.Secret(env="PLACE")), notice())
        assert elsewhere.asked == []


async def test_apprise_keeps_nothing_on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with ServiceServer() as server:
        monkeypatch.setenv("PLACE", f"json://{server.host}/")
        await sent(rules.AppriseChannel(url=rules.Secret(env="PLACE")), notice(), notice())
    assert os.listdir(tmp_path) == []  # noqa: PTH208


async def test_two_pages_through_apprise_do_not_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("apprise.url.time.sleep", slept.append)
    with ServiceServer() as server:
        monkeypatch.setenv("PLACE", f"json://{server.host}/")
        await sent(rules.AppriseChannel(url=rules.Secret(env="PLACE")), notice(), notice())
    assert slept == []


@pytest.mark.parametrize("url", ["s3cret", "nosuchservice://s3cret/", "mailto://", "https://"])
def test_a_url_that_apprise_does_not_know_is_told_at_once(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("PLACE", url)
    with pytest.raises(InvalidSettings, match="PLACE") as told:
        open_channel("desk", rules.AppriseChannel(url=rules.Secret(env="PLACE")))
    assert "s3cret" not in told.value.message + told.value.hint
