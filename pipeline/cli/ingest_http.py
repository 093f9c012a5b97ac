"""``flagpost ingest-http``: posts over HTTP to Kafka."""

from __future__ import annotations

import asyncio
import ipaddress

import click

from pipeline import log
from pipeline.cli.ingest_options import defaults_of
from pipeline.errors import InvalidInput, InvalidSettings
from pipeline.ingest.canonical import Defaults
from pipeline.ingest.http.app import PATIENCE, PostsServer
from pipeline.ingest.http.serve import serve
from pipeline.ingest.publish import KafkaPublisher
from pipeline.ingest.renewing import RenewingPublisher
from pipeline.ingest.wordings import WORDINGS, Wordings
from pipeline.kafka_clients import quiet_kafka_python
from pipeline.settings import Settings, load_settings


@click.command("ingest-http")
@click.option("--host", metavar="ADDRESS", help="Default: the setting http_host.")
@click.option(
    "--port", metavar="N", type=click.IntRange(0, 65535), help="Default: the setting http_port; 0: a free one."
)
@click.option("--no-token", is_flag=True, help="Take posts from everybody; on a loopback address only.")
@click.option("--source", metavar="NAME", help="Source of posts that name none.")
@click.option("--created-at", metavar="now|DATE", help="Date of posts that have none.")
def ingest_http(host: str | None, port: int | None, no_token: bool, source: str | None, created_at: str | None) -> None:
    """Take posts over HTTP and send them to Kafka.

    POST /posts takes one JSON object, an array of them, or one a line (application/x-ndjson): at most 1,000 posts and 4 MiB,
    with the setting http_token as bearer token. It answers 200 with {"accepted", "rejected"} only after Kafka has
    acknowledged every good one; after a 503, send the same again. GET /healthz needs no token.

    It speaks plain HTTP: on a network, put a proxy that does TLS in front of it.
    """
    settings = load_settings()
    host = host or settings.http_host
    port = settings.http_port if port is None else port
    token = None if no_token else _token(settings)
    if no_token and not _is_loopback(host):
        raise InvalidInput(f"--no-token is not allowed on {host}: anybody there could send posts.", "Use 127.0.0.1.")
    log.configure(settings.log_level)
    quiet_kafka_python()
    asyncio.run(_run(settings, host, port, token, defaults_of(source, created_at)))


async def _run(settings: Settings, host: str, port: int, token: str | None, defaults: Defaults) -> None:
    publisher = await asyncio.to_thread(RenewingPublisher, lambda: KafkaPublisher(settings, PATIENCE))
    try:
        with Wordings(settings.home / WORDINGS) as wordings:
            server = PostsServer(publisher, token, defaults, wordings=wordings)
            await serve(server, host, port, lambda url: click.echo(f"Taking posts at {url}/posts", err=True))
    finally:
        await asyncio.to_thread(publisher.close)


def _token(settings: Settings) -> str:
    token = settings.http_token.get_secret_value() if settings.http_token else ""
    if not token:
        raise InvalidSettings(
            "There is no token that senders must show.",
            "Set FLAGPOST_HTTP_TOKEN_FILE (or FLAGPOST_HTTP_TOKEN), or add --no-token on a loopback address.",
        )
    return token


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
