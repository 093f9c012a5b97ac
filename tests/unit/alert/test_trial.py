"""What rules would have made of posts: the page stage's own decisions, by the posts' own clock."""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec.structs import replace

from pipeline.alert.rules_file import parse_rules
from pipeline.alert.trial import MOST_EXAMPLES, RuleTrial, Trial, try_rules
from schemas.item import Item, Withdrawn
from schemas.post import Place
from tests.doubles.manual_clock import START
from tests.messages import item, post
from tests.unit.alert.files import SMALL, rule, rules_file

HOUR = dt.timedelta(hours=1)


def at(hours: float, id: str = "1", text: str = "", place: str | None = "Castle Sands", **fields: Any) -> Item:
    when = START + hours * HOUR
    text = text or f"{id} different words each time for item number {id * 3}"
    where = Place(name=place) if place else None
    return item(post=post(id, text, created_at=when, place=where, **fields), activation=1)


def one_rule(*records: Item | Withdrawn, **fields: Any) -> RuleTrial:
    return tried(*records, **fields).rules[0]


def tried(*records: Item | Withdrawn, **fields: Any) -> Trial:
    file = parse_rules(SMALL, "rules.yaml").file
    assert file is not None
    people = {"people": file.people, "rota": file.rota, "channels": file.channels}
    return try_rules(rules_file(rule("one", **fields), **people), 10, records, START)


def test_posts_become_items_become_alerts() -> None:
    trial = tried(at(0, "1"), at(0, "2"), at(1, "3", place="Tarn Point"), when={"words": ["item"]})
    assert (trial.posts, trial.items, trial.matched, trial.alerts, trial.digests) == (10, 3, 3, 2, 0)


def test_an_edit_and_a_repeat_are_the_same_item() -> None:
    edited = at(0, edited_at=START + HOUR, text="it was another thing altogether that went on")
    found = one_rule(at(0), at(0), edited)
    assert (found.matches, found.alerts, found.examples[0].items) == (1, 1, 1)


def test_a_repost_of_elsewhere_joins_and_the_same_of_another_place_does_not() -> None:
    words = "two lads with balaclavas are smashing the window of the jewellers"
    found = one_rule(at(0, "1", words), at(0, "2", f"RT @x: {words}", place=None), at(0, "3", words, "Tarn Point"))
    assert (found.matches, found.alerts) == (3, 2)


def test_a_story_without_news_ends_and_the_next_is_another() -> None:
    assert one_rule(at(0, "1"), at(11, "2"), resolve_after_hours=12).alerts == 1
    assert one_rule(at(0, "1"), at(13, "2"), resolve_after_hours=12).alerts == 2


def test_more_than_the_hourly_limit_comes_in_one_digest() -> None:
    found = one_rule(*(at(0, str(n), place=f"place {n}") for n in range(7)), most_an_hour=3)
    assert (found.alerts, found.digests) == (3, 1)


def test_an_old_post_is_played_by_its_own_time_and_is_no_digest() -> None:
    assert one_rule(at(-24 * 90)).alerts == 1


def test_what_was_deleted_had_paged_all_the_same() -> None:
    gone = Withdrawn(
        source="x", id="1", reason="deleted", revision=START + HOUR, withdrawn_at=START + HOUR, activation=1
    )
    assert one_rule(gone, at(0)).alerts == 1


def test_who_would_be_paged_is_who_is_on_duty_now() -> None:
    found = one_rule(at(0), to=["duty"])
    assert (found.would_page, found.reached) == (["ann"], ["ann"])


def test_examples_are_the_alerts_of_most_items_and_are_few() -> None:
    records = [at(n, str(10 * p + n), place=f"place {p}") for p in range(5) for n in range(p + 1)]
    found = one_rule(*records)
    assert [example.items for example in found.examples] == [5, 4, 3]
    assert len(found.examples) == MOST_EXAMPLES
    assert found.examples[0].excerpt.place == "place 4"


def test_an_example_is_told_by_its_gravest_item() -> None:
    grave = at(1, "2", "he has a knife")
    grave = replace(grave, verdict=replace(grave.verdict, grade="immediate"))
    found = one_rule(at(0, "1"), grave, at(2, "3"))
    assert (found.examples[0].items, found.examples[0].excerpt.text) == (3, "he has a knife")


def test_nothing_flagged_is_no_alert() -> None:
    trial = tried()
    assert (trial.items, trial.matched, trial.alerts, trial.rules[0].examples) == (0, 0, 0, [])
