"""Motorways, A and B roads, and junctions of motorways.

``A4`` is also paper, ``B12`` a vitamin, ``M2`` a chip and ``A3`` an Audi: a short number counts where the words around it
treat it as a road.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline.entities.reading import Found, Reading
from pipeline.entities.words import words

_MOTORWAYS: Final = words("motorways")
_ROAD: Final = re.compile(r"(?<![\w@£$.-])([ABM])(\d{1,4})(\(M\))?(?![\w-]|\.\d)", re.IGNORECASE)
_JUNCTION: Final = r"(?:J|junctions?|junct?|jct|jn)[. ]{0,2}(\d{1,2}[A-Z]?)(?!\w)"
_JUNCTION_BEHIND: Final = re.compile(
    r"(?:[ ,(]{1,2}(?:at|near|by|between|just|before|after|past|from|nb|sb|eb|wb|(?:north|south|east|west)(?:bound)?)){0,3}"
    rf"[ ,(]{{0,2}}{_JUNCTION}(?: ?(?:-|–|/|to|and|&) ?(?:J|junction|jct)?[. ]{{0,2}}(\d{{1,2}}[A-Z]?)(?!\w))?",
    re.IGNORECASE,
)
_JUNCTION_BEFORE: Final = re.compile(rf"(?<!\w){_JUNCTION},?(?: (?:of|off|on|for|from))?(?: the)? \Z", re.IGNORECASE)
_TREATED_AS_ROAD: Final = re.compile(
    r"\b(?:on|off|along|onto|down|up|from|via|of|to|towards|near|nr|at|between|past|joining|leaving|over|under|across|into|by"
    r"|avoid|stuck on|closed|the)(?: the)? \Z|#\Z",
    re.IGNORECASE,
)
_GOES_ON_AS_ROAD: Final = re.compile(
    r"[ ,:-]{1,2}(?:nb|sb|eb|wb|(?:north|south|east|west)(?:bound)?|towards?|(?:now )?(?:open|closed|shut|blocked)"
    r"|roundabout|lay-?by|slip ?road|bypass|both (?:ways|lanes|sides|directions)|near|between"
    r"|just (?:before|after|past|outside)|rtcs?|rta|traffic|crash|accident|toll|exit|carriageway|services"
    r"|is (?:closed|shut|blocked|a car ?park|chaos|flooded))\b",
    re.IGNORECASE,
)
_SOMETHING_ELSE_BEFORE: Final = re.compile(
    r"\b(?:room|gate|seat|flight|bus|platform|bay|block|flat|unit|row|locker|class|grade|section|ward|page|size|vitamins?"
    r"|level|form|zone|pitch|plot|table|audi|bmw|merc|mercedes|airbus|galaxy|iphone|ipad|type|route|band|category|postcode|an?|my"
    r"|new|his|her|your|code|model|apple|pack of|sheets? of|piece of|print|in)(?: the)? \Z",
    re.IGNORECASE,
)
_SOMETHING_ELSE_BEHIND: Final = re.compile(
    r" ?(?:paper|posters?|flyers?|leaflets?|sheets?|cards?|prints?|size|envelopes?|pages?|pads?|frames?|notebook|condition"
    r"|service\b|levels?|chips?|macbook|mac\b|pro\b|max\b|airbus|licen[cs]e|folder)",
    re.IGNORECASE,
)


def find(reading: Reading) -> Iterator[Found]:
    """``A27``, ``A1(M)``, ``M25``; of a motorway's junction the road and ``M25 J10``."""
    for match in _ROAD.finditer(reading.text):
        name = match.group().upper()
        before, after = reading.before(match.start(), 32), reading.after(match.end(), 64)
        ahead, behind = _JUNCTION_BEFORE.search(before), _JUNCTION_BEHIND.match(after)
        if name[0] == "B" and len(match[2]) < 3:
            continue  # no B road has so few digits
        if name[0] == "M" and name not in _MOTORWAYS:
            continue
        junctions = [junction for found in (ahead, behind) if found for junction in found.groups() if junction]
        if not junctions and not _is_road(match, before, after):
            continue
        yield Found(name, *match.span())
        if name[0] == "M" or match[3]:
            for junction in junctions:
                yield Found(f"{name} J{junction.upper()}", *match.span())


def as_typed(text: str) -> str | None:
    """``m1 junction 12`` as it is stored; None where it is no road with a number."""
    typed = re.sub(r"\s+", " ", text.strip())
    if not (match := _ROAD.match(typed)):
        return None
    rest = typed[match.end() :]
    if not rest:
        return match.group().upper()
    junction = re.fullmatch(rf" ?{_JUNCTION}", rest, re.IGNORECASE)
    return f"{match.group()} J{junction[1]}".upper() if junction else None


def _is_road(match: re.Match[str], before: str, after: str) -> bool:
    if match[3]:
        return True
    if _SOMETHING_ELSE_BEHIND.match(after) or _SOMETHING_ELSE_BEFORE.search(before):
        return False
    plain = match[1].isupper() and (match[1] == "M" or len(match[2]) > 2)
    return plain or bool(_TREATED_AS_ROAD.search(before) or _GOES_ON_AS_ROAD.match(after))
