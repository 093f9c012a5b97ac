"""The signed webhook: what is signed, what it waits for, and where it never goes."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from pipeline.alert.rules import Secret, WebhookChannel
from pipeline.errors import InvalidSettings
from pipeline.page.channels.webhook import WebhookSender
from pipeline.page.notice import ChannelFailed, ChannelRefused
from tests.doubles.scripted_resolver import ScriptedResolver
from tests.doubles.service_server import ServiceServer
from tests.doubles.webhook_receiver import ENDLESS, HANG, HANG_AFTER_TAKING, Answer, WebhookReceiver, new_key
from tests.notices import another_try, notice, page

Open = Callable[..., WebhookSender]


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as one:
        yield one


@pytest.fixture
async def open_sender(receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Open]:
    senders: list[WebhookSender] = []
    monkeypatch.setenv("KEY", receiver.key)

    def begin(
        url: str | None = None, allow_private: bool = True, proxy: str | None = None, **options: Any
    ) -> WebhookSender:
        channel = WebhookChannel(
            url=url or receiver.url, secret=Secret(env="KEY"), allow_private=allow_private, proxy=proxy
        )
        senders.append(WebhookSender.open("desk", channel, **options))
        return senders[-1]

    yield begin
    for one in senders:
        await one.close()


async def test_what_arrives_is_signed_and_carries_the_delivery_id(receiver: WebhookReceiver, open_sender: Open) -> None:
    await open_sender().send(notice())
    (taken,) = receiver.taken.values()
    assert taken.id == notice().page.id
    assert taken.body["type"] == "alert.opened"
    assert receiver.forged == 0


async def test_the_signature_holds_whatever_zone_the_clock_has(receiver: WebhookReceiver, open_sender: Open) -> None:
    far = dt.timezone(dt.timedelta(hours=9))
    await open_sender(now=lambda: dt.datetime.now(far)).send(notice())
    assert len(receiver.taken) == 1


async def test_another_try_has_the_same_id_and_the_same_body(receiver: WebhookReceiver, open_sender: Open) -> None:
    receiver.script(Answer(500, takes=True))
    sender = open_sender()
    with pytest.raises(ChannelFailed):
        await sender.send(notice())
    await sender.send(another_try(notice()))
    first, second = receiver.arrivals
    assert (first.id, first.body) == (second.id, second.body)
    assert (len(receiver.taken), receiver.repeats) == (1, 1)


async def test_a_receiver_knows_a_page_signed_with_another_key(receiver: WebhookReceiver, open_sender: Open) -> None:
    receiver_of_others = WebhookReceiver(new_key())
    with receiver_of_others, pytest.raises(ChannelRefused, match="401"):
        await open_sender(receiver_of_others.url).send(notice())
    assert receiver_of_others.forged == 1


async def test_while_a_key_is_changed_a_page_is_signed_with_both(
    receiver: WebhookReceiver, open_sender: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", f"{new_key()} {receiver.key}")
    await open_sender().send(notice())
    assert len(receiver.taken) == 1


@pytest.mark.parametrize(
    "key", ["whsec_c2hvcnQ=", "short", "whsec_" + b64encode(b"x" * 65).decode(), "whsec_%%%%" + "A" * 40, "ключ"]
)
async def test_a_key_that_signs_nothing_is_not_taken(
    open_sender: Open, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("KEY", key)
    with pytest.raises(InvalidSettings, match="KEY") as told:
        open_sender()
    assert key.removeprefix("whsec_") not in told.value.message + told.value.hint


@pytest.mark.parametrize("answer", [HANG, HANG_AFTER_TAKING])
async def test_an_answer_that_does_not_come_is_not_waited_for(
    receiver: WebhookReceiver, open_sender: Open, answer: Answer
) -> None:
    receiver.script(answer)
    with pytest.raises(ChannelFailed, match="in time"):
        await open_sender(patience=0.3).send(notice())


async def test_an_answer_without_end_is_not_read(receiver: WebhookReceiver, open_sender: Open) -> None:
    receiver.script(ENDLESS)
    async with asyncio.timeout(30):
        assert await open_sender().send(notice()) == "200 OK"


async def test_an_answer_with_an_endless_header_has_failed(receiver: WebhookReceiver, open_sender: Open) -> None:
    receiver.script(Answer(200, {"X-Long": "x" * 100_000}))
    with pytest.raises(ChannelFailed):
        await open_sender().send(notice())


async def test_a_redirect_is_not_followed(receiver: WebhookReceiver, open_sender: Open) -> None:
    with WebhookReceiver(receiver.key) as elsewhere:
        receiver.script(Answer(307, {"Location": elsewhere.url}))
        with pytest.raises(ChannelRefused, match="redirects are not followed"):
            await open_sender().send(notice())
        assert elsewhere.arrivals == []


async def test_a_proxy_of_the_environment_is_not_used(
    receiver: WebhookReceiver, open_sender: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    await open_sender().send(notice())
    assert len(receiver.taken) == 1


async def test_a_page_goes_through_the_proxy_that_the_channel_names(open_sender: Open) -> None:
    with ServiceServer() as proxy:
        await open_sender("http://pager.example/pages", proxy=proxy.url).send(notice())
        (asked,) = proxy.asked
    assert (asked.headers["host"], asked.path) == ("pager.example", "/pages")
    assert asked.headers["webhook-id"] == notice().page.id


async def test_a_name_is_the_proxys_to_look_up_and_a_proxy_that_refuses_has_failed(open_sender: Open) -> None:
    resolver = ScriptedResolver(["8.8.8.8"])
    with ServiceServer() as proxy:
        sender = open_sender("https://desk.example/", allow_private=False, proxy=proxy.url, resolver=resolver)
        with pytest.raises(ChannelFailed, match="the proxy answered 501"):  # it takes no CONNECT
            await sender.send(notice())
    assert resolver.asked == []
    with pytest.raises(ChannelFailed, match="the proxy's address"):
        await open_sender("https://desk.example/", proxy="http://127.0.0.1:9").send(notice())


@pytest.mark.parametrize("number", ["a\r\nX-Evil: 1", "a\nb", "a\x00b"])
async def test_a_delivery_id_can_not_bring_a_header_along(
    receiver: WebhookReceiver, open_sender: Open, number: str
) -> None:
    with pytest.raises(ChannelRefused):
        await open_sender().send(notice(page=page(id=number)))
    assert receiver.arrivals == []


# Where it never goes


LOOPBACK = (
    "127.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "[::]",
    "127.0.0.1.",
    "localhost",
    "１２７.0.0.1",
    "127。0。0。1",
)


@pytest.mark.parametrize("host", LOOPBACK)
async def test_this_machine_is_not_reached_however_it_is_written(
    receiver: WebhookReceiver, open_sender: Open, host: str
) -> None:
    sender = open_sender(f"https://{host}:{receiver.port}/", allow_private=False)
    with pytest.raises(ChannelRefused):
        await sender.send(notice())


@pytest.mark.parametrize("host", [*LOOPBACK, "desk", "desk.internal", "a.localhost", "169.254.169.254", "[fd00::1]"])
def test_no_proxy_is_asked_for_this_machine_or_a_private_network(open_sender: Open, host: str) -> None:
    with pytest.raises(InvalidSettings, match="not a public one"):
        open_sender(f"https://{host}/", allow_private=False, proxy="http://127.0.0.1:9")


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
    ],
)
async def test_a_name_of_a_private_address_is_refused_before_anything_is_sent(
    open_sender: Open, addresses: list[str]
) -> None:
    sender = open_sender("https://desk.example/", allow_private=False, resolver=ScriptedResolver(addresses))
    with pytest.raises(ChannelRefused, match="not a public one"):
        await sender.send(notice())


async def test_a_name_is_resolved_once_and_what_was_looked_at_is_connected_to(
    open_sender: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name whose second answer is this machine: there is no second question."""
    connected: list[str] = []

    async def connect(self: Any, sock: socket.socket, address: Any) -> None:
        connected.append(address[0])
        raise ConnectionRefusedError(111, "no Internet in a test")

    monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", connect)
    resolver = ScriptedResolver(["8.8.8.8"], ["127.0.0.1"])
    sender = open_sender("https://desk.example/", allow_private=False, resolver=resolver)
    with pytest.raises(ChannelFailed, match="nobody answers"):
        await sender.send(notice())
    assert (resolver.asked, connected) == (["desk.example"], ["8.8.8.8"])


async def test_a_name_that_turns_private_is_refused_at_the_next_page(
    open_sender: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect(self: Any, sock: socket.socket, address: Any) -> None:
        raise ConnectionRefusedError(111, "no Internet in a test")

    monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", connect)
    resolver = ScriptedResolver(["8.8.8.8"], ["127.0.0.1"])
    sender = open_sender("https://desk.example/", allow_private=False, resolver=resolver)
    with pytest.raises(ChannelFailed):
        await sender.send(notice())
    with pytest.raises(ChannelRefused, match="not a public one"):
        await sender.send(notice())


@pytest.mark.parametrize(
    ("url", "allow_private"),
    [
        ("http://desk.example/", False),
        ("ftp://desk.example/", True),
        ("file:///etc/passwd", True),
        ("//desk.example/", True),
        ("https:///pages", True),
        ("https:?", True),
        ("desk.example", True),
        ("https://desk.example:99999/", True),
        ("https://desk.example@127.0.0.1/", False),
        ("https://user:s3cret@desk.example/", True),
        ("https://[::1", True),
    ],
)
async def test_a_url_that_can_not_be_right_is_not_opened_and_not_quoted(
    open_sender: Open, url: str, allow_private: bool
) -> None:
    with pytest.raises(InvalidSettings, match="desk") as told:
        open_sender(url, allow_private)
    assert url not in told.value.message + told.value.hint
    assert "s3cret" not in told.value.message + told.value.hint


def test_the_receiver_of_these_tests_would_notice_an_altered_body() -> None:
    key, now = new_key(), dt.datetime.now(dt.UTC)
    headers = {
        "webhook-id": "1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(key).sign("1", now, "{}"),
    }
    with pytest.raises(WebhookVerificationError):
        Webhook(key).verify("[]", headers)
