"""``flagpost models``: list, show and verify released models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.classifier import UnusableModel
from models.manifest import Manifest, read_manifest
from models.registry import Release, releases
from models.verification import verify as verify_model
from pipeline.cli.shown.table import table
from pipeline.errors import InvalidInput, ModelRefused
from pipeline.evaluation.numbers import share
from pipeline.safe_text import json_line, one_line
from pipeline.settings import load_settings

_HINT = "Name the folder of a released model; `flagpost models list FOLDER` shows those below a folder."


def _existing(_context: click.Context, _parameter: click.Parameter, folder: Path | None) -> Path | None:
    if folder is not None and not folder.is_dir():
        raise InvalidInput(f"There is no folder {folder}.", _HINT)
    return folder


_folder = click.argument("folder", required=False, type=click.Path(path_type=Path), callback=_existing)


@click.group()
def models() -> None:
    """List, show and verify released models. A released model is a folder with a manifest.json."""


@models.command("list")
@_folder
@click.option("--json", "as_json", is_flag=True, help="Print each as one JSON object a line.")
def list_models(folder: Path | None, as_json: bool) -> None:
    """List the released models in FOLDER and below it; without one, those beside the model of the settings.

    JSON: {"folder", "problem", "manifest"}.
    """
    active = load_settings().model
    where = folder or active.absolute().parent
    found = releases(where)
    if as_json:
        for one in found:
            manifest = msgspec.to_builtins(one.manifest) if one.manifest else None
            click.echo(json_line({"folder": str(one.folder), "problem": one.problem, "manifest": manifest}))
        return
    console = Console(highlight=False)
    if not found:
        console.print(Text(f"There are no released models in {one_line(str(where))}."))
        return
    console.print(_list(found, active))
    for one in found:
        if one.problem:
            console.print(Text(f"✗ {one_line(one.problem)}", style="red"))
    console.print(Text("* is the one that judges here (FLAGPOST_MODEL).", style="dim"))


@models.command()
@_folder
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as one JSON object.")
def show(folder: Path | None, as_json: bool) -> None:
    """Show what the model in FOLDER is, how it was made and how good it was at its release."""
    where = folder or load_settings().model
    try:
        manifest = read_manifest(where)
    except UnusableModel as error:
        raise ModelRefused(str(error), _HINT) from None
    if as_json:
        click.echo(json_line(msgspec.to_builtins(manifest)))
        return
    rendered = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    rendered.add_column(style="dim")
    rendered.add_column(overflow="fold")
    for name, says in _described(manifest, where):
        rendered.add_row(name, Text(one_line(says)))
    Console(highlight=False).print(rendered)


@models.command()
@_folder
def verify(folder: Path | None) -> None:
    """Check that the model in FOLDER is whole, loads, and judges its reference posts as it did at its release.

    The exit code is 7 when it does not.
    """
    settings = load_settings()
    where = folder or settings.model
    try:
        verified = verify_model(where, settings.inference_threads)
    except UnusableModel as error:
        raise ModelRefused(str(error), _HINT) from None
    except ValueError as error:
        raise ModelRefused(f"The model in {where} can't be verified: {error}.", _HINT) from None
    if verified.failures:
        raise ModelRefused(
            f"The model {verified.model} in {where} does not judge as it did at its release. "
            + " ".join(verified.failures),
            "Restore its folder; if it is unaltered, this processor computes otherwise: don't use the model here.",
        )
    click.echo(
        f"{verified.model} is whole, loads, and gives {100 * verified.same_label:.1f} % of its "
        f"{verified.posts:,} reference posts the label that they had at the release "
        f"(scores {verified.apart:.3f} apart in the mean, {verified.apart_95:.3f} at the 95th percentile)."
    )


def _list(found: list[Release], active: Path) -> Table:
    rendered = table("model", ["activation", "since", "macro-F1"])
    rendered.columns[0].min_width = min(30, max(len(one.manifest.model) + 2 if one.manifest else 0 for one in found))
    rendered.add_column("folder", overflow="fold")
    for one in found:
        mark = "* " if one.folder.absolute() == active.absolute() else "  "
        if one.manifest is None:
            rendered.add_row(f"{mark}unusable", "", "", "", Text(_near(one.folder)))
            continue
        at = one.manifest.activation.at
        f1 = _number(one.manifest.metrics, "sets", "test", "macro_f1")
        rendered.add_row(
            mark + one.manifest.model,
            str(one.manifest.activation.ordinal),
            f"{at:%Y-%m-%d}",
            "–" if f1 is None else f"{f1:.3f}",
            Text(_near(one.folder)),
        )
    return rendered


def _near(folder: Path) -> str:
    """``folder`` as one would type it here."""
    here = Path.cwd()
    return one_line(str(folder.relative_to(here) if folder.is_relative_to(here) else folder))


def _described(manifest: Manifest, folder: Path) -> Iterator[tuple[str, str]]:
    yield "model", manifest.model
    yield "folder", str(folder)
    yield "activation", f"{manifest.activation.ordinal}, since {manifest.activation.at:%Y-%m-%d %H:%M} UTC"
    yield "base", f"{manifest.base.name} ({manifest.base.artifact}; {manifest.base.licence})"
    yield "labels", ", ".join(manifest.labels)
    yield "grades", ", ".join(manifest.grades)
    yield "reads", f"{manifest.max_tokens} tokens at a time"
    yield "thresholds", ", ".join(f"{name} {value}" for name, value in manifest.thresholds.as_dict().items())
    posts = ", ".join(f"{count:,} {use}" for use, count in manifest.trained.posts.items())
    yield "trained", f"{manifest.trained.at:%Y-%m-%d}, seed {manifest.trained.seed}, posts: {posts}"
    yield "corpus", f"sha256 {manifest.trained.corpus_sha256}"
    yield from _sets(manifest.metrics)
    yield "files", ", ".join(f"{name} {checksum[:12]}…" for name, checksum in manifest.files.items())


def _sets(metrics: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What was measured at the release, as far as this version knows the names of the figures."""
    sets = metrics.get("sets")
    for name, figures in sets.items() if isinstance(sets, dict) else ():
        f1, posts = _number(figures, "macro_f1"), _number(figures, "posts")
        if f1 is None or posts is None:
            continue
        shares = (
            ("flagged posts flagged", _number(figures, "decided", "flagged_recall")),
            ("chatter flagged", _number(figures, "decided", "chatter_flagged")),
            ("immediate found", _number(figures, "immediate", "recall")),
        )
        told = "".join(f", {what} {share(one)}" for what, one in shares if one is not None)
        yield str(name).replace("_", " "), f"macro-F1 {f1:.3f} on {posts:,.0f} posts at the release{told}"


def _number(record: Any, *path: str) -> float | None:
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record if isinstance(record, int | float) else None
