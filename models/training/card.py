"""Writes a release: the served files, the manifest, the reference scores, and a card made from the measured numbers."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from models.costs import COSTS
from models.manifest import MANIFEST, SERVED, Activation, Base, Manifest, Trained, sha256_of
from models.openvino_classifier import Graph
from models.training.bases import BASES
from models.training.measure import Figures
from models.training.recipe import Recipe
from schemas.labels import FLAGGED, GRADES, LABELS

CARD: Final = "CARD.md"
REFERENCE: Final = "reference.jsonl"

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
    public: Sequence[Mapping[str, Any]] | None,
    now: dt.datetime,
) -> None:
    """Fills ``released``. The manifest is replaced last: until then its checksums refuse the folder.

    Its activation follows that of the model that lay there: a later model's verdicts replace an earlier one's.
    """
    released.mkdir(parents=True, exist_ok=True)
    ordinal = _activations_of(released) + 1
    for name in SERVED:
        shutil.copyfile(graph / name, released / name)
    encode = msgspec.json.encode
    origin = BASES[recipe.base].origin
    (released / REFERENCE).write_bytes(b"".join(encode(one) + b"\n" for one in figures.reference))
    manifest = Manifest(
        name=recipe.name,
        version=recipe.version,
        base=Base(origin.name, origin.artifact, origin.sha256, origin.licence),
        labels=list(LABELS),
        grades=list(GRADES),
        max_tokens=recipe.max_tokens,
        files={name: sha256_of(released / name) for name in SERVED},
        bias=[float(value) for value in Graph(released, recipe.max_tokens).run([""])[0][0].labels],
        calibration=figures.calibration,
        thresholds=figures.thresholds,
        activation=Activation(ordinal, now),
        trained=Trained(now, recipe.seed, corpus_sha256, figures.posts, msgspec.to_builtins(recipe)),
        metrics={
            "sets": figures.sets,
            "full_precision": figures.full_precision,
            "int8_against_full_precision": figures.int8_against_full_precision,
            "baselines": figures.baselines,
            "stress": figures.stress,
            "served": figures.served,
            **({"demo_day": day} if day else {}),
            **({"probes": public} if public else {}),
        },
    )
    (released / CARD).write_text(card(manifest), encoding="utf-8")
    (released / MANIFEST).write_bytes(msgspec.json.format(encode(manifest), indent=2) + b"\n")


class _Activated(Struct):
    """What is read of the manifest that is replaced, whichever version of flagpost wrote it."""

    activation: Activation


def _activations_of(released: Path) -> int:
    try:
        return msgspec.json.decode((released / MANIFEST).read_bytes(), type=_Activated).activation.ordinal
    except (OSError, msgspec.MsgspecError):
        return 0


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
        lost=-100 * apart["macro_f1_lost"],
        same=100 * apart["same_label"],
        apart=apart,
        served=metrics["served"],
        day=_day(metrics["demo_day"]) if "demo_day" in metrics else "",
        probes=_probes(metrics.get("probes", [])),
        thresholds=manifest.thresholds,
        calibration=manifest.calibration,
        costs=COSTS,
        stress=_stress(metrics["stress"]),
        life=_percent(COSTS.chatter_in_life),
    )


def _day(report: Mapping[str, Any]) -> str:
    template = _DAY_TEMPLATE.read_text(encoding="utf-8")
    return template.format(set=_table_of_sets({"demo_day": report}), labels=_table_of_labels(report["labels"]))


_BASELINES: Final = {
    "keyword_rules": "keyword rules",
    "tfidf_logistic_regression": "TF-IDF and logistic regression",
    "base_with_linear_layer": "the base model with only a linear layer trained",
}


def _table_of_sets(sets: Mapping[str, Any]) -> str:
    head = (
        "| posts | n | macro-F1 | kappa | macro-F1 as decided | ECE | flagged: recall | chatter flagged | precision "
        "of flags | unsure | immediate: recall | ordinary graded so | prompt graded so |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|"
    )
    return "\n".join([head, *(_line_of_set(name, one) for name, one in sets.items())])


def _line_of_set(name: str, one: Mapping[str, Any]) -> str:
    decided, immediate = one["decided"], one["immediate"]
    cells = [
        _TITLES.get(name, name.replace("_", " ")),
        str(one["posts"]),
        f"**{one['macro_f1']:.3f}** {_between(one['macro_f1_95'])}",
        f"{one['kappa']:.2f}",
        f"{decided['macro_f1']:.3f} {_between(decided['macro_f1_95'])}",
        f"{decided['ece_in_life']:.3f}",
        _percent(decided["flagged_recall"]),
        _percent(decided["chatter_flagged"]),
        _percent(decided["flagged_precision_in_life"]),
        _percent(decided["unsure_in_life"]),
        f"{_percent(immediate['recall'])} of {immediate['posts']}",
        f"{100 * (immediate['false_of_ordinary_in_life'] or 0):.1f} %",
        _percent(immediate["false_of_prompt"]),
    ]
    return f"| {' | '.join(cells)} |"


def _table_of_labels(labels: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        f"| {name} | {one['posts']:.0f} | {one['precision']:.3f} {_between(one['precision_95'])} "
        f"| {one['recall']:.3f} {_between(one['recall_95'])} | {one['f1']:.3f} |"
        for name, one in labels.items()
    ]
    return "\n".join(["| label | posts | precision | recall | F1 |\n|---|---|---|---|---|", *rows])


def _probes(figures: Sequence[Mapping[str, Any]]) -> str:
    if not figures:
        return "Not measured at this release."
    head = (
        "| collection | posts | flagged | graded immediate | intel | help request | complaint | source |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    return "\n".join([head, *map(_line_of_probe, figures)])


def _line_of_probe(one: Mapping[str, Any]) -> str:
    cells = [
        one["name"],
        f"{one['posts']:,}",
        *(
            f"{100 * value:.2f} % ({100 * low:.2f}–{100 * high:.2f})"
            for value, low, high in (one["flagged"], one["immediate"])
        ),
        *(f"{100 * one['labels'][label]:.1f} %" for label in FLAGGED),
        one["source"],
    ]
    return f"| {' | '.join(cells)} |"


def _stress(figures: Mapping[str, Mapping[str, float]]) -> str:
    calm = figures["as written"]["macro_f1"]
    rows = [
        f"| {name} | {one['macro_f1']:.3f} | {100 * (one['macro_f1'] - calm):+.1f} "
        f"| {_percent(one['immediate_recall'])} | {_percent(one['chatter_flagged'])} |"
        for name, one in figures.items()
    ]
    head = "| mess | macro-F1 | points | immediate: recall | chatter flagged |\n|---|---|---|---|---|"
    return "\n".join([head, *rows])


def _between(bounds: Sequence[float]) -> str:
    return f"({bounds[0]:.3f}–{bounds[1]:.3f})"


def _confusion(matrix: list[list[int]]) -> str:
    head = f"| | {' | '.join(LABELS)} |\n|---|{'---|' * len(LABELS)}"
    rows = [
        f"| **{name}** | {' | '.join(str(count) for count in row)} |" for name, row in zip(LABELS, matrix, strict=True)
    ]
    return "\n".join([head, *rows])


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"
