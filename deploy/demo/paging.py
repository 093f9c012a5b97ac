"""What the demo shows of alerts: pages that reach a receiver of this machine, and one that is acknowledged."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from rich.console import Console
from rich.text import Text

from deploy.demo.receiver import Delivery, Receiver, new_key
from pipeline.alert.rules_file import read_rules
from pipeline.errors import FlagpostError
from pipeline.page.feed import AlertsFeed
from pipeline.safe_text import one_line
from pipeline.settings import Settings
from schemas.alert import Alert

T = TypeVar("T")

RULES: Final = Path(__file__).parent / "rules.yaml"
REPEAT_SECONDS: Final = 6.0
"""``repeat_minutes`` of the demo's rule."""

WITHIN: Final = 60.0


@contextmanager
def pager(settings: Settings) -> Iterator[Receiver]:
    """A receiver, and the settings by which workers that are started now page it."""
    key = new_key()
    with Receiver(key) as receiver:
        os.environ["DEMO_PAGER_URL"] = receiver.url
        os.environ["DEMO_PAGER_KEY"] = key
        os.environ["FLAGPOST_RULES"] = str(RULES)
        yield receiver


def show(console: Console, settings: Settings, receiver: Receiver) -> bool:
    """One page, its acknowledgement, and the silence that follows. False when any of it did not happen."""
    _until(lambda: receiver.taken, "no page came")
    with AlertsFeed(settings) as feed:
        feed.read()
        # A digest comes later; a system alert, or one of other rules from before, pages nobody under these.
        ours = {rule.name for rule in read_rules(RULES).rules}
        open_ones = [one for one in feed.view.all() if one.state == "open" and one.rule in ours and not one.digest]
        if not open_ones:
            raise FlagpostError("No alert is open, though pages came.", "See `flagpost alerts list --all`.")
        alert = max(open_ones, key=lambda one: one.opened_at)
        first = _until(lambda: _of(receiver, alert), "the newest alert was not paged")[0]
        console.print(_summary(receiver, open_ones))
        console.print(_as_read(first))
        _until(lambda: len(_of(receiver, alert)) > 1, "nobody acknowledged, and it was not paged again")
        console.print(f"[dim]Nobody acknowledged: {REPEAT_SECONDS:g} s later it came again. Now somebody does:[/dim]")
        console.print(Text(f"$ flagpost alerts ack {alert.id} --by r.hughes", "bold"))
        subprocess.run(
            [sys.executable, "-m", "pipeline.cli", "alerts", "ack", alert.id, "--by", "r.hughes"], check=True
        )
        after = len(_of(receiver, alert))
        time.sleep(2 * REPEAT_SECONDS)  # nothing to wait for: what is shown is that nothing comes
        quiet = len(_of(receiver, alert)) == after
    mark = Text("✓ ", "bold green") if quiet else Text("✗ ", "bold red")
    console.print(mark + Text(f"{2 * REPEAT_SECONDS:g} s without another page about it"))
    console.print(
        Text("✓ " if not receiver.forged else "✗ ", "bold green" if not receiver.forged else "bold red")
        + Text(f"signatures that did not verify: {receiver.forged}; pages taken twice: {receiver.repeats}")
    )
    return quiet and not receiver.forged


def _summary(receiver: Receiver, alerts: list[Alert]) -> str:
    kinds = Counter(str(one.body.get("type", "?")) for one in receiver.taken.values())
    told = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    posts = sum(alert.count for alert in alerts)
    return f"{len(alerts)} alerts are open about {posts} posts. Requests to the pager so far: {told}. The newest alert:"


def _as_read(delivery: Delivery) -> Text:
    data: dict[str, Any] = delivery.body.get("data", {})
    text = Text()
    text.append(f"  {one_line(str(data.get('title', '')))}\n", "bold")
    for line in str(data.get("text", "")).splitlines():
        text.append(f"  {one_line(line)}\n")
    text.append(f"  webhook-id {delivery.id}, signature verified", "dim")
    return text


def _of(receiver: Receiver, alert: Alert) -> list[Delivery]:
    return [one for one in receiver.taken.values() if one.body.get("data", {}).get("alert") == alert.id]


def _until(condition: Callable[[], T], otherwise: str) -> T:
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise FlagpostError(f"After {WITHIN:g} s {otherwise}.", "See `flagpost status` and .flagpost/logs/page.log.")
