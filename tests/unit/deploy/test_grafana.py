"""deploy/grafana: the dashboard is that of its definition, and asks for what there is."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from deploy.grafana.dashboard import FILE, SOURCE, WIDTH, dashboard, text
from deploy.grafana.panels import ROWS, Panel, Query
from pipeline.settings import ROOT
from tests.unit.deploy.composition import environment, mounts
from tests.unit.deploy.exported import exported
from tests.unit.deploy.promql import labels_of, wrong_in
from tests.unit.deploy.test_prometheus import RECORDED

PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"
PANELS = [panel for panels in ROWS.values() for panel in panels]
every_query = pytest.mark.parametrize(
    "query", [query for panel in PANELS for query in panel.queries], ids=lambda one: one.expr[:40]
)


def plain(expr: str) -> str:
    """``expr`` as Grafana sends it."""
    return expr.replace("$__rate_interval", "1m")


def test_the_dashboard_is_the_one_that_its_definition_makes() -> None:
    assert FILE.read_text("utf-8") == text(), "python -m deploy.grafana.dashboard"


@every_query
async def test_a_panel_asks_for_series_and_labels_that_there_are(query: Query) -> None:
    known = {**await exported(), **RECORDED}
    assert wrong_in(plain(query.expr), known) == []
    assert set(re.findall(r"\{\{(\w+)\}\}", query.legend)) <= labels_of(plain(query.expr), known)


async def test_what_a_worker_exports_is_shown() -> None:
    """All of flagpost's own series: one that nobody looks at is not worth its price."""
    asked = " ".join(query.expr for panel in PANELS for query in panel.queries)
    series = {name for name in await exported() if name.startswith("flagpost_")}
    families = {re.sub(r"_(total|created|bucket|count|sum)$", "", name) for name in series}
    assert {name for name in families if name not in asked} == {"flagpost_heartbeat_timestamp_seconds"}, "a rule has it"


def test_panels_have_each_a_place_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    panels: list[dict[str, Any]] = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        cells = {(place["x"] + across, place["y"] + down) for across in range(place["w"]) for down in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= WIDTH
        taken |= cells


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_a_panel_says_what_it_shows(panel: Panel) -> None:
    assert panel.about.strip()


def test_grafana_finds_the_source_and_the_dashboard() -> None:
    (source,) = yaml.safe_load((PROVISIONING / "datasources" / "prometheus.yml").read_text("utf-8"))["datasources"]
    assert {"type": source["type"], "uid": source["uid"]} == SOURCE
    assert source["url"] == "http://prometheus:9090"
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards" / "flagpost.yml").read_text("utf-8"))["providers"]
    mounted = {target: source for source, target, _ in (one for one in mounts("grafana") if len(one) == 3)}
    shown = environment("grafana")["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert shown.rpartition("/")[0] == provider["options"]["path"]
    assert mounted[shown] == "./grafana/flagpost.json"
    assert mounted["/etc/grafana/provisioning"] == "./grafana/provisioning"
