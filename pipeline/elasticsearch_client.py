"""The one place where an Elasticsearch client is made from the settings, and its errors become ours."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from typing import Any

from elastic_transport import ConnectionError as TransportError
from elastic_transport import ConnectionTimeout, SerializationError, TlsError
from elasticsearch import ApiError, AsyncElasticsearch, Elasticsearch, UnsupportedProductError

from pipeline.errors import AccessRefused, ElasticsearchUnavailable, InvalidSettings, NotSetUp
from pipeline.settings import Settings

REQUEST_TIMEOUT = 30.0


def client_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments for `Elasticsearch` and `AsyncElasticsearch`.

    The client itself never retries: delivery decides what is tried again. Raises `InvalidSettings`.
    """
    url = settings.elasticsearch()
    options: dict[str, Any] = {
        "hosts": [url],
        "request_timeout": REQUEST_TIMEOUT,
        "max_retries": 0,
        "retry_on_timeout": False,
        "retry_on_status": (),
    }
    if settings.elasticsearch_api_key and settings.elasticsearch_username:
        raise InvalidSettings(
            "Both an API key and a user name are set for Elasticsearch.",
            "Unset FLAGPOST_ELASTICSEARCH_API_KEY or FLAGPOST_ELASTICSEARCH_USERNAME.",
        )
    if settings.elasticsearch_api_key:
        options["api_key"] = settings.elasticsearch_api_key.get_secret_value()
    elif settings.elasticsearch_username:
        password = settings.elasticsearch_password
        options["basic_auth"] = (settings.elasticsearch_username, password.get_secret_value() if password else "")
    if settings.elasticsearch_ca_file:
        try:
            options["ssl_context"] = ssl.create_default_context(cafile=str(settings.elasticsearch_ca_file))
        except (OSError, ssl.SSLError):
            raise InvalidSettings(
                f"FLAGPOST_ELASTICSEARCH_CA_FILE is not a readable PEM file: {settings.elasticsearch_ca_file}",
                "Point it at the certificate of the authority that signed the cluster's certificate.",
            ) from None
    return options


def connect(settings: Settings) -> Elasticsearch:
    """A client for commands. Does not connect yet."""
    return Elasticsearch(**client_options(settings))


def connect_async(settings: Settings) -> AsyncElasticsearch:
    """A client for agents. Does not connect yet."""
    return AsyncElasticsearch(**client_options(settings))


@contextlib.contextmanager
def explained(settings: Settings) -> Iterator[None]:
    """Turns the client's exceptions into errors that a user understands."""
    url = settings.elasticsearch()
    try:
        yield
    except TlsError:
        raise AccessRefused(
            f"The certificate of Elasticsearch at {url} is not trusted.",
            "Set FLAGPOST_ELASTICSEARCH_CA_FILE to the certificate of the authority that signed it.",
        ) from None
    except ConnectionTimeout:
        raise ElasticsearchUnavailable(
            f"Elasticsearch at {url} did not answer within {REQUEST_TIMEOUT:g} s.",
            "Try again; see its logs if it stays so.",
        ) from None
    except TransportError:
        if settings.elasticsearch_url is None:
            raise ElasticsearchUnavailable(
                f"The local Elasticsearch does not answer at {url}.", "`flagpost local logs elasticsearch` tells why."
            ) from None
        raise ElasticsearchUnavailable(
            f"Nobody answers as Elasticsearch at {url}.",
            "See that it runs and can be reached from here; FLAGPOST_ELASTICSEARCH_URL says where."
            if settings.production
            else "`flagpost local up` starts one on this machine; FLAGPOST_ELASTICSEARCH_URL names another cluster.",
        ) from None
    except (SerializationError, UnsupportedProductError):
        raise ElasticsearchUnavailable(
            f"Something that is not Elasticsearch answers at {url}.",
            "Set FLAGPOST_ELASTICSEARCH_URL to your cluster, or ask who runs what stands in front of it.",
        ) from None
    except ApiError as error:
        raise _explained_api_error(error, url) from None


def _explained_api_error(error: ApiError, url: str) -> Exception:
    if error.status_code == 401:
        return AccessRefused(
            f"Elasticsearch at {url} refused the user name, password or API key.",
            "Correct FLAGPOST_ELASTICSEARCH_USERNAME and …_PASSWORD, or FLAGPOST_ELASTICSEARCH_API_KEY.",
        )
    if error.status_code == 403:
        return AccessRefused(
            f"Elasticsearch at {url} does not allow this user to do that ({error.error}).",
            "deploy/runbook.md lists the rights that each command needs; ask for them, or use another user.",
        )
    if error.status_code == 404:
        return NotSetUp(f"Elasticsearch at {url} has no index of flagpost yet.", "Run `flagpost setup`.")
    return ElasticsearchUnavailable(
        f"Elasticsearch at {url} answered {error.status_code} ({error.error}).", "See its logs, then try again."
    )
