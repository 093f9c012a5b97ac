"""The model alone, the whole pipeline and the naive baseline, turn about: model, pipeline, baseline, model, pipeline …"""

from __future__ import annotations

from collections import defaultdict

from tests.performance import naive_run
from tests.performance.measure import Figure, Target
from tests.performance.model_alone import ModelAlone
from tests.performance.pipeline import Run, run
from tests.performance.rig import Rig, said
from tests.performance.sizes import Sizes
from tests.performance.workload import draw

NAME = "throughput"


def throughput(rig: Rig, sizes: Sizes) -> list[Figure]:
    """Rates and their ratios, each ratio within one round; what a post costs each process and thread."""
    model = ModelAlone([post.text for post in draw(sizes.warm_up, seed=99)])
    baseline = naive_run.make_model(rig.folder / "naive-model") if naive_run.is_there() else None
    if baseline is None:
        said("no .venv-train (make test-train makes it): without the naive baseline")
    run(rig, draw(sizes.warm_up, seed=98))  # the servers' Java compiles what is used; not counted
    rounds: dict[tuple[str, str], list[float]] = defaultdict(list)
    for number in range(sizes.rounds):
        posts = draw(sizes.backlog, seed=number)
        alone = model.speed([post.text for post in posts])
        said(f"round {number + 1}: the model alone judges {alone.rate:.0f} posts/s")
        whole = run(rig, posts)
        said(f"round {number + 1}: the pipeline does {whole.rate:.0f} posts/s")
        rounds["model_alone", "posts/s"].append(alone.rate)
        rounds["model_cores", "CPU s/s"].append(alone.cpu / alone.seconds)
        rounds["model_cpu", "µs/post"].append(1e6 * alone.cpu / alone.posts)
        rounds["pipeline", "posts/s"].append(whole.rate)
        rounds["pipeline_from_first", "posts/s"].append(whole.timeline.rate(0))
        rounds["pipeline_over_model", "×"].append(whole.rate / alone.rate)
        rounds["inference_share", "×"].append(whole.inference_share)
        rounds["network_share", "×"].append(whole.network_share)
        _costs(rounds, whole)
        if baseline:
            few = posts[: sizes.naive]
            default, single = (naive_run.naive_rate(rig, few, baseline, threads) for threads in (None, 1))
            said(f"round {number + 1}: the naive baseline does {default:.0f} posts/s, with one thread {single:.0f}")
            rounds["naive", "posts/s"].append(default)
            rounds["naive_one_thread", "posts/s"].append(single)
            rounds["over_naive", "×"].append(whole.rate / max(default, single))
    return [
        Figure(
            benchmark=NAME,
            name=name,
            unit=unit,
            rounds=values,
            target=_TARGETS.get(name),
            note=_NOTES.get(name, ""),
        )
        for (name, unit), values in rounds.items()
    ]


def _costs(rounds: dict[tuple[str, str], list[float]], whole: Run) -> None:
    for process, microseconds in whole.cpu_by_process().items():
        rounds[f"cpu_of_{process}", "µs/post"].append(microseconds)
    threads = sorted(whole.cpu_by_thread().items(), key=lambda one: -one[1])
    for thread, microseconds in threads[:5]:
        rounds[f"cpu_of_classify: {thread}", "µs/post"].append(microseconds)


_TARGETS = {"pipeline_over_model": Target(0.85), "inference_share": Target(0.95), "over_naive": Target(6)}

_NOTES = {
    "model_alone": "in process, cleaned texts, the worker's batches; the idle servers stay up",
    "pipeline": "from a tenth of the backlog classified to the last item indexed; the start of processes is left out",
    "pipeline_from_first": "from the first batch classified to the last item indexed",
    "inference_share": "CPU seconds of the judging thread and OpenVINO's, of all those of the classify process",
    "network_share": "CPU seconds of OpenVINO's threads alone, of all those of the classify process",
    "naive": "the same base model in full precision under an untrained head; fewer posts of the same backlog",
    "naive_one_thread": "the same with OMP_NUM_THREADS=1, which is faster where PyTorch's threads wait for a core",
    "over_naive": "against the faster of the two",
}
