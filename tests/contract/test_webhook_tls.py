"""The webhook over TLS: the certificate must be for the name in the URL, wherever that name leads."""

from __future__ import annotations

import ssl

import pytest
import trustme

from pipeline.alert.rules import Secret, WebhookChannel
from pipeline.page.channels.webhook import WebhookSender
from pipeline.page.notice import ChannelFailed
from tests.doubles.scripted_resolver import ScriptedResolver
from tests.doubles.webhook_receiver import WebhookReceiver
from tests.notices import notice


async def sent(name: str, authority: trustme.CA, trusted: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many pages arrive that are sent to desk.example, where a receiver has a certificate for ``name``."""
    served, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert(name).configure_cert(served)
    trusted.configure_trust(trusting)
    with WebhookReceiver(tls=served) as receiver:
        monkeypatch.setenv("KEY", receiver.key)
        channel = WebhookChannel(
            url=f"https://desk.example:{receiver.port}/", secret=Secret(env="KEY"), allow_private=True
        )
        sender = WebhookSender.open("desk", channel, resolver=ScriptedResolver(["127.0.0.1"]), tls=trusting)
        try:
            await sender.send(notice())
        finally:
            await sender.close()
        return len(receiver.taken)


async def test_a_certificate_for_the_name_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    assert await sent("desk.example", authority, authority, monkeypatch) == 1


@pytest.mark.parametrize("name", ["other.example", "127.0.0.1"])
async def test_a_certificate_for_another_name_is_not_though_the_address_is_right(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    authority = trustme.CA()
    with pytest.raises(ChannelFailed, match="certificate is not trusted"):
        await sent(name, authority, authority, monkeypatch)


async def test_a_certificate_of_a_stranger_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ChannelFailed, match="certificate is not trusted"):
        await sent("desk.example", trustme.CA(), trustme.CA(), monkeypatch)
