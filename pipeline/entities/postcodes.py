"""UK postcodes: whole ones, and outward codes where the text clearly means an area.

Their form is that of BS 7666; of the areas' letters the list is Royal Mail's 124 (and no pattern knows which codes are in
use). A road ("M6 4hr delay"), a fuel (E10) or an age looks like a postcode, so those need "postcode" before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline.entities.gazetteer import gazetteer
from pipeline.entities.reading import Found, Reading
from pipeline.entities.words import words

_AREAS: Final = words("areas")
_AREAS_WITH_LETTERS: Final = words("areas_with_letters")
_WHOLE: Final = re.compile(r"(?<![\w@#£$])([A-Z]{1,2})(\d[A-Z\d]?)(\s?)(\d[ABD-HJLNP-UW-Z]{2})(?!\w)", re.IGNORECASE)
_OUTWARD: Final = re.compile(r"(?<![\w@#£$])([A-Z]{1,2})(\d[A-Z\d]?)(?![\w-])", re.IGNORECASE)
_SAID: Final = re.compile(
    r"\bpost ?codes?(?: ?(?:is|are|of|in|areas?|starts?|starting|begins?|beginning|with|the|:|-))* ?\Z", re.IGNORECASE
)
_AREA: Final = re.compile(r" (?:area|post ?codes?)\b", re.IGNORECASE)
_WHERE: Final = re.compile(r"\b(?:in|near|nr|around|across|to|at|from|over) \Z", re.IGNORECASE)
_LAST_WORD: Final = re.compile(r"([^\W\d_]{3,}),? \Z")

# 2hr, 3ft, 1st, 2nd, 3rd, 4th, 5lb, 2pt, 4wd, 6yr
_UNITS: Final = frozenset({"HR", "FT", "ST", "ND", "RD", "TH", "LB", "PT", "WD", "YR"})
_OTHER_THINGS: Final = frozenset({"CO2", "WD40", "UB40", "E5", "E10"})
_ROADS: Final = frozenset({"M", "B"})
_ALONE: Final = frozenset({"E", "N", "W"})
"""Areas of one letter that people call by their outward code alone: London's. "S10" and "L1" are said of other things."""


def find(reading: Reading) -> Iterator[Found]:
    """Postcodes in capitals with one space: ``SW1A 1AA``; outward codes alone: ``SW1A``."""
    for match in _WHOLE.finditer(reading.text):
        if _exists(match) and _is_whole(match, reading):
            yield Found(f"{match[1]}{match[2]} {match[4]}".upper(), *match.span())
    for match in _OUTWARD.finditer(reading.text):
        if _exists(match) and _is_meant(match, reading):
            yield Found(match.group().upper(), *match.span())


def as_typed(text: str) -> str:
    """A postcode or an outward code as it is stored, of any way to type it."""
    compact = re.sub(r"[\s-]", "", text).upper()
    whole = _WHOLE.fullmatch(compact)
    return f"{whole[1]}{whole[2]} {whole[4]}" if whole else compact


def _exists(match: re.Match[str]) -> bool:
    """Whether there may be such an outward code."""
    area = match[1].upper()
    return area in _AREAS and (match[2].isdigit() or area in _AREAS_WITH_LETTERS)


def _is_whole(match: re.Match[str], reading: Reading) -> bool:
    area, inward = match[1].upper(), match[4]
    if _SAID.search(reading.before(match.start(), 40)):
        return True
    if match[1].isupper() != inward[1:].isupper() or not (match[1].isupper() or match[1].islower()):
        return False
    if match[1].isupper() and not reading.shouted:
        return len(area) == 2 or inward[1:].upper() not in _UNITS
    return inward[1:].upper() not in _UNITS and bool(match[3] or len(match.group()) > 5)


def _is_meant(match: re.Match[str], reading: Reading) -> bool:
    """Whether an outward code alone is one."""
    area, code = match[1].upper(), match.group()
    before = reading.before(match.start(), 40)
    if _SAID.search(before):
        return True
    if code.upper() in _OTHER_THINGS:
        return False
    if (behind := _AREA.match(reading.after(match.end(), 12))) and not (area in _ROADS and "area" in behind[0].lower()):
        return True
    if not code.isupper() or (len(area) == 1 and area not in _ALONE):
        return False
    if _WHERE.search(before):
        return not reading.shouted
    town = _LAST_WORD.search(before)
    return town is not None and town[1].lower() in gazetteer()
