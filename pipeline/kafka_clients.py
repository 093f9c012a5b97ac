"""How kafka-python's clients reach Kafka, and what their errors mean for a user."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka import errors as kafka_errors

from pipeline.errors import AccessRefused, FlagpostError, InvalidSettings, KafkaUnavailable, NotSetUp
from pipeline.settings import Settings

CONNECT_SECONDS = 3.0
"""How long a broker may take to accept a connection."""

BOOTSTRAP_SECONDS = 5.0
"""How long a broker that accepts connections may take to talk Kafka to us."""

LOOKS = 8
LOOK_EVERY = 0.5
"""How often, and after how many seconds again, missing topics are looked for."""


def kafka_python_options(settings: Settings) -> dict[str, Any]:
    """Addresses, encryption and sign-on, as keyword arguments of kafka-python's producer, consumer and admin client.

    Raises `InvalidSettings` when a user name, a password or a readable CA file is missing.
    """
    protocol = settings.kafka_security_protocol
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap().split(","),
        "security_protocol": protocol,
        "bootstrap_timeout_ms": int(BOOTSTRAP_SECONDS * 1000),
    }
    if protocol.startswith("SASL"):
        if settings.kafka_username is None or settings.kafka_password is None:
            raise InvalidSettings(
                f"FLAGPOST_KAFKA_SECURITY_PROTOCOL={protocol} needs a user name and a password.",
                "Set FLAGPOST_KAFKA_USERNAME and FLAGPOST_KAFKA_PASSWORD_FILE.",
            )
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options["sasl_plain_username"] = settings.kafka_username
        options["sasl_plain_password"] = settings.kafka_password.get_secret_value()
    if protocol.endswith("SSL"):
        options["ssl_context"] = _tls(settings)
    return options


def quiet_kafka_python() -> None:
    """Keeps kafka-python's own log from the user: it tells each failed try, several a second while Kafka is away."""
    logger = logging.getLogger("kafka")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False


def topic_ids(settings: Settings, names: Sequence[str]) -> dict[str, str]:
    """Kafka's own ids of the topics ``names``; a topic that is deleted and made again has another one.

    Fails within `CONNECT_SECONDS` when nobody listens. Raises `KafkaUnavailable`, `AccessRefused`, and `NotSetUp` when a
    topic is missing: a broker that has just started knows of none for a moment, so they are looked for more than once.
    """
    with kafka_errors_explained(settings):
        admin = KafkaAdminClient(**kafka_python_options(settings), request_timeout_ms=int(BOOTSTRAP_SECONDS * 1000))
        try:
            for _ in range(LOOKS):
                topics = admin.describe_topics()
                found = {topic["name"]: str(topic["topic_id"]) for topic in topics if not topic["error_code"]}
                missing = [name for name in names if name not in found]
                if not missing:
                    return {name: found[name] for name in names}
                time.sleep(LOOK_EVERY)
            require_visible(admin, missing)
        finally:
            admin.close()
    raise NotSetUp(
        f"Kafka at {settings.bootstrap()} has no topic {' and no topic '.join(missing)}.",
        "Run `flagpost setup`.",
    )


def require_visible(admin: KafkaAdminClient, names: Sequence[str]) -> None:
    """Raises Kafka's own refusal where our user may not see one of the topics ``names``.

    A list of all topics simply leaves such a topic out, as if it were not there; asked for by name, Kafka says why. An
    admin client's question never makes a topic.
    """
    for topic in admin.describe_topics(list(names)):
        error = kafka_errors.for_code(topic["error_code"])
        if issubclass(error, kafka_errors.AuthorizationError):
            raise error(topic["name"])


@contextmanager
def kafka_errors_explained(settings: Settings) -> Iterator[None]:
    """Around the making and the calls of a client: its errors leave as `KafkaUnavailable` or `AccessRefused`.

    First sees whether anybody listens at all, so that a wrong address is told at once and not after a time-out.
    """
    address = settings.bootstrap()
    if not _anybody_listens(address):
        raise _nobody(settings)
    # kafka-python tries again until its time-out and then only says so; why a try failed it tells nobody but its log.
    reasons = _LoggedErrors()
    logger = logging.getLogger("kafka.net.manager")
    logger.addHandler(reasons)
    try:
        yield
    except (kafka_errors.KafkaError, OSError) as error:
        signing_on = settings.kafka_security_protocol.startswith("SASL")
        raise explain(reasons.telling or error, address, signing_on) from error
    finally:
        logger.removeHandler(reasons)


def explain(error: BaseException, address: str, signing_on: bool = False) -> FlagpostError:
    """What an error of kafka-python means for a user, in one sentence with the brokers' ``address``.

    ``signing_on``: it happened while we signed on with a user name; a broker that then hangs up has refused us.
    """
    text = str(error)
    refused = isinstance(error, kafka_errors.SaslAuthenticationFailedError | kafka_errors.UnsupportedSaslMechanismError)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return AccessRefused(
            f"The certificate of Kafka at {address} is not trusted.",
            "Set FLAGPOST_KAFKA_CA_FILE to the PEM file of the authority that signed it.",
        )
    if refused or (signing_on and "socket disconnected" in text):
        return AccessRefused(
            f"Kafka at {address} refused our user name, password or sign-on mechanism.",
            "Check FLAGPOST_KAFKA_USERNAME, FLAGPOST_KAFKA_PASSWORD_FILE and FLAGPOST_KAFKA_SASL_MECHANISM.",
        )
    # kafka-python wraps the refusal of a producer's id, which who may write nothing gets, in an error without a type.
    if isinstance(error, kafka_errors.AuthorizationError) or "AuthorizationFailed" in text:
        return AccessRefused(
            f"Our user lacks a right at Kafka at {address} ({type(error).__name__}).",
            "Grant it; deploy/runbook.md lists the rights that each command needs.",
        )
    return KafkaUnavailable(
        f"Kafka at {address} does not answer as it should ({type(error).__name__}).",
        "Check FLAGPOST_KAFKA_BOOTSTRAP and FLAGPOST_KAFKA_SECURITY_PROTOCOL, and whether the brokers are well.",
    )


_TIME_OUTS: Final = (kafka_errors.KafkaTimeoutError, kafka_errors.RequestTimedOutError)
"""What the last of many tries ends with; it tells nothing of why they failed."""


class _LoggedErrors(logging.Handler):
    """Remembers the most telling exception that a logged record carries: a refusal, else the last that is no time-out."""

    telling: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        for argument in record.args if isinstance(record.args, tuple) else ():
            if not isinstance(argument, BaseException) or isinstance(argument, _TIME_OUTS):
                continue
            if self.telling is None or _is_refusal(argument) or not _is_refusal(self.telling):
                self.telling = argument


def _is_refusal(error: BaseException) -> bool:
    return isinstance(explain(error, ""), AccessRefused)


def _anybody_listens(addresses: str) -> bool:
    for address in addresses.split(","):
        host, _, port = address.strip().rpartition(":")
        if not host or not port.isdecimal():
            raise InvalidSettings(f"FLAGPOST_KAFKA_BOOTSTRAP holds {address!r}, which is not host:port.")
        try:
            socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
        except (OSError, OverflowError):
            continue
        return True
    return False


def _nobody(settings: Settings) -> KafkaUnavailable:
    if settings.kafka_bootstrap is None:
        return KafkaUnavailable(
            f"The local Kafka does not answer at {settings.bootstrap()}.", "`flagpost local logs kafka` tells why."
        )
    return KafkaUnavailable(
        f"Nobody answers at {settings.bootstrap()}, where Kafka should be.",
        "See that it runs and can be reached from here; FLAGPOST_KAFKA_BOOTSTRAP (host:port) says where."
        if settings.production
        else "`flagpost local up` starts one on this machine; FLAGPOST_KAFKA_BOOTSTRAP names another (host:port).",
    )


def _tls(settings: Settings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.kafka_ca_file)
    except OSError as error:
        raise InvalidSettings(
            f"FLAGPOST_KAFKA_CA_FILE can't be used ({error.strerror or type(error).__name__}): {settings.kafka_ca_file}",
            "Name a readable PEM file.",
        ) from None
