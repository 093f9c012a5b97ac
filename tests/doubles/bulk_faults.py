"""What can go wrong with a bulk request, each as a `BadAnswer`: before anything was stored, and, worse, after all was."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from tests.doubles.faulty_elasticsearch import Asked, BadAnswer, Connection, Reply

GIVES_UP_WITHIN: Final = 120.0
"""Seconds within which a client must have given up on an answer that does not come."""

ONE_LINE_IN: Final = 3
"""Of a bulk whose nodes are partly busy, every so many-th line is refused."""


def _refused(status: int, kind: str) -> Callable[[Connection, Asked], None]:
    return lambda connection, _: connection.send(Reply.of({"error": {"type": kind}, "status": status}, status))


def _good(connection: Connection, asked: Asked) -> None:
    connection.send(connection.store(asked))


def _gateway(connection: Connection, _: Asked) -> None:
    connection.send(Reply(502, b"<html>bad gateway</html>", "text/html", elasticsearch=False))


def _gateway_after_storing(connection: Connection, asked: Asked) -> None:
    connection.store(asked)
    _gateway(connection, asked)


def _silent(connection: Connection, _: Asked) -> None:
    """Answers nothing until the client has given up and closed the connection."""
    connection.connection.settimeout(GIVES_UP_WITHIN)
    assert connection.connection.recv(1) == b"", "the client has closed the connection"
    connection.close_connection = True


def _too_late(connection: Connection, asked: Asked) -> None:
    """Answers well, when nobody listens any more."""
    reply = connection.store(asked)
    _silent(connection, asked)
    with contextlib.suppress(OSError):
        connection.send(reply)


def _reset(connection: Connection, _: Asked) -> None:
    """Closes with RST instead of FIN, as a node does that dies."""
    connection.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.connection.close()
    connection.close_connection = True


def _reset_after_storing(connection: Connection, asked: Asked) -> None:
    connection.store(asked)
    _reset(connection, asked)


def _truncated(connection: Connection, asked: Asked) -> None:
    reply = connection.store(asked)
    connection.send(replace(reply, body=reply.body[: len(reply.body) // 2]), announced=len(reply.body))
    connection.close_connection = True


def _cut_json(connection: Connection, asked: Asked) -> None:
    reply = connection.store(asked)
    connection.send(replace(reply, body=reply.body[: len(reply.body) // 2]))


def _other_items(change: Callable[[list[Any]], list[Any]]) -> Callable[[Connection, Asked], None]:
    def play(connection: Connection, asked: Asked) -> None:
        body = json.loads(connection.store(asked).body)
        connection.send(Reply.of({**body, "items": change(body["items"])}))

    return play


def _partly_busy(connection: Connection, asked: Asked) -> None:
    """Stores most lines, and refuses every third as a full write queue does."""
    lines = asked.body.splitlines(keepends=True)
    pairs = [lines[at : at + 2] for at in range(0, len(lines), 2)]
    taken = [pair for number, pair in enumerate(pairs) if number % ONE_LINE_IN]
    answered = []
    if taken:
        body = b"".join(line for pair in taken for line in pair)
        answered = json.loads(connection.store(replace(asked, body=body)).body)["items"]
    stored = iter(answered)
    busy = {"status": 429, "error": {"type": "es_rejected_execution_exception"}}
    items = [
        next(stored) if number % ONE_LINE_IN else {"index": {"_id": json.loads(pair[0])["index"]["_id"], **busy}}
        for number, pair in enumerate(pairs)
    ]
    connection.send(Reply.of({"items": items}))


NO_FAULT: Final = BadAnswer("a good answer", _good)
TOO_BUSY: Final = BadAnswer("429", _refused(429, "es_rejected_execution_exception"))
UNAVAILABLE: Final = BadAnswer("503", _refused(503, "unavailable_shards_exception"))
GATEWAY: Final = BadAnswer("502 of a gateway", _gateway)
GATEWAY_AFTER_STORING: Final = BadAnswer("502, all stored", _gateway_after_storing)
HANG: Final = BadAnswer("hang", _silent)
TOO_LATE: Final = BadAnswer("hang, all stored", _too_late)
RESET: Final = BadAnswer("reset", _reset)
RESET_AFTER_STORING: Final = BadAnswer("reset, all stored", _reset_after_storing)
TRUNCATED: Final = BadAnswer("truncated body", _truncated)
CUT_JSON: Final = BadAnswer("half an answer", _cut_json)
LINE_SHORT: Final = BadAnswer("a line too few", _other_items(lambda items: items[:-1]))
LINE_OVER: Final = BadAnswer("a line too many", _other_items(lambda items: [*items, items[-1]]))
REVERSED: Final = BadAnswer("another order", _other_items(lambda items: items[::-1]))
PARTLY_BUSY: Final = BadAnswer("429 of every third line", _partly_busy)

QUICK_FAULTS: Final = (
    TOO_BUSY,
    UNAVAILABLE,
    GATEWAY,
    GATEWAY_AFTER_STORING,
    RESET,
    RESET_AFTER_STORING,
    TRUNCATED,
    CUT_JSON,
    LINE_SHORT,
    LINE_OVER,
    REVERSED,
    PARTLY_BUSY,
)
"""Those that a client notices at once."""

HANGS: Final = (HANG, TOO_LATE)
"""Those that take a client's whole patience."""
