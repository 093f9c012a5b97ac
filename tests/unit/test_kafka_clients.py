"""What Kafka's client only tells its log reaches the user, and so does what to do where nobody answers."""

from __future__ import annotations

import logging
import socket

import elastic_transport
import pytest
from kafka import errors as kafka_errors

from pipeline.elasticsearch_client import explained as elasticsearch_errors_explained
from pipeline.errors import AccessRefused, ElasticsearchUnavailable, KafkaUnavailable
from pipeline.kafka_clients import kafka_errors_explained
from pipeline.settings import Settings


def sign_on_in_vain(settings: Settings) -> None:
    """What kafka-python logs and raises where every try but the last is hung up on."""
    log = logging.getLogger("kafka.net.manager")
    with kafka_errors_explained(settings):
        log.error("Bootstrap failed: %s", kafka_errors.KafkaConnectionError("socket disconnected"))
        log.error("Bootstrap failed: %s", kafka_errors.RequestTimedOutError())
        raise kafka_errors.KafkaTimeoutError("Unable to bootstrap")


def test_a_broker_that_hangs_up_on_us_has_refused_us_though_the_last_try_timed_out() -> None:
    """Kafka closes the connection on a wrong password; the client tries again until its time is up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings = Settings(
            kafka_bootstrap=f"127.0.0.1:{listening.getsockname()[1]}",
            kafka_security_protocol="SASL_PLAINTEXT",
            kafka_username="somebody",
            kafka_password="wrong",
        )
        with pytest.raises(AccessRefused, match="refused our user name"):
            sign_on_in_vain(settings)


@pytest.mark.parametrize(
    ("production", "said"), [(True, "See that it runs"), (False, "`flagpost local up` starts one")]
)
def test_only_where_it_may_be_local_a_local_one_is_offered(production: bool, said: str) -> None:
    settings = Settings(
        production=production,
        kafka_bootstrap="127.0.0.1:1",
        kafka_security_protocol="SSL",
        elasticsearch_url="https://127.0.0.1:1",
    )
    with pytest.raises(KafkaUnavailable) as kafka, kafka_errors_explained(settings):
        raise kafka_errors.KafkaTimeoutError("Unable to bootstrap")
    with pytest.raises(ElasticsearchUnavailable) as elasticsearch, elasticsearch_errors_explained(settings):
        raise elastic_transport.ConnectionError("refused")
    assert kafka.value.hint.startswith(said)
    assert elasticsearch.value.hint.startswith(said)
