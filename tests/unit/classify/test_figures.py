"""What the classify stage counts for those who look after the model."""

from __future__ import annotations

from prometheus_client import generate_latest

from pipeline.delivery import MeasuredStage
from pipeline.metrics import StageMetrics
from pipeline.result import DeadLetter, Done
from tests.messages import message, post
from tests.unit.classify.test_stage import Bench


async def test_a_verdict_is_counted_once_its_outcome_is_durable() -> None:
    bench, metrics = Bench(), StageMetrics("classify")
    assert isinstance(bench.stage, MeasuredStage)
    bench.stage.measure(metrics)
    flagged, chatter = message(post(text="lads dealing by the pier"), 0), message(post(id="2", text="lovely sunset"), 1)
    assert await bench.stage.handle([flagged, chatter]) == [Done("flagged"), Done("chatter")]
    assert "flagpost_verdicts_total{" not in _page(metrics)
    assert await bench.stage.settle([(flagged, Done("flagged")), (chatter, Done("chatter"))]) is None
    page = _page(metrics)
    assert 'flagpost_verdicts_total{grade="routine",label="intel",unsure="false"} 1.0' in page
    assert 'flagpost_verdicts_total{grade="none",label="chatter",unsure="false"} 1.0' in page
    assert 'flagpost_label_probability_count{label="intel"} 1.0' in page


async def test_which_model_judges_and_how_long_it_works_is_shown() -> None:
    bench, metrics = Bench(activation=7), StageMetrics("classify")
    bench.stage.measure(metrics)
    await bench.run(message(post(text="lads dealing by the pier")))
    told = metrics.registry.get_sample_value
    assert told("flagpost_model_info", {"model": bench.classifier.model, "activation": "7"}) == 1
    assert 0 < (told("flagpost_inference_seconds_total") or 0) < 10


async def test_what_can_not_be_read_has_no_verdict_to_count() -> None:
    bench, metrics = Bench(), StageMetrics("classify")
    bench.stage.measure(metrics)
    (result,) = await bench.run(message(b"{"))
    assert isinstance(result, DeadLetter)
    assert "flagpost_verdicts_total{" not in _page(metrics)


def _page(metrics: StageMetrics) -> str:
    return generate_latest(metrics.registry).decode()
