"""GOV.UK Notify's API as it is written down: https://docs.notifications.service.gov.uk/rest-api.html

Like Notify it sends again what it is given again: ``reference`` only helps to find it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Final

from notifications_python_client.authentication import decode_jwt_token, get_token_issuer
from notifications_python_client.errors import TokenError

from tests.doubles.service_server import Asked, ServiceServer, Told

MOST_SMS: Final = 918
PLACEHOLDERS: Final = {"title", "text", "link"}
ADDRESS: Final = {"sms": "phone_number", "email": "email_address"}


@dataclass(frozen=True)
class Sent:
    """One message that somebody got."""

    kind: str
    address: str
    content: str
    reference: str
    sanitised: list[str]


class NotifyServer(ServiceServer):
    """A context: a service with one API key and one template a kind, which shows title, text and link."""

    def __init__(self) -> None:
        super().__init__()
        self.service, self.key = str(uuid.uuid4()), str(uuid.uuid4())
        self.template = str(uuid.uuid4())
        self.sent: list[Sent] = []

    @property
    def api_key(self) -> str:
        return f"flagpost-{self.service}-{self.key}"

    def serve(self, asked: Asked) -> Told:
        if (refused := self._unauthorised(asked)) is not None:
            return refused
        if (asked.method, asked.path) == ("GET", "/v2/notifications"):
            wanted = asked.query.get("reference", [])
            found = [{"reference": one.reference} for one in self.sent if one.reference in wanted]
            return Told(200, {"notifications": found, "links": {}})
        kind = asked.path.rpartition("/")[2]
        if asked.method == "POST" and kind in ADDRESS and asked.path == f"/v2/notifications/{kind}":
            return self._send(kind, asked.body)
        return _error(404, "NoResultFound", "No result found")

    def _unauthorised(self, asked: Asked) -> Told | None:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        try:
            if scheme != "Bearer":
                return _error(401, "AuthError", "Unauthorized: authentication token must be provided")
            if get_token_issuer(token) != self.service:
                return _error(403, "AuthError", "Invalid token: service not found")
            decode_jwt_token(token, self.key)
        except TokenError:
            return _error(403, "AuthError", "Invalid token: signature, api token not found")
        return None

    def _send(self, kind: str, body: dict[str, Any]) -> Told:
        words = body.get("personalisation", {})
        if body.get("template_id") != self.template:
            return _error(400, "BadRequestError", "Template not found")
        if missing := PLACEHOLDERS - words.keys():
            return _error(400, "BadRequestError", f"Missing personalisation: {', '.join(sorted(missing))}")
        address = body.get(ADDRESS[kind], "")
        if ("@" in address) != (kind == "email"):
            return _error(400, "ValidationError", f"{ADDRESS[kind]} Not a valid address: {address}")
        content = f"Police alert: {words['title']}\n{words['text']}\n{words['link']}"
        if kind == "sms" and len(content) > MOST_SMS:
            return _error(400, "BadRequestError", f"Text messages cannot be longer than {MOST_SMS} characters.")
        self.sent.append(Sent(kind, address, content, body["reference"], body.get("sanitise_content_for", [])))
        return Told(201, {"id": str(uuid.uuid4()), "reference": body["reference"]})


def _error(status: int, kind: str, message: str) -> Told:
    return Told(status, {"status_code": status, "errors": [{"error": kind, "message": message}]})
