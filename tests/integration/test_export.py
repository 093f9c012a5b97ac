"""`flagpost export` on a real Kafka and a real Elasticsearch: all of it, once, as it was at one moment."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import json
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.elasticsearch_client import connect, connect_async
from pipeline.export.scan import Scan
from pipeline.export.spreadsheet import restored
from pipeline.index.bulk import BulkWriter, Write
from pipeline.index.document import document_of
from pipeline.index.search import Search
from pipeline.result import Done
from pipeline.settings import Settings
from schemas import codec, mapping
from schemas.identity import document_id, version_of
from schemas.item import Item, Withdrawn
from schemas.post import Author
from schemas.topics import AUDIT
from tests.doubles.manual_clock import START
from tests.found import hits, records
from tests.messages import item, post
from tests.servers import Flagpost
from tests.waiting import PATIENCE
from tests.worker_processes import environment

pytestmark = pytest.mark.integration

MANY = 10_500
"""More than Elasticsearch gives in pages that are counted from the first hit."""

EVIL = '=HYPERLINK("http://evil.example";"a")\r\n-2, "+3"\u202e'


def store(settings: Settings, items: Sequence[Item | Withdrawn]) -> None:
    """Puts the items into the index, as its worker does."""

    async def write() -> None:
        async with connect_async(settings) as client:
            alias = settings.named(mapping.WRITE_ALIAS)
            writes = [
                Write(document_id(one.source, one.id), version_of(one), codec.encode(document_of(one, START)))
                for one in items
            ]
            assert set(await BulkWriter(client, alias).write(writes)) == {Done("indexed")}
            await client.indices.refresh(index=alias)

    asyncio.run(write())


def numbered(number: int) -> Item:
    return item(post=post(f"{number}", f"pier {number}", created_at=START + dt.timedelta(seconds=number // 7)))


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_every_item_is_written_once_however_many_there_are(flagpost: Flagpost, ready: Settings, tmp_path: Path) -> None:
    gone = Withdrawn(source="x", id="gone", reason="deleted", revision=START, withdrawn_at=START, activation=1)
    store(ready, [*map(numbered, range(MANY)), gone])
    ran = flagpost("export", "pier", "--out", str(tmp_path / "all.csv"))
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert f"{MANY:,} items written" in ran.err
    written = rows(tmp_path / "all.csv")
    assert sorted(int(row["uid"].removeprefix("x:")) for row in written) == list(range(MANY))
    assert [row["posted"] for row in written] == sorted(row["posted"] for row in written)
    assert stat.S_IMODE((tmp_path / "all.csv").stat().st_mode) == 0o600
    before, after = (codec.decode(AUDIT, one.value) for one in records(ready, "audit"))
    assert (before.act, before.detail["found"]) == ("items-exported", f"{MANY}")
    assert (after.act, after.detail["written"], after.detail["complete"]) == ("items-export-ended", f"{MANY}", "yes")


def test_what_is_stored_meanwhile_is_not_in_it_and_ties_lose_nothing(ready: Settings) -> None:
    store(ready, [item(f"{number}") for number in range(25)])  # all of one moment
    with connect(ready) as client, Scan(client, ready, Search(), at_once=7) as scan:
        found = iter(scan)
        first = next(found)
        store(ready, [item("later")])
        assert len({first.id, *(hit.id for hit in found)}) == scan.expected == 25


def test_jsonl_is_the_stored_document_and_csv_gives_every_text_back(
    flagpost: Flagpost, ready: Settings, tmp_path: Path
) -> None:
    store(ready, [item("1", text=EVIL)])
    lines = flagpost("export", "--format", "jsonl").out.splitlines()
    (stored,) = hits(ready, "flagpost-items")
    assert [json.loads(line) for line in lines] == [{"_id": stored["_id"], **stored["_source"]}]
    flagpost("export", "--bom", "--out", str(tmp_path / "one.csv"))
    raw = (tmp_path / "one.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(raw.decode("utf-8-sig").splitlines(keepends=True))
    assert row["text"].startswith("'=")
    assert restored(row["text"]) == EVIL


def test_rows_of_posts_that_have_gone_everywhere_else_are_forgotten_by_their_authors_id(
    flagpost: Flagpost, ready: Settings, tmp_path: Path
) -> None:
    authors = {"1": Author(id="77", handle="sally_b"), "2": Author(id="77", handle="sal"), "3": Author(id="78")}
    store(ready, [item(post=post(id, author=author)) for id, author in authors.items()])
    table, reviewed = tmp_path / "all.csv", tmp_path / "reviewed.jsonl"
    flagpost("export", "--out", str(table))
    reviewed.write_text('{"id": "long-gone", "text": "lads dealing", "source": "x"}\n')
    with connect(ready) as client:
        for hit in hits(ready, mapping.WRITE_ALIAS):
            client.delete(index=ready.named(mapping.WRITE_ALIAS), id=hit["_id"], refresh=True)
    files = ("--export", str(table), "--export", str(reviewed))
    ran = flagpost("forget", "--author", "77", "--source", "x", "--why", "request 12", "--yes", *files)
    assert ran.code == 0, ran.err
    assert f"2 rows taken out of {table}" in ran.out
    assert f"1 other rows in {reviewed} name no author" in ran.out
    assert [row["author_id"] for row in rows(table)] == ["78"]


def test_the_options_are_those_of_search(flagpost: Flagpost, ready: Settings) -> None:
    store(ready, [item("1", text="pier"), item("2", text="bins")])
    for arguments in (
        ["pier"],
        ["--author", "nobody"],
        ["--source", "x"],
        ["--until", "2026-01-01"],
        ["--label", "intel"],
    ):
        searched = [json.loads(line)["_id"] for line in flagpost("search", "--json", *arguments).out.splitlines()]
        exported = [
            json.loads(line)["_id"] for line in flagpost("export", "--format", "jsonl", *arguments).out.splitlines()
        ]
        assert sorted(exported) == sorted(searched)


def test_a_file_that_is_there_is_never_overwritten(flagpost: Flagpost, ready: Settings, tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("mine")
    ran = flagpost("export", "--out", str(tmp_path / "there.csv"))
    assert (ran.code, (tmp_path / "there.csv").read_text()) == (2, "mine")
    assert records(ready, "audit") == []


def test_a_reader_that_goes_away_is_told_in_the_log(ready: Settings) -> None:
    store(ready, list(map(numbered, range(5000))))
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "export", "--format", "jsonl"],
        env=environment(ready),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdout.readline().startswith(b"{")
    process.stdout.close()
    assert process.wait(PATIENCE) != 0
    _, after = (codec.decode(AUDIT, one.value) for one in records(ready, "audit"))
    assert (after.act, after.detail["complete"]) == ("items-export-ended", "no")
    assert 0 < int(after.detail["written"]) < 5000


def test_a_csv_is_not_written_to_a_terminal(ready: Settings) -> None:
    leader, follower = os.openpty()
    process = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "export"],
        env=environment(ready),
        stdout=follower,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
    )
    os.close(leader)
    os.close(follower)
    assert (process.returncode, "--out" in process.stderr) == (2, True)
