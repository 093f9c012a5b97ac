"""A mail server on loopback that keeps what it is given: as much of SMTP (RFC 5321) as a client needs that knows it."""

from __future__ import annotations

import email
import socketserver
from email.message import EmailMessage
from email.policy import default

from tests.doubles.loopback_server import LoopbackServer


class SmtpServer(LoopbackServer):
    """A context. ``mails`` holds what was taken, parsed, with the recipients that the envelope named."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def _handler(self) -> type[socketserver.StreamRequestHandler]:
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.say("220 loopback")
                recipients: list[str] = []
                while line := self.rfile.readline().decode().strip():
                    verb = line.upper()
                    if verb.startswith(("EHLO", "HELO")):
                        self.say("250 loopback")
                    elif verb.startswith("RCPT TO:"):
                        recipients.append(line.partition(":")[2].strip().strip("<>"))
                        self.say("250 ok")
                    elif verb == "DATA":
                        self.say("354 go on")
                        message = email.message_from_bytes(self.data(), policy=default)
                        assert isinstance(message, EmailMessage)
                        server.mails.append((recipients, message))
                        self.say("250 taken")
                    elif verb == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok")

            def say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

            def data(self) -> bytes:
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
                return b"".join(lines)

        return Handler
