"""Pages that are sent side by side share no client, since its one TLS context stands no two connections at once."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from pipeline.page.channels.pagerduty import PagerDutySender
from tests.notices import notice


class Client:
    """Answers when two are asked at the same time."""

    def __init__(self, together: threading.Barrier) -> None:
        self._together = together
        self.closed = False

    def send_event(self, *_: Any, **__: Any) -> None:
        self._together.wait(10)

    def close(self) -> None:
        self.closed = True


async def test_each_thread_has_a_client_of_its_own_and_all_are_closed() -> None:
    together = threading.Barrier(2)
    clients: list[Client] = []

    def new_client() -> Any:
        clients.append(Client(together))
        return clients[-1]

    sender = PagerDutySender("desk", new_client)
    await asyncio.gather(sender.send(notice()), sender.send(notice()))
    assert len(clients) == 2
    await asyncio.gather(sender.send(notice()), sender.send(notice()))
    assert len(clients) <= 4, "one a thread, not one a page"
    await sender.close()
    assert all(client.closed for client in clients)
