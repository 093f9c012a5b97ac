from __future__ import annotations

import pytest

from pipeline.circle import Circle
from pipeline.entities.entities import entities_of
from pipeline.entities.gazetteer import gazetteer, key_of
from pipeline.entities.places import Point, as_typed, where
from pipeline.entities.words import words


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Basingstoke is quiet", "Basingstoke"),
        ("robbed in swindon", "Swindon"),
        ("ROBBED IN SWINDON AGAIN", "Swindon"),
        ("in Reading tonight", "Reading"),
        ("in reading town centre", "Reading"),
        ("a lad in Lincoln", "Lincoln"),
        ("fight in preston", "Preston"),
        ("at Bishop Auckland", "Bishop Auckland"),
        ("near bishop auckland", "Bishop Auckland"),
        ("off to Southend-on-Sea", "Southend-on-Sea"),
        ("in southend", "Southend-on-Sea"),
        ("in hull", "Kingston upon Hull"),
        ("Mill Lane, Thirsk", "Thirsk"),
        ("towards thirsk station", "Thirsk"),
        ("Reading station is shut", "Reading"),
        ("#Swindon", "Swindon"),
        ("St. Albans", "St Albans"),
        ("Saint Albans", "St Albans"),
        ("in Saintfield", "Saintfield"),
    ],
)
def test_a_town_is_found_where_it_is_meant(text: str, place: str) -> None:
    assert entities_of(text).places == (place,)


@pytest.mark.parametrize(
    "text",
    [
        "been reading all day",
        "Reading this is depressing",
        "in reading this I learnt",
        "no deal, we battle on and hope",
        "Wells said so",
        "the ash tree",
        "in march they said",
        "In March they said",
        "Street food",
        "Chester says hi",
        "Kelly Bradley is dealing",
        "Jack London wrote it",
        "Manchester United were awful",
        "swindon",
        "London Road",
        "the Duke of Edinburgh",
        "@Swindon",
        "https://x.example/Swindon",
        "white Vauxhall",
    ],
)
def test_what_is_also_the_name_of_a_town_is_none(text: str) -> None:
    assert entities_of(text).places == ()


def test_a_famous_town_is_meant_without_more_and_one_of_many_is_not() -> None:
    assert where("Swindon", None) == Point(51.558, -1.7812)
    assert where("Newport", None) is None


def test_of_several_towns_of_one_name_the_one_near_by_is_meant() -> None:
    cowes, aberdeen = Circle(50.76, -1.3, 20), Circle(57.1, -2.1, 20)
    wight = where("Newport", cowes)
    assert wight is not None
    assert abs(wight.lat - 50.7) < 0.1
    assert where("Newport", aberdeen) is None
    assert entities_of("fight in Newport now", cowes).located == (("Newport", wight),)
    assert entities_of("fight in Newport now").located == ()


def test_a_town_far_away_is_meant_and_a_village_far_away_is_not() -> None:
    cowes = Circle(50.76, -1.3, 20)
    assert where("Swindon", cowes) == where("Swindon", None)
    assert where("Thirsk", None) is not None
    assert where("Thirsk", cowes) is None


def test_a_town_may_be_typed_in_any_way_and_an_unknown_one_is_none() -> None:
    assert as_typed("SOUTHEND on sea") == as_typed("southend") == "Southend-on-Sea"
    assert as_typed("kings lynn") == "King's Lynn"
    assert as_typed("Hexley") is None


def test_every_name_that_is_also_a_word_or_a_person_is_in_the_gazetteer_and_in_one_list() -> None:
    never = words("never_towns") | words("never_towns_of_more_words")
    lists = [never, words("towns_and_words"), words("towns_and_persons")]
    assert set().union(*lists) <= set(gazetteer())
    assert sum(map(len, lists)) == len(set().union(*lists))


def test_every_town_lies_in_the_united_kingdom_and_has_a_key_of_its_name() -> None:
    for key, towns in gazetteer().items():
        assert key == key_of(key)
        assert all(49 < town.lat < 61 and -9 < town.lon < 2 for town in towns)


def test_the_gazetteer_knows_small_towns_and_where_they_are() -> None:
    assert len(gazetteer()) > 5000
    (thirsk,) = gazetteer()["thirsk"]
    assert (thirsk.lat, thirsk.lon) == pytest.approx((54.23, -1.34), abs=0.02)
