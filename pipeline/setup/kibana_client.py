"""The one place where Kibana is asked (its API: elastic.co/docs/api/doc/kibana/v8), and its errors become ours."""

from __future__ import annotations

import base64
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from aiohttp import (
    ClientConnectorCertificateError,
    ClientError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
    FormData,
    TCPConnector,
)

from pipeline.errors import AccessRefused, InvalidSettings, KibanaUnavailable
from pipeline.settings import Settings

REQUEST_TIMEOUT: Final = 60.0
"""Seconds; Kibana may wait for Elasticsearch half of that."""

MOST_TOLD: Final = 300
"""Characters of Kibana's own words in an error."""

NOT_KIBANA: Final = "Set the address that people open Kibana at, with its base path if it has one."


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` is None where it is no JSON."""

    status: int
    raw: bytes
    body: Any


class Kibana:
    """Asks one Kibana as one user, within the space of the settings. Follows no redirect, and tries nothing again."""

    def __init__(self, session: ClientSession, settings: Settings) -> None:
        self._session = session
        self._settings = settings
        self.url = (settings.kibana_url or "").rstrip("/")

    async def get(self, path: str) -> Answer:
        return await self._ask("GET", f"{self.url}{path}")

    async def post(self, path: str, **content: Any) -> Answer:
        """In the space."""
        space = self._settings.kibana_space
        inside = "" if space == "default" else f"/s/{quote(space, safe='')}"
        return await self._ask("POST", f"{self.url}{inside}{path}", **content)

    async def _ask(self, method: str, url: str, **content: Any) -> Answer:
        try:
            async with self._session.request(method, url, allow_redirects=False, **content) as response:
                raw = await response.read()
        except (ClientConnectorCertificateError, ClientSSLError):
            raise AccessRefused(
                f"The certificate of Kibana at {self.url} is not trusted.",
                "Set FLAGPOST_KIBANA_CA_FILE to the certificate of the authority that signed it.",
            ) from None
        except TimeoutError:
            raise KibanaUnavailable(
                f"Kibana at {self.url} did not answer within {REQUEST_TIMEOUT:g} s.",
                "Try again; see its logs if it stays so.",
            ) from None
        except (ClientError, OSError, ValueError):
            raise KibanaUnavailable(
                f"Nobody answers as Kibana at {self.url}.", "Correct --kibana or FLAGPOST_KIBANA_URL, or start it."
            ) from None
        return self._understood(Answer(response.status, raw, _json(raw)))

    def _understood(self, answer: Answer) -> Answer:
        # Errors of Elasticsearch hold an object there, those of Kibana a word.
        if isinstance(answer.body, Mapping) and isinstance(answer.body.get("error"), Mapping):
            raise KibanaUnavailable(f"Elasticsearch answers at {self.url}, and not Kibana.", NOT_KIBANA)
        if answer.status == 401:
            signs_on = self._settings.kibana_username or self._settings.kibana_api_key
            raise AccessRefused(
                f"Kibana at {self.url} refused the user name, password or API key."
                if signs_on
                else f"Kibana at {self.url} wants to know who asks.",
                "Set FLAGPOST_KIBANA_USERNAME and …_PASSWORD, or FLAGPOST_KIBANA_API_KEY.",
            )
        if answer.status == 403:
            raise AccessRefused(
                f"Kibana at {self.url} does not allow this user to do that{self.told(answer)}.",
                "deploy/kibana/README.md lists the privileges that an import needs; ask for them, or use another user.",
            )
        if answer.status in (502, 503, 504):
            raise KibanaUnavailable(f"Kibana at {self.url} is not ready.", "Try again when it is; see its logs.")
        return answer

    def refused(self, answer: Answer) -> KibanaUnavailable:
        """The error for an answer that nothing can be made of."""
        if isinstance(answer.body, Mapping):
            return KibanaUnavailable(
                f"Kibana at {self.url} answered {answer.status}{self.told(answer)}.", "See its logs, then try again."
            )
        return KibanaUnavailable(
            f"Something that is not Kibana answers at {self.url}.",
            NOT_KIBANA,
        )

    @staticmethod
    def told(answer: Answer) -> str:
        """Kibana's own words, in brackets."""
        message = answer.body.get("message") if isinstance(answer.body, Mapping) else None
        words = " ".join(str(message).split()) if message else ""
        return f" ({words[:MOST_TOLD].rstrip('.')})" if words else ""


def form(ndjson: bytes) -> FormData:
    """The body of an import. Kibana refuses a file whose name does not end so."""
    data = FormData()
    data.add_field("file", ndjson, filename="flagpost.ndjson", content_type="application/x-ndjson")
    return data


@contextlib.asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Kibana]:
    """Does not connect yet. Raises `InvalidSettings`."""
    headers = {"kbn-xsrf": "flagpost", "User-Agent": "flagpost"}
    if settings.kibana_api_key and settings.kibana_username:
        raise InvalidSettings(
            "Both an API key and a user name are set for Kibana.",
            "Unset FLAGPOST_KIBANA_API_KEY or FLAGPOST_KIBANA_USERNAME.",
        )
    if settings.kibana_api_key:
        headers["Authorization"] = f"ApiKey {settings.kibana_api_key.get_secret_value()}"
    elif settings.kibana_username:
        password = settings.kibana_password.get_secret_value() if settings.kibana_password else ""
        pair = base64.b64encode(f"{settings.kibana_username}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    async with ClientSession(
        headers=headers,
        connector=TCPConnector(ssl=_trusted(settings)),
        timeout=ClientTimeout(total=REQUEST_TIMEOUT),
        cookie_jar=DummyCookieJar(),
        trust_env=False,
    ) as session:
        yield Kibana(session, settings)


def _trusted(settings: Settings) -> ssl.SSLContext | bool:
    """The authority of the settings alone; True: those that this machine trusts."""
    path = settings.kibana_ca_file
    if path is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError):
        raise InvalidSettings(
            f"FLAGPOST_KIBANA_CA_FILE is not a readable PEM file: {path}",
            "Point it at the certificate of the authority that signed Kibana's certificate.",
        ) from None


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
