"""What the dashboard shows. Rows from top to bottom are what an operator asks, in this order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Query:
    """``legend`` may name labels: ``{{stage}}``. ``instant``: one value, of now."""

    expr: str
    legend: str = ""
    instant: bool = False


@dataclass(frozen=True)
class Panel:
    """``kind`` and ``unit`` are Grafana's names; ``steps`` are thresholds: from which value on, and in which colour."""

    title: str
    queries: Sequence[Query]
    about: str
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 8
    height: int = 7
    stacked: bool = False
    steps: Sequence[tuple[float | None, str]] = ((None, "green"),)
    mappings: dict[str, str] = field(default_factory=dict)


ROWS: Final[dict[str, Sequence[Panel]]] = {
    "Is it well?": (
        Panel(
            "Workers that answer",
            [Query('count by (component) (up{job="flagpost"} == 1)', "{{component}}", instant=True)],
            "A stage that is missing here has no worker that can be asked.",
            kind="stat",
            height=4,
        ),
        Panel(
            "Paused",
            [Query("max by (stage) (flagpost_paused)", "{{stage}}", instant=True)],
            "Paused: most of what the stage read could not be used. flagpost worker resume STAGE",
            kind="stat",
            height=4,
            steps=((None, "green"), (1, "red")),
            mappings={"0": "no", "1": "PAUSED"},
        ),
        Panel(
            "Model in force",
            [
                Query(
                    "count by (model, activation) (flagpost_model_info)",
                    "{{model}}, activation {{activation}}",
                    instant=True,
                )
            ],
            "Workers by the model that they judge with. Two models at once: a change was left half done.",
            kind="stat",
            height=4,
        ),
    ),
    "Does it keep up?": (
        Panel(
            "Lag",
            [Query("sum by (stage) (flagpost_lag)", "{{stage}}")],
            "Messages that are not done. A handful always waits for index: the mark that ends a transaction is no record.",
        ),
        Panel(
            "Done",
            [Query('sum by (stage) (rate(flagpost_messages_total{end="done"}[$__rate_interval]))', "{{stage}}")],
            "Messages a second, each counted when its end is durable.",
            unit="ops",
        ),
        Panel(
            "What became of them",
            [Query("sum by (stage, note) (rate(flagpost_messages_total[$__rate_interval]))", "{{stage}}: {{note}}")],
            "flagged, chatter, indexed, stale … and reasons of dead letters. Stale: a newer version was there already.",
            unit="ops",
        ),
        Panel(
            "Age when done, 95 of 100",
            [
                Query(
                    "histogram_quantile(0.95, sum by (stage, le) (rate(flagpost_age_seconds_bucket[$__rate_interval])))",
                    "{{stage}}",
                )
            ],
            "Seconds from when a record came into its topic until its effect was durable.",
            unit="s",
        ),
        Panel(
            "Time of a batch, 95 of 100",
            [
                Query(
                    "histogram_quantile(0.95, sum by (stage, le) (rate(flagpost_batch_seconds_bucket[$__rate_interval])))",
                    "{{stage}}",
                )
            ],
            "From taking a batch until it may be acked.",
            unit="s",
        ),
        Panel(
            "Waits before another try",
            [Query("sum by (stage) (increase(flagpost_retries_total[$__rate_interval]))", "{{stage}}")],
            "Something did not answer. Nothing is lost meanwhile.",
        ),
    ),
    "What can't it use, and whom does it page?": (
        Panel(
            "Dead letters",
            [Query("sum by (stage) (increase(flagpost_dead_letters_total[$__rate_interval]))", "{{stage}}")],
            "Kept byte for byte: flagpost dead-letters list",
        ),
        Panel(
            "Dead letters by reason, last day",
            [
                Query(
                    'sort_desc(sum by (stage, note) (increase(flagpost_messages_total{end="dead_letter"}[1d])))',
                    "{{stage}}: {{note}}",
                    instant=True,
                )
            ],
            "Why they could not be used.",
            kind="bargauge",
        ),
        Panel(
            "Pages",
            [Query("sum by (channel, end) (increase(flagpost_pages_total[$__rate_interval]))", "{{channel}}: {{end}}")],
            "Tries by what came of them: delivered, failed for good, retried later, needless by then.",
        ),
    ),
    "Is the model what it was?": (
        Panel(
            "Labels",
            [
                Query(
                    "sum by (label) (rate(flagpost_verdicts_total[$__rate_interval]))"
                    " / ignoring (label) group_left sum(rate(flagpost_verdicts_total[$__rate_interval]))",
                    "{{label}}",
                )
            ],
            "Shares of all that was judged.",
            unit="percentunit",
            stacked=True,
        ),
        Panel(
            "Grades of what is flagged",
            [Query('sum by (grade) (rate(flagpost_verdicts_total{label!="chatter"}[$__rate_interval]))', "{{grade}}")],
            "A second.",
            unit="ops",
            stacked=True,
        ),
        Panel(
            "Unsure",
            [
                Query("flagpost:unsure_share:1h", "last hour"),
                Query("avg_over_time(flagpost:unsure_share:1h[7d])", "mean of the last week"),
            ],
            "Share of flagged posts whose label the model doubts. A rise: people write of something it has not learnt.",
            unit="percentunit",
        ),
        Panel(
            "Flagged",
            [
                Query("flagpost:flagged_share:1h", "last hour"),
                Query("flagpost:flagged_share:1h offset 1d", "the day before"),
                Query("flagpost:flagged_share:1h offset 1w", "the week before"),
            ],
            "Share of posts that are flagged at all.",
            unit="percentunit",
        ),
        Panel(
            "Probability of the label that was given, median",
            [
                Query(
                    "histogram_quantile(0.5, sum by (label, le) (rate(flagpost_label_probability_bucket[1h])))",
                    "{{label}}",
                )
            ],
            "Calibrated scores; a slow fall is drift.",
            unit="percentunit",
        ),
        Panel(
            "Time at work in the model",
            [Query("rate(flagpost_inference_seconds_total[$__rate_interval])", "{{instance}}")],
            "Share of each classify worker's time. Near 100 %: it is the limit, and another worker would help.",
            unit="percentunit",
        ),
    ),
    "What does it cost?": (
        Panel(
            "Memory",
            [Query('process_resident_memory_bytes{job="flagpost"}', "{{component}} {{instance}}")],
            "Resident, of each worker.",
            unit="bytes",
        ),
        Panel(
            "Processor",
            [Query('rate(process_cpu_seconds_total{job="flagpost"}[$__rate_interval])', "{{component}} {{instance}}")],
            "Cores that each worker keeps busy.",
        ),
        Panel(
            "Starts within an hour",
            [Query('changes(process_start_time_seconds{job="flagpost"}[1h])', "{{component}} {{instance}}")],
            "A worker that ends again and again says why in its log.",
        ),
    ),
}
