"""What a setting must be like to be used: addresses that can be shown, and nothing in plain text in production."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from pipeline.errors import InvalidSettings
from schemas.topics import TOPICS

ENCRYPTED: Final = ("SSL", "SASL_SSL")
"""Security protocols of Kafka that use TLS."""

MOST_DAYS: Final = 36_525
"""A hundred years; dates end somewhere, and whoever means for ever can write this."""


def showable_url(url: str | None, service: str) -> str | None:
    """``url``. Raises ValueError when it is none, or would show a password in errors and in status."""
    if url is not None and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise ValueError("it is not of the form http://host:port or https://host:port")
    if url and "@" in urlsplit(url).netloc:
        raise ValueError(f"it holds a user name or password; set {service.upper()}_USERNAME and …_PASSWORD instead")
    return url


def require_encrypted(kafka_security_protocol: str) -> None:
    """Raises `InvalidSettings`; for production."""
    if kafka_security_protocol not in ENCRYPTED:
        raise InvalidSettings(
            "FLAGPOST_PRODUCTION is on, and Kafka would be reached in plain text "
            f"(FLAGPOST_KAFKA_SECURITY_PROTOCOL={kafka_security_protocol}).",
            "Set FLAGPOST_KAFKA_SECURITY_PROTOCOL to SASL_SSL, or to SSL.",
        )


def require_https(url: str, service: str) -> None:
    """Raises `InvalidSettings`; for production."""
    if urlsplit(url).scheme != "https":
        raise InvalidSettings(
            f"FLAGPOST_PRODUCTION is on, and {service} would be reached in plain text ({url}).",
            f"Set FLAGPOST_{service.upper()}_URL to an address that begins with https://.",
        )


def require_kept(kafka_retention_days: Mapping[str, float]) -> None:
    """Raises `InvalidSettings` for what nobody could mean. Documents go when their topic's days are over: -1, which is for
    ever to Kafka, would be yesterday here, and under a name with a slip the table's days would count.
    """
    for name, days in kafka_retention_days.items():
        if name not in TOPICS or not 0 < days <= MOST_DAYS:
            raise InvalidSettings(
                f"FLAGPOST_KAFKA_RETENTION_DAYS has an entry that can't be used: {name}: {days:g}.",
                f"Give days above 0, at most {MOST_DAYS}, for {', '.join(TOPICS)}.",
            )


def require_usable(name: str, heartbeat_url: SecretStr, production: bool) -> None:
    """Raises `InvalidSettings` with the setting's ``name``. The address is a secret: who knows it can keep the dead-man's
    switch quiet.
    """
    schemes = ("https://",) if production else ("https://", "http://")
    if not heartbeat_url.get_secret_value().startswith(schemes):
        why = "FLAGPOST_PRODUCTION is on, and it would be asked in plain text" if production else "it is no address"
        raise InvalidSettings(f"{name} can't be used: {why}.", "Set it to an address that begins with https://.")
