"""`flagpost search` on a real Elasticsearch."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from pipeline.elasticsearch_client import connect, connect_async
from pipeline.index.bulk import BulkWriter, Write
from pipeline.index.document import document_of
from pipeline.result import Done
from pipeline.settings import Settings
from pipeline.setup.elasticsearch import setup_elasticsearch
from pipeline.setup.topics import setup_topics
from schemas import codec, mapping
from schemas.identity import document_id, version_of
from schemas.item import Item, Withdrawn
from schemas.labels import Flagged, Grade
from schemas.post import Author, Place, Post
from schemas.verdict import Reason, Scores, Verdict
from tests.servers import Flagpost, installation

pytestmark = pytest.mark.integration

NOW = dt.datetime.now(dt.UTC)
EVIL = "\x1b[2Jgone \x1b]0;owned\x07 [red]not markup[/red] \u202eevil"


def item(
    id: str,
    text: str,
    label: Flagged = "intel",
    grade: Grade = "routine",
    ago: dt.timedelta = dt.timedelta(),
    source: str = "x",
    also: tuple[Flagged, ...] = (),
    author: Author | None = None,
    place: Place | None = None,
    unsure: bool = False,
) -> Item:
    post = Post(
        source=source, id=id, text=text, created_at=NOW - ago, author=author, place=place, url="https://x.example/1"
    )
    verdict = Verdict(
        label=label, scores=Scores(0.9, 0.04, 0.03, 0.03), grade=grade, model="m@1", activation=1, also=list(also),
        unsure=unsure, reasons=[Reason(text[:5], 0, 5, 0.5)],
    )  # fmt: skip
    return Item(post=post, verdict=verdict, judged_at=NOW)


ITEMS = [
    item(
        "knife", "A man with a knife at the bus stop", grade="immediate", also=("help_request",),
        author=Author("77", "Ada_L", "Ada Lovelace"), place=Place("Camden Town", 51.5390, -0.1426),
    ),
    item("wait", "Still waiting for the bus and for a stop to this", "complaint", ago=dt.timedelta(hours=30), source="rss"),
    item("old", "two knives found", ago=dt.timedelta(days=20), place=Place("Brixton", 51.4613, -0.1156), unsure=True),
    item("evil", EVIL, "help_request", "prompt", ago=dt.timedelta(hours=2), author=Author(None, "@bob", None)),
    item("van", "van ab12 cde on foundry rd near swindon, SN1 9ZX, ring (07700) 900 123", ago=dt.timedelta(days=30)),
    item("m1", "M1 J12 shut, what3words filled.count.soap, SN10 1AA", ago=dt.timedelta(days=31)),
]  # fmt: skip
GONE = Withdrawn(source="x", id="gone", reason="deleted", revision=NOW, withdrawn_at=NOW, activation=1)


@pytest.fixture(scope="module")
def filled(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An installation whose index has six items and a tombstone. These tests only read, so they share it."""
    with installation(stack, tmp_path_factory.mktemp("search")) as settings:
        list(setup_topics(settings))  # a search is written to the audit log
        list(setup_elasticsearch(settings))
        asyncio.run(store(settings))
        yield settings


@pytest.fixture
def settings(filled: Settings) -> Settings:
    return filled


async def store(settings: Settings) -> None:
    async with connect_async(settings) as client:
        alias = settings.named(mapping.WRITE_ALIAS)
        writes = [
            Write(document_id(*record.uid.split(":")), version_of(record), codec.encode(document_of(record, NOW)))
            for record in (*ITEMS, GONE)
        ]
        assert set(await BulkWriter(client, alias).write(writes)) == {Done("indexed")}
        await client.indices.refresh(index=alias)


def ids(flagpost: Flagpost, *arguments: str) -> list[str]:
    ran = flagpost("search", "--json", *arguments)
    assert ran.code == 0, ran.err
    return [json.loads(line)["flagpost"]["post_id"] for line in ran.out.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], ["knife", "evil", "wait", "old", "van", "m1"]),
        (["bus", "stop"], ["knife", "wait"]),
        (['"bus stop"'], ["knife"]),
        (["--", "bus", "-knife"], ["wait"]),
        (["knife | knives"], ["knife", "old"]),
        (["kni*"], ["knife", "old"]),
        (["KNIFE"], ["knife"]),
        (['"((( [ unbalanced'], []),
        (["--label", "help_request"], ["knife", "evil"]),
        (["--label", "help_request", "--primary-only"], ["evil"]),
        (["--label", "complaint", "--label", "help_request", "--primary-only"], ["evil", "wait"]),
        (["--grade", "immediate", "--grade", "prompt"], ["knife", "evil"]),
        (["--source", "rss"], ["wait"]),
        (["--since", "1d"], ["knife", "evil"]),
        (["--until", "1d"], ["wait", "old", "van", "m1"]),
        (["--since", "2w", "--until", "1h"], ["evil", "wait"]),
        (["--place", "camden"], ["knife"]),
        (["--place", "b*"], ["old"]),
        (["--place", "rixto*"], []),
        (["--near", "51.54,-0.14,1"], ["knife"]),
        (["--near", "51.5,-0.12,20"], ["knife", "old"]),
        (["--near", "51.56,-1.78,5"], []),
        (["--near", "51.56,-1.78,5", "--near-mentioned"], ["van"]),
        (["--near", "51.54,-0.14,1", "--near-mentioned"], ["knife"]),
        (["--vehicle", "AB12 CDE"], ["van"]),
        (["--vehicle", "a?12*"], ["van"]),
        (["--vehicle", "AB12CD"], []),
        (["--postcode", "sn19zx"], ["van"]),
        (["--postcode", "sn1"], ["van"]),
        (["--postcode", "SN10"], ["m1"]),
        (["--phone", "07700 900123"], ["van"]),
        (["--phone", "+44 7700 900 123"], ["van"]),
        (["--what3words", "///Filled.Count.Soap"], ["m1"]),
        (["--road", "Foundry Road"], ["van"]),
        (["--road", "foundry"], ["van"]),
        (["--road", "m1"], ["m1"]),
        (["--road", "M1 junction 12"], ["m1"]),
        (["--road", "M1 J1"], []),
        (["--mentions", "SWINDON"], ["van"]),
        (["--mentions", "swin*"], ["van"]),
        (["--author", "@ada_l"], ["knife"]),
        (["--author", "ADA LOVELACE"], ["knife"]),
        (["--author", "77"], ["knife"]),
        (["--author", "Bob"], ["evil"]),
        (["--unsure"], ["old"]),
        (["-n", "1"], ["knife"]),
        (["bus", "--label", "complaint"], ["wait"]),
    ],
    ids=" ".join,
)
def test_a_search_finds(flagpost: Flagpost, arguments: list[str], found: list[str]) -> None:
    assert ids(flagpost, *arguments) == found


def test_relevance_puts_the_better_match_first(flagpost: Flagpost) -> None:
    words = "waiting | bus | stop"
    assert ids(flagpost, words) == ["knife", "wait"]
    assert ids(flagpost, words, "--sort", "relevance") == ["wait", "knife"]


def test_hits_are_shown_in_eighty_columns_and_can_not_speak_to_the_terminal(
    filled: Settings, flagpost: Flagpost
) -> None:
    ran = flagpost("search")
    assert "IMMEDIATE  intel + help request" in ran.out
    assert "x · @Ada_L · Camden Town" in ran.out
    assert "6 items found." in ran.out
    assert "[red]not markup[/red]" in ran.out
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_json_holds_the_stored_document_verbatim(flagpost: Flagpost, settings: Settings) -> None:
    ran = flagpost("search", "--json", "--author", "bob")
    assert "\x1b" not in ran.out
    told = json.loads(ran.out)
    assert told["message"] == EVIL
    assert told["_id"] == document_id("x", "evil")
    with connect(settings) as client:
        stored = client.get(index=settings.named(mapping.INDEX), id=told["_id"])["_source"]
    assert {name: value for name, value in told.items() if name not in ("_id", "_score")} == stored


def test_more_than_is_shown_is_said(flagpost: Flagpost) -> None:
    assert "2 of 6 items shown." in flagpost("search", "-n", "2").out


def test_nothing_found_says_among_how_many(flagpost: Flagpost) -> None:
    assert "Nothing found among 6 items." in flagpost("search", "zebra").out


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--since", "soon"], 2, "'soon' is not a date or a time span"),
        (["--near", "51,0"], 2, "not a latitude"),
        (["--since", "1h", "--until", "2h"], 2, "--since lies after --until"),
    ],
)
def test_a_wrong_argument_is_one_sentence(flagpost: Flagpost, arguments: list[str], code: int, sentence: str) -> None:
    ran = flagpost("search", *arguments)
    assert ran.code == code
    assert ran.err.startswith("Error: ")
    assert sentence in ran.err


def test_without_setup_search_says_what_to_do(flagpost: Flagpost) -> None:
    ran = flagpost("search", "knife", env={"namespace": "nobody-has-this"})
    assert (ran.code, "Run `flagpost setup`." in ran.err) == (5, True)


def test_without_elasticsearch_search_says_what_to_do(flagpost: Flagpost) -> None:
    ran = flagpost("search", env={"elasticsearch_url": "http://127.0.0.1:1"})
    assert (ran.code, "flagpost local up" in ran.err) == (3, True)
