"""Registration marks of vehicles, in the formats of the DVLA (INF104) and of Northern Ireland.

Only today's format (``AB12 CDE``, since 2001) stands for itself. The older ones look like much else, so they count where
the text speaks of a vehicle, and one without a year (``ABC 12``) only right behind "reg" or "plate".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline.entities.reading import Found, Reading
from pipeline.entities.words import words

_SHORT_WORDS: Final = words("short_words")

# I and Q are never used in a current mark, nor Z in its first two letters; 00 and 01 never told an age.
_CURRENT: Final = r"[A-HJ-PR-Y]{2} ?(?!0[01])\d\d[ -]?[A-HJ-PR-Z]{3}"
_PREFIX: Final = r"[A-HJ-NPR-TV-Y]\d{1,3}[ -]?[A-HJ-PR-Z]{3}"
_SUFFIX: Final = r"[A-HJ-PR-Z]{3}[ -]?\d{1,3}[A-HJ-NPR-TV-Y]"
_COUNTIES: Final = "AZ|BZ|CZ|DZ|EZ|FZ|GZ|HZ|I[ABGLW]|J[IZ]|KZ|LZ|MZ|NZ|OI|PZ|RZ|SZ|TZ|U[IZ]|VZ|WZ|X[IZ]|YZ"
_NORTHERN: Final = rf"[A-Z](?:{_COUNTIES})[ -]?\d{{1,4}}"
_DATELESS: Final = r"[A-Z]{1,3} ?\d{1,4}|\d{1,4} ?[A-Z]{1,3}"

_MARK: Final = re.compile(
    rf"(?<![\w@#£$])(?:(?P<current>{_CURRENT})|(?P<prefix>{_PREFIX})|(?P<suffix>{_SUFFIX})|(?P<northern>{_NORTHERN}))(?!\w)",
    re.IGNORECASE,
)
_INTRODUCTION: Final = (
    r"\b(?:reg(?:istration)?|(?:number |reg )plates?|plates?|vrm)(?: (?:plate|number|no|mark)\b)*[.:]?"
    r"(?: ?(?:is|was|are|=|-|on (?:it|(?:the|that) \w{1,12}) (?:is|was)))? ?[\"'(]?"
)
_INTRODUCED: Final = re.compile(rf"{_INTRODUCTION}\Z", re.IGNORECASE)
_WITHOUT_A_YEAR: Final = re.compile(rf"(?i:{_INTRODUCTION})({_DATELESS})(?!\w)")
_VEHICLE: Final = re.compile(
    r"\b(?:reg|registration|plates?|vehicles?|cars?|vans?|lorry|lorries|wagon|truck|pickup|tractor|bus|coach|minibus|taxi|cab"
    r"|motorbike|motorcycle|bike|moped|scooter|caravan|trailer|4x4|suv|jeep|hatchback|estate|saloon|transit|sprinter|vivaro"
    r"|audi|bmw|merc|mercedes|vw|volkswagen|golf|polo|passat|ford|fiesta|focus|mondeo|kuga|escort|anglia|vauxhall|astra"
    r"|corsa|insignia|zafira|toyota|yaris|prius|nissan|micra|qashqai|juke|navara|honda|civic|jazz|kia|hyundai|renault|clio"
    r"|megane|peugeot|citroen|berlingo|skoda|octavia|seat ibiza|leon|volvo|saab|fiat|punto|mini|land ?rover|range ?rover"
    r"|defender|discovery|jaguar|tesla|mazda|suzuki|mitsubishi|porsche|lexus|dacia|motor|driver|driving|drove|parked)\b",
    re.IGNORECASE,
)
_NEAR: Final = 120
"""Characters before and behind a mark in which a vehicle is looked for."""


def find(reading: Reading) -> Iterator[Found]:
    """Marks in capitals without a space: ``AB12CDE``."""
    for match in _MARK.finditer(reading.text):
        introduced = bool(_INTRODUCED.search(reading.before(match.start(), 48)))
        if introduced or _convinces(match, reading):
            yield Found(as_typed(match.group()), *match.span())
    if "reg" in (lower := reading.text.lower()) or "plate" in lower:
        for match in _WITHOUT_A_YEAR.finditer(reading.text):
            letters = re.sub(r"[^A-Z]", "", match[1])
            partial = len(letters) == 2 and len(match[1]) == 4  # the first half of a current mark
            if len(match[1]) > 3 and not partial and letters.lower() not in _SHORT_WORDS:
                yield Found(as_typed(match[1]), *match.span(1))


def as_typed(text: str) -> str:
    """A mark as it is stored, of any way to type it."""
    return re.sub(r"[\s.-]", "", text).upper()


def _convinces(match: re.Match[str], reading: Reading) -> bool:
    """Whether it is a mark though nothing directly before it says so."""
    mark, kind = match.group(), match.lastgroup
    three = re.sub(r"[\W\d]", "", mark)
    three = three[:3] if kind in ("suffix", "northern") else three[-3:]
    spaces = mark.count(" ") + mark.count("-")
    word = three.lower() in _SHORT_WORDS
    if not mark.isupper():
        if word or (spaces and not mark.islower()):
            return False  # "SE15 lad", "bt12 and"
    elif word and (spaces or reading.shouted):
        return False  # "SE15 AND"
    if kind == "current" and spaces < 2 and mark.isupper():
        return True
    if not _VEHICLE.search(reading.before(match.start(), _NEAR)) and not _VEHICLE.search(
        reading.after(match.end(), _NEAR)
    ):
        return False
    if kind == "current":
        return spaces < 2 or (mark.isupper() and not reading.shouted)
    if kind == "prefix" and mark[0] in "ABMabm" and not mark[3].isdigit():
        return not spaces and mark.isupper()  # "A12 RTC" is a road, and what happened there
    return not spaces or (mark.isupper() and not reading.shouted)
