"""How long a byte can stay in Kafka: by the table, by a topic's own configuration, and in what the runbook says."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from pipeline.retention.stay import LOOKED_AT, Stay
from pipeline.settings import ROOT, Settings
from schemas.topics import TOPICS
from tests.doubles.manual_clock import START

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)

CONFIG = {"cleanup.policy": "delete", "retention.ms": "604800000", "segment.ms": "21600000"}


def wanted(name: str) -> Stay:
    return Stay.wanted(Settings(home=Path("nowhere")), TOPICS[name])


def test_a_record_stays_for_its_retention_and_a_file_longer() -> None:
    stay = Stay.found(CONFIG)
    assert stay == wanted("posts")
    assert stay.longest == 7 * DAY + 6 * HOUR + LOOKED_AT
    assert stay.gone_by(START) == START + 7 * DAY + 6 * HOUR + LOOKED_AT


@pytest.mark.parametrize("config", [{"cleanup.policy": "compact"}, {"retention.ms": "-1"}])
def test_what_nothing_replaces_may_stay_for_ever(config: dict[str, str]) -> None:
    stay = Stay.found({**CONFIG, **config})
    assert (stay.longest, stay.gone_by(START)) == (None, None)


def test_what_was_replaced_goes_when_its_file_and_the_next_are_closed() -> None:
    assert wanted("alerts").replaced == 48 * HOUR + LOOKED_AT


def test_a_file_that_is_never_closed_is_told_as_very_long_and_breaks_nothing() -> None:
    stay = Stay.found({**CONFIG, "segment.ms": str(2**63 - 1), "retention.ms": str(2**63 - 1)})
    assert stay.longest is not None
    assert stay.longest > 10_000 * DAY


def test_the_runbook_says_of_every_topic_how_long_a_byte_may_stay() -> None:
    runbook = (ROOT / "deploy" / "runbook.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]+?) \|", runbook, re.MULTILINE))
    assert {name: told.get(name) for name in TOPICS} == {name: in_words(wanted(name)) for name in TOPICS}


def in_words(stay: Stay) -> str:
    if stay.longest is None:
        return f"until replaced, then {(stay.replaced - LOOKED_AT) / HOUR:g} h"
    days, hours = divmod((stay.longest - LOOKED_AT) / HOUR, 24)
    return f"{days:,.0f} d" + (f" {hours:g} h" if hours else "")
