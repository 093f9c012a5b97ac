"""What `flagpost alerts serve` promises whoever holds a link: a real HTTP server, with a page stage in memory behind it."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import AsyncIterator

import pytest

from pipeline.errors import KafkaUnavailable
from pipeline.page.http import form, often
from pipeline.page.links import Links
from schemas.alert import Action, ActionKind
from tests.alert_links import ALERT, KINDS, LINKS, NOW, PAGE, URL, Client, Stage, answering, link, press
from tests.doubles.manual_clock import ManualClock
from tests.html_page import Read, read
from tests.notices import excerpt, item


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def client(stage: Stage, clock: ManualClock) -> AsyncIterator[Client]:
    async with answering(stage, clock) as client:
        yield client


# Looking


async def test_a_link_shows_what_the_alert_is_and_three_buttons(client: Client) -> None:
    answer = await client.get(link())
    page = await read(answer)
    assert answer.status == 200
    assert page.said("h1") == ["IMMEDIATE help request · Castle Sands"]
    assert page.said("button") == ["Acknowledge", "Escalate", "Resolve"]
    assert [one["value"] for one in page.all("button")] == KINDS
    assert "open : nobody has acknowledged it" in page.text
    assert "Posts 1 Since 3 minutes ago (13:00 UTC, 15 August) Severity critical" in page.text
    assert "You act as duty-inspector" in page.text


async def test_looking_changes_nothing_however_often_and_whoever_does(client: Client, stage: Stage) -> None:
    for query in ("", "?kind=acknowledge", "?done=acknowledge", "?done=nonsense&done=resolve"):
        for _ in range(3):
            assert (await client.get(link() + query)).status == 200
            assert (await client.head(link() + query)).status == 200
    assert (await client.options(link())).status == 405
    assert stage.actions == []


async def test_the_words_of_a_post_are_on_no_page(client: Client, stage: Stage) -> None:
    """A page's link is fetched by previews, too."""
    shown = await (await client.get(link())).text()
    for kind in KINDS:
        shown += await (await press(client, kind)).text()
    assert "bat" not in shown
    assert "social.example" not in shown


async def test_what_is_anybodys_is_text_and_nothing_else(client: Client, stage: Stage) -> None:
    nasty = "<script>alert(1)</script>\"'><img src=x>\u202e\x1b]0;x\x07&amp;"
    stage.become(items=[item(excerpt=excerpt(place=nasty))], rule="r", acknowledged_by=nasty, state="acknowledged")
    html = await (await client.get(link(recipient="<b>me</b>"))).text()
    page = Read(html)
    assert page.all("script") == page.all("img") == page.all("b") == []
    assert "<script>alert(1)</script>" in page.said("h1")[0]
    assert not re.search("[\u202e\x1b\x07]", html)


# Acting


@pytest.mark.parametrize("kind", KINDS)
async def test_a_button_records_who_did_what_and_shows_what_became_of_it(
    client: Client, stage: Stage, kind: ActionKind
) -> None:
    answer = await press(client, kind, follow=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"?done={kind}")
    (action,) = stage.actions
    assert action == Action(alert=ALERT.id, kind=kind, by="duty-inspector", at=NOW, via="link", token=f"{PAGE}:{kind}")
    shown = await client.get(link() + answer.headers["Location"])
    page = await read(shown)
    assert shown.status == 200
    assert page.said("h1") == [{"acknowledge": "Acknowledged", "escalate": "Escalated", "resolve": "Resolved"}[kind]]
    assert page.all("button") == []


async def test_each_button_of_a_page_works_once(client: Client, stage: Stage) -> None:
    await press(client, "escalate")
    again = await press(client, "escalate")
    assert again.status == 409
    assert "used before to escalate" in (await read(again)).text
    assert (await read(await client.get(link()))).said("button") == ["Acknowledge", "Resolve"]
    other_page = await press(client, "escalate", link(page=f"msg_{ALERT.id}.2"))
    assert other_page.status == 200
    assert [action.token for action in stage.actions] == [f"{PAGE}:escalate", f"msg_{ALERT.id}.2:escalate"]


async def test_a_page_says_at_which_step_its_reader_escalates(client: Client, stage: Stage) -> None:
    stage.become(step=2)
    page = await read(await client.get(link()))
    assert page.all("input") == [{"type": "hidden", "name": "step", "value": "2"}]
    await client.post(link(), data={"kind": "escalate", "step": "2"})
    assert [action.step for action in stage.actions] == [2]


async def test_of_two_who_escalate_at_the_same_step_the_second_records_nothing_and_is_told(
    client: Client, stage: Stage
) -> None:
    seen = {"kind": "escalate", "step": "0"}
    assert (await client.post(link(), data=seen)).status == 200
    other_page = link(page=f"msg_{ALERT.id}.2")
    second = await client.post(other_page, data=seen)
    assert (second.status, len(stage.actions)) == (409, 1)
    assert "escalated after you had opened the page" in (await read(second)).text
    assert "Escalate" in (await read(await client.get(other_page))).said("button"), (
        "whoever is next can still be called"
    )


async def test_an_escalation_that_was_overtaken_on_its_way_is_not_said_to_hold(client: Client, stage: Stage) -> None:
    token = f"{PAGE}:escalate"
    stage.become(step=1, spent=[token], too_late=[token])
    page = await read(await client.get(f"{link()}?done=escalate"))
    assert page.said("h1") == ["Nothing was changed"]
    assert "escalated after you had opened the page" in page.text


async def test_what_another_endpoint_has_used_is_used_here_too(client: Client, stage: Stage) -> None:
    stage.become(spent=[f"{PAGE}:escalate"])
    assert (await press(client, "escalate")).status == 409
    assert stage.actions == []


async def test_two_presses_at_once_record_one_action_and_both_are_told(client: Client, stage: Stage) -> None:
    stage.may_publish.clear()
    both = [asyncio.create_task(press(client, "acknowledge")) for _ in range(2)]
    await asyncio.sleep(0.1)
    stage.may_publish.set()
    assert [answer.status for answer in await asyncio.gather(*both)] == [200, 200]
    assert len(stage.actions) == 1


async def test_what_is_recorded_and_not_done_yet_is_said_and_is_sent_once(client: Client, stage: Stage) -> None:
    stage.answers = False
    for _ in range(2):
        answer = await press(client, "acknowledge")
        assert answer.status == 202
        assert "recorded and will be done" in (await read(answer)).text
    assert len(stage.actions) == 1
    stage.answer(stage.actions[0])
    assert (await read(await client.get(f"{link()}?done=acknowledge"))).said("h1") == ["Acknowledged"]


async def test_what_was_not_recorded_may_be_pressed_again(client: Client, stage: Stage) -> None:
    stage.trouble = KafkaUnavailable("s3cret address", "s3cret hint")
    answer = await press(client, "resolve")
    shown = await answer.text()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "Not recorded" in shown
    assert "s3cret" not in shown
    stage.trouble = None
    assert (await press(client, "resolve")).status == 200
    assert len(stage.actions) == 1


async def test_an_action_that_others_overtook_is_not_said_to_hold(client: Client, stage: Stage) -> None:
    stage.become(state="resolved", resolved_by="p.shah", resolved_at=NOW, spent=[f"{PAGE}:acknowledge"])
    page = await read(await client.get(f"{link()}?done=acknowledge"))
    assert page.said("h1") == ["Recorded"]
    assert "resolved by p.shah" in page.text


@pytest.mark.parametrize(
    ("state", "left"), [("acknowledged", ["Resolve", "Escalate"]), ("resolved", [])], ids=["acknowledged", "resolved"]
)
async def test_only_what_can_still_be_done_has_a_button(
    client: Client, stage: Stage, state: str, left: list[str]
) -> None:
    stage.become(state=state, acknowledged_by="p.shah", resolved_by="p.shah")
    answer = await client.get(link())
    page = await read(answer)
    assert answer.status == 200
    assert page.said("button") == left
    assert f"{state} by p.shah" in page.text
    refused = await press(client, "acknowledge")
    assert refused.status == 409
    assert "nothing left to do" in (await read(refused)).text
    assert stage.actions == []


# What can't be done


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        (link(of=Links(URL, "x" * 32)), 404, "No such link"),
        (link()[:-5], 404, "No such link"),
        ("/a/x", 404, "No such link"),
        ("/a/", 404, "No such link"),
        ("/", 404, "No such link"),
        ("/favicon.ico", 404, "No such link"),
        (link(at=NOW - dt.timedelta(hours=12)), 410, "expired"),
        (LINKS.url("zzzzzzzzzzzzzzzz", "me", "msg_z.1", NOW).removeprefix(URL), 410, "not kept any more"),
    ],
    ids=["forged", "cut", "short", "none", "root", "icon", "expired", "unknown"],
)
async def test_a_link_that_opens_nothing_says_why(
    client: Client, stage: Stage, path: str, status: int, says: str
) -> None:
    for answer in (await client.get(path), await press(client, "resolve", path)):
        assert answer.status == status
        assert says in (await read(answer)).text
    assert stage.actions == []


async def test_while_kafka_is_away_nothing_is_shown_as_if_it_were_so(client: Client, stage: Stage) -> None:
    stage.away = KafkaUnavailable("Nobody answers at s3cret:9092.")
    for answer in (await client.get(link()), await press(client, "acknowledge")):
        shown = await answer.text()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert "call the control room" in shown
        assert "Castle Sands" not in shown + "s3cret"
    health = await client.get("/healthz")
    assert (health.status, (await health.json())["status"]) == (503, "trouble")
    stage.away = None
    assert (await client.get("/healthz")).status == 200
    assert stage.actions == []


@pytest.mark.parametrize(
    ("sent", "type", "status"),
    [
        (b"", form.FORM, 400),
        (b"kind=", form.FORM, 400),
        (b"kind=delete", form.FORM, 400),
        (b"kind=acknowledge%00", form.FORM, 400),
        (b"kind=escalate&step=one", form.FORM, 400),
        (b"kind=escalate&step=-1", form.FORM, 400),
        (b"kind=escalate&step=1234567890", form.FORM, 400),
        (b"a=1&b=2&c=3&d=4&kind=resolve", form.FORM, 400),
        (b"\xff\xfe", form.FORM, 400),
        (b"kind=resolve&x=" + b"a" * form.MAX_BODY, form.FORM, 413),
        (b'{"kind": "resolve"}', "application/json", 415),
        (b"kind=resolve", "text/plain", 415),
        (b"kind=resolve", "multipart/form-data; boundary=x", 415),
    ],
)
async def test_what_the_buttons_do_not_send_does_nothing(
    client: Client, stage: Stage, sent: bytes, type: str, status: int
) -> None:
    answer = await client.post(link(), data=sent, headers={"Content-Type": type})
    assert answer.status == status
    await read(answer)
    assert stage.actions == []


async def test_one_link_can_not_be_used_without_end_and_keeps_no_other_out(client: Client, clock: ManualClock) -> None:
    statuses = [(await client.head(link())).status for _ in range(often.MOST + 1)]
    assert statuses == [200] * often.MOST + [429]
    assert (await client.get(link(page=f"msg_{ALERT.id}.2"))).status == 200
    clock.advance(often.SECONDS)
    assert (await client.get(link())).status == 200
