"""deploy/prometheus: rules that ask for what there is, and configurations that ask where it is."""

from __future__ import annotations

import re
from typing import Any

import promql_parser
import pytest
import yaml

from pipeline.alert.rules import SystemRules
from pipeline.settings import ROOT
from pipeline.supervisor import STAGES
from tests.unit.deploy.composition import SERVICES, mounts
from tests.unit.deploy.exported import exported
from tests.unit.deploy.manifests import DOCKERFILE, WORKLOADS, component, container, pod, shared_settings
from tests.unit.deploy.promql import labels_of, wrong_in

FOLDER = ROOT / "deploy" / "prometheus"
RUNBOOK = (ROOT / "deploy" / "runbook.md").read_text("utf-8")


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    return found


RULES = [rule for group in read("rules.yml")["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"]: frozenset[str]() for rule in RULES if "record" in rule}
every_alert = pytest.mark.parametrize("name", ALERTS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
async def test_a_rule_asks_for_series_and_labels_that_there_are(rule: dict[str, Any]) -> None:
    assert wrong_in(rule["expr"], {**await exported(), **RECORDED}) == []


@pytest.mark.parametrize(
    ("expr", "wrong"),
    [
        ("sum by (stage) (rate(flagpost_lags[5m]))", ["no series flagpost_lags"]),
        ('flagpost_lag{state="x"}', ["flagpost_lag has no label state"]),
        ("sum by (note) (flagpost_lag) > 1", ["nothing to group by note"]),
    ],
)
async def test_a_series_or_a_label_that_is_not_there_is_noticed(expr: str, wrong: list[str]) -> None:
    found = wrong_in(expr, await exported())
    assert set(wrong) <= set(found)


@pytest.mark.parametrize("record", RECORDED)
def test_what_is_recorded_is_never_divided_by_zero(record: str) -> None:
    """One NaN in a quiet hour makes `avg_over_time` over a week NaN, and an alert on that mean silent."""
    (expr,) = (rule["expr"] for rule in RULES if rule.get("record") == record)
    assert re.search(r"/ \(.* > 0\)\s*$", expr)


@every_alert
async def test_an_alert_tells_what_is_wrong_in_words_that_its_expression_knows(name: str) -> None:
    rule = ALERTS[name]
    if name == "FlagpostWatchdog":
        return
    assert rule["labels"]["severity"] in ("info", "warning", "critical")
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    told = " ".join(rule["annotations"].values())
    named = set(re.findall(r"\$labels\.(\w+)", told))
    assert named <= labels_of(rule["expr"], {**await exported(), **RECORDED})
    if waits := rule.get("for"):
        assert promql_parser.parse_duration(waits).total_seconds() > 0


@every_alert
def test_a_counter_is_not_compared_with_what_it_was_before_its_worker_was_started_again(name: str) -> None:
    """Then it counts from zero: `rate` and `increase` know that, a comparison with `offset` sees nothing new."""
    expr = re.sub(r"(flagpost_\w+_total\{[^}]*\}) unless \1 offset \w+", "", ALERTS[name]["expr"])
    assert set(re.findall(r"(\w*\(?)flagpost_\w+_total", expr)) <= {"rate(", "increase("}


@every_alert
def test_an_alert_leads_to_a_section_of_the_runbook(name: str) -> None:
    link = ALERTS[name]["annotations"].get("runbook", "")
    titles = re.findall(r"^## (.*)$", RUNBOOK, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert name == "FlagpostWatchdog" or link.removeprefix("deploy/runbook.md#") in anchors


def test_every_stage_is_missed() -> None:
    assert set(re.findall(r'component="(\w+)"', ALERTS["FlagpostStageGone"]["expr"])) == set(STAGES)


def test_the_share_of_dead_letters_is_that_of_flagposts_own_watch() -> None:
    assert ALERTS["FlagpostDeadLetters"]["expr"].endswith(f"> {SystemRules(to=['x']).dead_letter_share}")


def test_memory_is_near_its_limit_at_nine_tenths_of_the_limit() -> None:
    terms = ALERTS["FlagpostMemoryNearLimit"]["expr"].split(" or ")
    told = {}
    for term in terms:
        (stages,), (bytes_,) = re.findall(r'component\S{1,2}"([\w|]+)"', term), re.findall(r"> 0\.9 \* (.*)", term)
        told[stages] = eval(bytes_.replace("^", "**"))
    limits = {stage: SERVICES[stage]["deploy"]["resources"]["limits"]["memory"] for stage in STAGES}
    units = {"g": 1024**3, "m": 1024**2}
    in_bytes = {stage: int(limit[:-1]) * units[limit[-1]] for stage, limit in limits.items()}
    others = told.pop("classify|index")
    assert in_bytes == {**dict.fromkeys(STAGES, others), **told}


def test_compose_is_asked_for_every_stage_where_it_listens() -> None:
    (job,) = read("compose.yml")["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert found["names"] == list(STAGES)
    assert f"FLAGPOST_METRICS_PORT={found['port']} " in DOCKERFILE
    assert all("watch" in SERVICES[name]["networks"] for name in (*STAGES, "prometheus"))
    assert ["./prometheus/compose.yml", "/etc/prometheus/prometheus.yml", "ro"] in mounts("prometheus")


@pytest.mark.parametrize("name", ["compose.yml", "kubernetes.yml"])
def test_series_get_the_job_and_the_component_that_the_rules_ask_for(name: str) -> None:
    whole = read(name)
    (job,) = whole["scrape_configs"]
    assert job["job_name"] == "flagpost"
    assert "component" in {rule.get("target_label") for rule in job["relabel_configs"]}
    assert whole["rule_files"] == ["rules.yml"]


def test_on_kubernetes_the_pods_of_the_stages_are_asked_and_no_others() -> None:
    (monitor,) = (read("podmonitor.yaml"),)
    selected = monitor["spec"]["selector"]["matchLabels"]
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    having = {
        component(one)
        for one in WORKLOADS
        if selected.items() <= one["spec"]["template"]["metadata"]["labels"].items()
        and endpoint["port"] in {port["name"] for port in container(one).get("ports", [])}
    }
    assert having == set(STAGES)
    assert all(pod(one)["containers"][0]["name"] == component(one) for one in WORKLOADS)
    assert shared_settings()["FLAGPOST_METRICS_HOST"] == "0.0.0.0"
    text = (FOLDER / "kubernetes.yml").read_text("utf-8")
    assert f"regex: {endpoint['port']}," in text
