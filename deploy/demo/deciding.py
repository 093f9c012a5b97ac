"""What the demo shows of reviews: a decision on an item outlives that its post comes in and is judged once more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from pipeline.cli.hit import render
from pipeline.done import wait_until_done
from pipeline.elasticsearch_client import connect
from pipeline.errors import FlagpostError
from pipeline.index.search import Hit, Search, search
from pipeline.settings import Settings

WANTED: Final = Search(labels=("complaint",), limit=1)
NOTE: Final = "about the buses, not about us"
STAGES: Final = ("review", "classify", "index")
WITHIN: Final = 60.0


def show(console: Console, settings: Settings, saturday: Path) -> bool:
    """A decision, then all of ``saturday`` once more. False when the decision did not outlive it."""
    with connect(settings) as client:
        hits = search(client, settings, WANTED).hits
        if not hits:
            raise FlagpostError("No complaint is among the items.", "See `flagpost status`.")
        uid = str(_flagpost(hits[0])["uid"])
        console.print(Text(f'$ flagpost review {uid} --dismiss --note "{NOTE}" --by a.khan', "bold"))
        run_quietly("review", uid, "--dismiss", "--note", NOTE, "--by", "a.khan")
        wait_until_done(settings, WITHIN, stages=STAGES)
        before = _reviewed(client, settings, uid)
        console.print("[dim]The whole Saturday comes in once more and is judged once more; the decision stands:[/dim]")
        run_quietly("ingest", os.path.relpath(saturday), "--from-start", "--json", allowed=(0, 1))
        wait_until_done(settings, 5 * WITHIN, stages=STAGES)
        after = _reviewed(client, settings, uid)
        if after is not None:
            console.print(render(after))
    stands = before is not None and after is not None and _flagpost(before)["version"] == _flagpost(after)["version"]
    console.print(
        Text("✓ ", "bold green") + Text("dismissed before and after the replay, at the same version")
        if stands
        else Text("✗ the decision did not outlive the replay", "bold red")
    )
    return stands


def _reviewed(client: Any, settings: Settings, uid: str) -> Hit | None:
    hits = search(client, settings, Search(reviewed=True, dismissed=True, limit=100)).hits
    return next((hit for hit in hits if _flagpost(hit)["uid"] == uid), None)


def _flagpost(hit: Hit) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = hit.document["flagpost"]
    return fields


def run_quietly(*arguments: str, allowed: tuple[int, ...] = (0,)) -> None:
    """Runs ``flagpost ARGUMENTS…``; what it says is shown only if it fails: of the bad lines was told before."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode not in allowed:
        sys.stderr.write(done.stderr)
        raise FlagpostError(f"`flagpost {arguments[0]}` ended with {done.returncode}.", "What is wrong stands above.")
