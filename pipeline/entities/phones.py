"""Phone numbers that can be rung, by Google's libphonenumber; a number without a country is a British one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import phonenumbers

from pipeline.entities.reading import Found, Reading

_NUMBER: Final = re.compile(
    r"(?<![\w£$€+/.,-])(?<!\d:)(?:\+\d{1,3}|\(?0|44(?=7\d{9}\b))(?:[ .()-]{0,3}\d){8,13}(?![\w/])", re.ASCII
)
_DATE: Final = re.compile(r"\d\d[-.]\d\d[-.]\d{2,4}\b")
_SOMETHING_ELSE: Final = re.compile(
    r"\b(?:order|ref|reference|account|acct|invoice|tracking|case|log|crime|policy|serial|imei|isbn|sort code)\b"
    r"[^\d.!?]{0,16}\Z",
    re.IGNORECASE,
)
# Ofcom keeps these for drama; libphonenumber does not know two of its ranges, since they can't be rung.
_DRAMA: Final = re.compile(r"(?:7700900|1632960)\d{3}")


def find(reading: Reading) -> Iterator[Found]:
    """Numbers in E.164: ``+447700900123``. Short ones (999, 101, 0800 1111) are nobody's and are left out."""
    for match in _NUMBER.finditer(reading.text):
        if _DATE.match(match.group()) or _SOMETHING_ELSE.search(reading.before(match.start(), 40)):
            continue
        if number := as_typed(match.group()):
            yield Found(number, *match.span())


def as_typed(text: str) -> str | None:
    """The number in E.164, or None where it is none that exists."""
    try:
        number = phonenumbers.parse(text, "GB")
    except phonenumbers.NumberParseException:
        return None
    drama = number.country_code == 44 and _DRAMA.fullmatch(str(number.national_number))
    if not drama and not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
