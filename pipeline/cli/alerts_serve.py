"""``flagpost alerts serve``: the endpoint behind the links in pages."""

from __future__ import annotations

import click

from pipeline.errors import InvalidSettings
from pipeline.settings import load_settings


@click.command("serve")
@click.option("--host", metavar="ADDRESS", help="Default: the setting alerts_host.")
@click.option(
    "--port", metavar="N", type=click.IntRange(0, 65535), help="Default: the setting alerts_port; 0: a free one."
)
def alerts_serve(host: str | None, port: int | None) -> None:
    """Answer the links in pages: a plain page to acknowledge, escalate or resolve an alert from a phone.

    A link works for links_hours and each of its buttons once. Opening a link changes nothing. GET /healthz says whether it
    knows how the alerts stand.

    It speaks plain HTTP: put a proxy that does TLS in front of it, reached at links_url.
    """
    import asyncio

    from pipeline import log
    from pipeline.kafka_clients import quiet_kafka_python
    from pipeline.page.http.serve import serve_links
    from pipeline.page.links import Links

    settings = load_settings()
    links = Links.of(settings)
    if links is None:
        raise InvalidSettings(
            "FLAGPOST_LINKS_URL is not set, so no page has a link that could be answered.",
            "Set it to the address at which people's phones reach this endpoint.",
        )
    log.configure(settings.log_level)
    quiet_kafka_python()

    def ready(url: str) -> None:
        click.echo(f"Answering the links of pages at {url}", err=True)

    asyncio.run(
        serve_links(
            settings, links, host or settings.alerts_host, settings.alerts_port if port is None else port, ready
        )
    )
