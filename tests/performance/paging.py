"""How long a post takes until a duty inspector's pager has it: at half of what the pipeline can do, and on a force's stream.

Every item in immediate danger is a story of its own here and pages through the signed webhook. So pages come far more often
than any inspector could bear: what is measured is the way, not the grouping that spares people.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deploy.demo.receiver import Receiver, new_key
from pipeline.settings import Settings
from tests.ledger import Ledger
from tests.paging import KEY_VARIABLE, alerts
from tests.performance.latency import LOAD, by_part, capacity
from tests.performance.measure import Figure, Target, Unbalanced
from tests.performance.open_loop import send_when_due
from tests.performance.rig import Rig, require_balance, wait_until_idle
from tests.performance.sizes import Sizes
from tests.performance.workload import Sample, draw
from tests.waiting import wait_for

NAME = "paging"
A_FORCE = 10.0
"""Posts a second to one police force in a bad hour: see deploy/scaling.md."""
STAGES = ("classify", "index", "alert", "page")
PAGED_WITHIN = 30.0

RULES = """
version: 1
channels:
  pager: {{type: webhook, url: "{url}", secret: {{env: {key}}}, allow_private: true}}
people:
  inspector: {{channels: {{pager: ""}}}}
rota:
  duty: [{{who: [inspector]}}]
rules:
  - name: danger
    when: {{grades: [immediate]}}
    to: [duty]
    severity: critical
    group_by: [place]
    group_wait_seconds: 0
    repeat_minutes: null
    most_an_hour: 100000
"""


def paging(rig: Rig, sizes: Sizes) -> list[Figure]:
    """p50, p95 and p99 from the moment at which a post was due to the arrival of the page about it."""
    loads = {"paged": LOAD * capacity(rig, sizes), "paged_of_a_force": A_FORCE}
    return [figure for name, rate in loads.items() for figure in _at(rate, name, rig, sizes)]


def _at(rate: float, name: str, rig: Rig, sizes: Sizes) -> list[Figure]:
    due = np.arange(0, sizes.steady_seconds, 1 / rate)
    seconds = _paged_after(rig, draw(len(due), seed=75), due, draw(sizes.warm_up, seed=76))
    return [
        Figure(
            benchmark=NAME,
            name=f"{name}_pages",
            unit="pages",
            rounds=[float(len(seconds))],
            note=f"of {len(due)} posts, {rate:.0f} a second",
        ),
        *(
            Figure(
                benchmark=NAME,
                name=f"{name}_p{percent}",
                unit="s",
                rounds=by_part(seconds, percent),
                target=Target(1.0, "most") if percent == 99 else None,
                note=f"over all {len(seconds)}: {np.percentile(seconds, percent):.3f}; rounds are quarters of the time",
            )
            for percent in (50, 95, 99)
        ),
    ]


def _paged_after(
    rig: Rig, posts: Sequence[Sample], due: NDArray[np.float64], warm_up: Sequence[Sample]
) -> NDArray[np.float64]:
    """Seconds from when a post was due until the page that it opened came, in the order of ``due``. Raises `Unbalanced`."""
    with Receiver(new_key()) as receiver, rig.installation() as settings:
        rules = _rules(settings.home, receiver)
        ledger = Ledger(settings)
        with rig.workers(settings, *STAGES, **rules):
            for post in warm_up:
                _now(post, dt.datetime.now(dt.UTC).timestamp()).send(ledger)
            ledger.flush()
            wait_until_idle(settings, 120 + len(warm_up))
            begin = dt.datetime.now(dt.UTC).timestamp() + 0.5
            send_when_due(ledger, [_now(post, begin + at) for post, at in zip(posts, due, strict=True)], begin + due)
            wait_until_idle(settings, 120 + len(posts) / 25, STAGES)
            arrived = _arrivals(settings, receiver)
        require_balance(ledger, f"{len(posts)} posts in an open loop, paged")
    return np.array(
        [arrived[f"x:{post.id}"] - begin - at for post, at in zip(posts, due, strict=True) if f"x:{post.id}" in arrived]
    )


def _rules(folder: Path, receiver: Receiver) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "rules.yaml"
    path.write_text(RULES.format(url=receiver.url, key=KEY_VARIABLE), "utf-8")
    return {"FLAGPOST_RULES": str(path), KEY_VARIABLE: receiver.key}


def _now(post: Sample, at: float) -> Sample:
    """The post as posted ``at`` that time: an old one would come in a digest."""
    return replace(post, fields={**post.fields, "created_at": dt.datetime.fromtimestamp(at, dt.UTC).isoformat()})


def _arrivals(settings: Settings, receiver: Receiver) -> dict[str, float]:
    """The uid of the item that opened an alert → when its page came first. Every alert must have been paged."""
    opened = {uid: alert.id for uid, alert in alerts(settings).items() if not alert.title}

    def times() -> dict[str, float]:
        return {
            one.body["data"]["alert"]: one.arrived_at
            for one in receiver.taken.values()
            if one.body["type"] == "alert.opened"
        }

    try:
        wait_for(lambda: set(opened.values()) <= times().keys(), "every alert is paged", PAGED_WITHIN)
    except AssertionError:
        lost = sorted(set(opened.values()) - times().keys())
        raise Unbalanced("paging", [f"alert {one} was not paged" for one in lost]) from None
    came = times()
    return {uid: came[alert] for uid, alert in opened.items()}
