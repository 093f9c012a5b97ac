"""``python -m tests.performance``: measures how fast flagpost is on this machine, and writes bench.json."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.local.command import ends_on_signals
from deploy.local.stack import Stack
from pipeline.kafka_clients import quiet_kafka_python
from tests.performance import backlog, burst, entities, indexing, ingest, latency, paging, profile, scaling, throughput
from tests.performance.measure import Figure, Unbalanced
from tests.performance.report import Report
from tests.performance.rig import Rig, forget_outer_settings, said
from tests.performance.sizes import FULL, QUICK, Sizes
from tests.performance.workload import ROOT

BENCHMARKS: dict[str, Callable[[Rig, Sizes], list[Figure]]] = {
    "profile": profile.profile,
    "throughput": throughput.throughput,
    "latency": latency.latency,
    "paging": paging.paging,
    "burst": burst.burst,
    "ingest": ingest.ingest,
    "index": indexing.index,
    "entities": entities.entities,
    "scaling": scaling.scaling,
    "backlog": backlog.backlog,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all of it could be measured, 1 when a run was refused because its books did not balance."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance", description=__doc__)
    parser.add_argument("benchmarks", nargs="*", metavar="NAME", help=f"default: all of {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it works, measures nothing")
    parser.add_argument("--rounds", type=int, help="rounds of what is measured turn about")
    parser.add_argument("--out", type=Path, default=ROOT / "bench.json", help="default: bench.json at the root")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.benchmarks) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    sizes = QUICK if asked.quick else FULL
    if asked.rounds:
        sizes = sizes.of_rounds(asked.rounds)
    forget_outer_settings()
    quiet_kafka_python()
    report = Report(asked.out, quick=asked.quick)
    with ends_on_signals(), tempfile.TemporaryDirectory(prefix="flagpost-bench-") as folder:
        stack = Stack(Path(folder) / "stack")
        try:
            stack.up()
            rig = Rig(stack, Path(folder))
            for name in [name for name in BENCHMARKS if name in (asked.benchmarks or BENCHMARKS)]:
                said(f"{name} …")
                try:
                    report.add(BENCHMARKS[name](rig, sizes))
                except Unbalanced as refusal:
                    report.refuse(name, str(refusal))
        finally:
            stack.down(wipe=True)
    report.show()
    return 1 if report.refused else 0


if __name__ == "__main__":
    sys.exit(main())
