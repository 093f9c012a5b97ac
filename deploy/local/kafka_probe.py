"""Whether a broker works, asked in Kafka's own protocol: three small requests, no client library.

A broker answers before consumer groups work: its first group makes it create the topic of offsets. So the probe asks for
that too, and the first command after `flagpost local up` doesn't meet a coordinator that is not there yet.
Requests and answers: the Kafka protocol guide, sections Metadata, FindCoordinator and OffsetFetch.
"""

from __future__ import annotations

import socket
import struct

from deploy.local.ports import LOOPBACK

_SECONDS = 2.0
_CLIENT = "flagpost-local"


def is_working(port: int, cluster: str) -> bool:
    """Whether the broker at ``port`` of this machine is registered and its consumer groups work.

    ``cluster`` is its cluster's id: another home's broker, which was quicker to take the port, is not it.
    """
    try:
        with socket.create_connection((LOOPBACK, port), timeout=_SECONDS) as connection:
            return _has_broker(connection, cluster) and _has_coordinator(connection) and _serves_offsets(connection)
    except (OSError, struct.error):  # nobody answers, or hangs up, or it is not Kafka
        return False


def _has_broker(connection: socket.socket, cluster: str) -> bool:
    answer = _ask(connection, key=3, version=2, body=struct.pack(">i", 0))  # Metadata of no topic
    (brokers,) = struct.unpack_from(">i", answer)
    at = 4
    for _ in range(brokers):
        _host, at = _text(answer, at + 4)  # after its id
        _rack, at = _text(answer, at + 4)  # after its port
    return bool(brokers > 0 and _text(answer, at)[0] == cluster)


def _has_coordinator(connection: socket.socket) -> bool:
    answer = _ask(connection, key=10, version=1, body=_string(_CLIENT) + b"\0")  # FindCoordinator of a group
    _throttle, error = struct.unpack_from(">ih", answer)
    return bool(error == 0)


def _serves_offsets(connection: socket.socket) -> bool:
    answer = _ask(
        connection, key=9, version=2, body=_string(_CLIENT) + struct.pack(">i", -1)
    )  # OffsetFetch, all topics
    topics, error = struct.unpack_from(">ih", answer)
    return bool(topics == 0 and error == 0)


def _ask(connection: socket.socket, key: int, version: int, body: bytes) -> bytes:
    """The body of the answer. Raises `OSError`, or `struct.error` when the connection ends early."""
    request = struct.pack(">hhi", key, version, 1) + _string(_CLIENT) + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    (size,) = struct.unpack(">i", _read(connection, 4))
    return _read(connection, size)[4:]  # after the correlation id


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (piece := connection.recv(size - len(data))):
        data += piece
    return data


def _text(data: bytes, at: int) -> tuple[str | None, int]:
    """The string or null that begins at ``at``, and where it ends."""
    (size,) = struct.unpack_from(">h", data, at)
    if size < 0:
        return None, at + 2
    return data[at + 2 : at + 2 + size].decode("utf-8", "replace"), at + 2 + size


def _string(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode("ascii")
