"""Writes a release: the served files, the manifest, the reference scores, and a card made from the measured numbers."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from models.manifest import MANIFEST, SERVED, Activation, Base, Manifest, Trained, sha256_of
from models.openvino_classifier import Graph
from models.training import base
from models.training.calibrate import CHATTER_IN_LIFE, MISSED_FLAG_COSTS, MISSED_IMMEDIATE_COSTS
from models.training.measure import Figures
from models.training.recipe import Recipe
from schemas.labels import GRADES, LABELS

CARD: Final = "CARD.md"
REFERENCE: Final = "reference.jsonl"
BASE_LICENCE: Final = "MIT, stated by its authors (BAAI); the artifact carries no licence file"

_TEMPLATE: Final = Path(__file__).with_name("card_template.md")
_DAY_TEMPLATE: Final = Path(__file__).with_name("card_template_day.md")
_TITLES: Final = {
    "test": "all held-out posts",
    "held_out_themes": "new themes, known writers",
    "held_out_writers": "new themes, unknown writers",
}


def write_release(
    released: Path,
    graph: Path,
    recipe: Recipe,
    corpus_sha256: str,
    figures: Figures,
    day: Mapping[str, Any] | None,
    now: dt.datetime,
) -> None:
    """Fills ``released``. The manifest is written last, so that a folder with a manifest is complete."""
    released.mkdir(parents=True, exist_ok=True)
    (released / MANIFEST).unlink(missing_ok=True)
    for name in SERVED:
        shutil.copyfile(graph / name, released / name)
    encode = msgspec.json.encode
    (released / REFERENCE).write_bytes(b"".join(encode(one) + b"\n" for one in figures.reference))
    manifest = Manifest(
        name=recipe.name,
        version=recipe.version,
        base=Base(
            base.NAME,
            f"{base.GROUP}:{base.ARTIFACT}:{base.VERSION}",
            base.SHA256[f"{base.NAME}.onnx"],
            BASE_LICENCE,
        ),
        labels=list(LABELS),
        grades=list(GRADES),
        max_tokens=recipe.max_tokens,
        files={name: sha256_of(released / name) for name in SERVED},
        bias=[float(value) for value in Graph(released, recipe.max_tokens).run([""])[0].labels],
        temperatures=figures.temperatures,
        thresholds=figures.thresholds,
        activation=Activation(1, now),
        trained=Trained(now, recipe.seed, corpus_sha256, figures.posts, msgspec.to_builtins(recipe)),
        metrics={
            "sets": figures.sets,
            "full_precision": figures.full_precision,
            "int8_against_full_precision": figures.int8_against_full_precision,
            "baselines": figures.baselines,
            "served": figures.served,
            **({"demo_day": day} if day else {}),
        },
    )
    (released / CARD).write_text(card(manifest), encoding="utf-8")
    (released / MANIFEST).write_bytes(msgspec.json.format(encode(manifest), indent=2) + b"\n")


def card(manifest: Manifest) -> str:
    """The model card: card_template.md filled. Every number in it comes from ``manifest``."""
    metrics, trained = manifest.metrics, manifest.trained
    test, apart = metrics["sets"]["test"], metrics["int8_against_full_precision"]
    return _TEMPLATE.read_text(encoding="utf-8").format(
        model=manifest,
        train=trained.posts["train"],
        dev=trained.posts["dev"],
        test=trained.posts["test"],
        corpus=trained.corpus_sha256[:16],
        date=trained.at.date(),
        sets=_table_of_sets(metrics["sets"]),
        labels=_table_of_labels(test["labels"]),
        confusion=_confusion(test["confusion"]),
        baselines=", ".join(f"{_BASELINES[name]} **{value:.3f}**" for name, value in metrics["baselines"].items()),
        f1=test["macro_f1"],
        full_f1=metrics["full_precision"]["macro_f1"],
        same=100 * apart["same_label"],
        apart=apart,
        served=metrics["served"],
        day=_day(metrics["demo_day"]) if "demo_day" in metrics else "",
        thresholds=manifest.thresholds,
        temperatures=manifest.temperatures,
        missed_flag=MISSED_FLAG_COSTS,
        missed_immediate=MISSED_IMMEDIATE_COSTS,
        life=_percent(CHATTER_IN_LIFE),
    )


def _day(report: Mapping[str, Any]) -> str:
    template = _DAY_TEMPLATE.read_text(encoding="utf-8")
    return template.format(set=_table_of_sets({"demo_day": report}), labels=_table_of_labels(report["labels"]))


_BASELINES: Final = {
    "tfidf_logistic_regression": "TF-IDF and logistic regression",
    "base_with_linear_layer": "the base model with only a linear layer trained",
}


def _table_of_sets(sets: Mapping[str, Any]) -> str:
    head = (
        "| posts | n | macro-F1 | ECE | flagged: recall | chatter flagged | precision at "
        f"{_percent(CHATTER_IN_LIFE)} chatter | immediate: recall | precision |\n|---|---|---|---|---|---|---|---|---|"
    )
    lines = [head]
    for name, one in sets.items():
        low, high = one["macro_f1_95"]
        routed, immediate = one["routed"], one["immediate"]
        cells = [
            _TITLES.get(name, name.replace("_", " ")),
            str(one["posts"]),
            f"**{one['macro_f1']:.3f}** ({low:.3f}–{high:.3f})",
            f"{one['ece']:.3f}",
            _percent(routed["flagged_recall"]),
            _percent(routed["chatter_flagged"]),
            _percent(routed["flagged_precision_in_life"]),
            f"{_percent(immediate['recall'])} of {immediate['posts']}",
            _percent(immediate["precision"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _table_of_labels(labels: Mapping[str, Mapping[str, float]]) -> str:
    rows = [
        f"| {name} | {one['posts']:.0f} | {one['precision']:.3f} | {one['recall']:.3f} | {one['f1']:.3f} |"
        for name, one in labels.items()
    ]
    return "\n".join(["| label | posts | precision | recall | F1 |\n|---|---|---|---|---|", *rows])


def _confusion(matrix: list[list[int]]) -> str:
    head = f"| | {' | '.join(LABELS)} |\n|---|{'---|' * len(LABELS)}"
    rows = [
        f"| **{name}** | {' | '.join(str(count) for count in row)} |" for name, row in zip(LABELS, matrix, strict=True)
    ]
    return "\n".join([head, *rows])


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"
