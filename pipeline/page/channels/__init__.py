"""The ways to a person: one file a kind of channel, each a `pipeline.page.notice.Channel`.

webhook        a signed POST, after Standard Webhooks
apprise        mail, Slack, Teams, SMS gateways …
notify         GOV.UK Notify: SMS or mail
pagerduty      PagerDuty's Events API v2
alertmanager   Prometheus Alertmanager's API v2

Beside them is what several share: a `secret`, one `post` over HTTP and what its `answers` mean, the `guard` that keeps it
out of private networks, `threads` for clients that block.
"""

from __future__ import annotations

from pipeline.alert import rules
from pipeline.page.notice import Channel


def open_channels(file: rules.RulesFile) -> dict[str, Channel]:
    """Name → channel, for every channel of the rules file.

    Raises `InvalidSettings` where a secret is missing or an address can't be right. Nothing is connected to yet, and nothing
    need be closed of a channel that has sent nothing.
    """
    return {name: open_channel(name, channel) for name, channel in file.channels.items()}


def open_channel(name: str, channel: rules.Channel) -> Channel:
    """The channel of this name. Only the library of its own kind is imported."""
    match channel:
        case rules.WebhookChannel():
            from pipeline.page.channels.webhook import WebhookSender

            return WebhookSender.open(name, channel)
        case rules.AppriseChannel():
            from pipeline.page.channels.apprise import AppriseSender

            return AppriseSender.open(name, channel)
        case rules.NotifyChannel():
            from pipeline.page.channels.notify import NotifySender

            return NotifySender.open(name, channel)
        case rules.PagerDutyChannel():
            from pipeline.page.channels.pagerduty import PagerDutySender

            return PagerDutySender.open(name, channel)
        case rules.AlertmanagerChannel():
            from pipeline.page.channels.alertmanager import AlertmanagerSender

            return AlertmanagerSender.open(name, channel)
