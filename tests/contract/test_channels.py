"""What every channel promises the page stage, each against a real server that speaks its service's language.

The servers are in tests/doubles, and are as choosy as the services say that they are.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.alert import rules
from pipeline.errors import InvalidSettings
from pipeline.page.channels import open_channel, open_channels
from pipeline.page.notice import Channel, ChannelFailed, ChannelRefused
from tests.doubles.alertmanager_server import AlertmanagerServer
from tests.doubles.notify_server import NotifyServer
from tests.doubles.pagerduty_server import PagerDutyServer
from tests.doubles.service_server import ServiceServer, Told
from tests.doubles.webhook_receiver import HANG, Answer, WebhookReceiver
from tests.notices import notice

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
SECRET_WORDS = "he's outside my door again"
"""Of the notice's text: no log and no error may say them."""


@dataclass(frozen=True)
class Service:
    """A channel, the server behind it, and what of it is secret."""

    channel: rules.Channel
    script: Callable[[int | None], None]
    secrets: tuple[str, ...]
    taken: Callable[[], int]
    stop: Callable[[], None]
    address: str = ""

    @property
    def tells_nothing(self) -> bool:
        """Whether the library keeps to itself what was answered: all that is not delivered has failed then."""
        return isinstance(self.channel, rules.AppriseChannel)


def _webhook(ends: ExitStack, environment: pytest.MonkeyPatch, folder: Path) -> Service:
    receiver = ends.enter_context(WebhookReceiver())
    environment.setenv("PLACE", f"{receiver.url}/s3cret-path")
    environment.setenv("KEY", receiver.key)
    return Service(
        rules.WebhookChannel(url=rules.Secret(env="PLACE"), secret=rules.Secret(env="KEY"), allow_private=True),
        lambda status: receiver.script(
            HANG if status is None else Answer(status, {"Retry-After": "7", "Location": "/"})
        ),
        (receiver.key, receiver.key.removeprefix("whsec_"), "s3cret-path"),
        lambda: len(receiver.taken),
        ends.close,
    )


def _apprise(ends: ExitStack, environment: pytest.MonkeyPatch, folder: Path) -> Service:
    server = ends.enter_context(ServiceServer())
    environment.setenv("PLACE", f"json://desk:s3cret@{server.host}/s3cret-path/?to={{address}}")
    return Service(
        rules.AppriseChannel(url=rules.Secret(env="PLACE")),
        _scripts(server),
        ("s3cret",),
        lambda: len(server.asked),
        ends.close,
        "a&b",
    )


def _notify(ends: ExitStack, environment: pytest.MonkeyPatch, folder: Path) -> Service:
    server = ends.enter_context(NotifyServer())
    environment.setenv("KEY", server.api_key)
    channel = rules.NotifyChannel(api_key=rules.Secret(env="KEY"), template=server.template, url=server.url)
    return Service(channel, _scripts(server), (server.key,), lambda: len(server.sent), ends.close, "+447700900123")


def _pagerduty(ends: ExitStack, environment: pytest.MonkeyPatch, folder: Path) -> Service:
    server = ends.enter_context(PagerDutyServer(ROUTING_KEY))
    environment.setenv("SSL_CERT_FILE", server.ca_file(folder))
    environment.setenv("KEY", ROUTING_KEY)
    channel = rules.PagerDutyChannel(routing_key=rules.Secret(env="KEY"), url=server.url)
    return Service(channel, _scripts(server), (ROUTING_KEY, ROUTING_KEY[-4:]), lambda: len(server.events), ends.close)


def _alertmanager(ends: ExitStack, environment: pytest.MonkeyPatch, folder: Path) -> Service:
    server = ends.enter_context(AlertmanagerServer())
    environment.setenv("PLACE", f"http://desk:s3cret@{server.host}")
    channel = rules.AlertmanagerChannel(url=rules.Secret(env="PLACE"))
    return Service(channel, _scripts(server), ("s3cret",), lambda: len(server.alerts), ends.close)


def _scripts(server: ServiceServer) -> Callable[[int | None], None]:
    def script(status: int | None) -> None:
        quoting = {
            "errors": [{"error": "SomeError", "message": f"{SECRET_WORDS} {ROUTING_KEY}"}],
            "message": SECRET_WORDS,
        }
        server.script(Told(status, quoting, {"Retry-After": "7", "Location": "/elsewhere"}))

    return script


@pytest.fixture(
    params=(_webhook, _apprise, _notify, _pagerduty, _alertmanager), ids=lambda make: make.__name__.strip("_")
)
def service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Service]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with ExitStack() as ends:
        yield request.param(ends, monkeypatch, tmp_path)


async def sent(service: Service, **fields: Any) -> str:
    """The answer to one page through a channel that is opened for it."""
    channel = open_channel("desk", service.channel)
    try:
        return await channel.send(notice(address=service.address, **fields))
    finally:
        await channel.close()


async def test_a_page_is_delivered_and_the_answer_is_short(service: Service) -> None:
    answer = await sent(service)
    assert 0 < len(answer) <= 512
    assert service.taken() == 1


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_a_service_that_is_ill_or_busy_may_be_tried_again(service: Service, status: int) -> None:
    service.script(status)
    with pytest.raises(ChannelFailed) as failed:
        await sent(service)
    await sent(service)
    assert service.taken() >= 1
    if not service.tells_nothing:
        assert str(status) in str(failed.value)
        assert failed.value.retry_after == (7.0 if status in (429, 503) else None)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 302])
async def test_a_refusal_and_a_redirect_are_final(service: Service, status: int) -> None:
    service.script(status)
    with pytest.raises(ChannelFailed if service.tells_nothing else ChannelRefused):
        await sent(service)


async def test_a_service_that_is_not_there_has_failed(service: Service) -> None:
    service.stop()
    with pytest.raises(ChannelFailed):
        await sent(service)


async def test_neither_a_secret_nor_the_words_of_a_post_are_in_an_error_a_repr_or_a_log(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = open_channel("desk", service.channel)
    said = [repr(channel)]
    for status in (200, 302, 400, 401, 404, 429, 500, 503):
        service.script(status)
        try:
            said.append(await channel.send(notice(address=service.address)))
        except (ChannelFailed, ChannelRefused) as error:
            said += traceback.format_exception(error)
    await channel.close()
    for hidden in (*service.secrets, SECRET_WORDS):
        assert hidden not in "\n".join(said)
        assert hidden not in caplog.text


async def test_pages_are_sent_side_by_side(service: Service) -> None:
    channel = open_channel("desk", service.channel)
    answers = await asyncio.gather(*(channel.send(notice(address=service.address)) for _ in range(5)))
    await channel.close()
    assert len(answers) == 5


async def test_a_channel_that_has_sent_nothing_closes_and_closes_again(service: Service) -> None:
    channel = open_channel("desk", service.channel)
    await channel.close()
    await channel.close()


async def test_a_channel_whose_secret_is_missing_is_not_opened(
    service: Service, monkeypatch: pytest.MonkeyPatch, no_settings_files: None
) -> None:
    for name in ("PLACE", "KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InvalidSettings, match=r"desk .* (PLACE|KEY)"):
        open_channel("desk", service.channel)


async def test_every_channel_of_a_rules_file_is_opened_by_its_name(service: Service) -> None:
    file = rules.RulesFile(version=1, channels={"desk": service.channel, "spare": service.channel})
    channels: dict[str, Channel] = open_channels(file)
    assert list(channels) == ["desk", "spare"]
    for channel in channels.values():
        await channel.close()
