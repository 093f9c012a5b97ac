"""No rule looks for a particular person.

Watching what one person posts, in a way that they are unlikely to know of and to learn their private affairs, is directed
surveillance: it needs an authorisation for each case (Regulation of Investigatory Powers Act 2000, section 28). A rule that
runs for months has none. So nothing in a rule can name an account. flagpost can't tell a surname from a street, though:
whoever writes a name among the words answers for it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

from pipeline.alert.fault import Fault
from pipeline.alert.rules import Rule

_KEY: Final = re.compile(
    r"author|user|handle|account|person|people|profile|suspect|nominal|poster|follow|mention"
    r"|screen_?name|display_?name|(?:posted|written|sent)_?by|^(?:by|who|from)$"
)
_ACCOUNT: Final = re.compile(
    r"@\w|\w@"  # a handle, an address of mail
    r"|\w\.\w{2,}/"  # a profile's address: network.com/name
    r"|(?:^|\s)u/\w"
    r"|(?:\+|\b0)(?:[\s().-]*\d){9,}"  # a telephone
)
"""What is one account's, or one telephone's."""

_KNOWN: Final = frozenset(Rule.__struct_encode_fields__)
_WHY: Final = (
    "looking for a particular person needs an authorisation (RIPA 2000, section 28), and flagpost does not do it"
)
_DO: Final = "Look for what is said (labels, words, places), not for who says it."


def persons_named(data: Any) -> Iterator[Fault]:
    """A fault for everything in the rules of ``data``, a rules file as it was read, that can only mean a person."""
    rules = data.get("rules") if isinstance(data, dict) else None
    for number, rule in enumerate(rules if isinstance(rules, list) else []):
        if not isinstance(rule, dict):
            continue
        where: tuple[str | int, ...] = ("rules", number)
        yield from (_fault((*where, key), key) for key in rule if key not in _KNOWN and _means_a_person(key))
        groups = rule.get("group_by")
        for place, value in enumerate(groups if isinstance(groups, list) else []):
            if _means_a_person(value):
                yield _fault((*where, "group_by", place), value)
        when = rule.get("when")
        if isinstance(when, dict):
            yield from (_fault((*where, "when", key), key) for key in when if _means_a_person(key))
            yield from (
                fault for key in ("words", "places") for fault in _handles((*where, "when", key), when.get(key))
            )


def _handles(where: tuple[str | int, ...], values: Any) -> Iterator[Fault]:
    for place, value in enumerate(values if isinstance(values, list) else []):
        if isinstance(value, str) and _ACCOUNT.search(unicodedata.normalize("NFKC", value)):
            yield Fault((*where, place), f"an account or a telephone is named, and {_WHY}", _DO)


def _means_a_person(name: Any) -> bool:
    return isinstance(name, str) and bool(_KEY.search(name.lower().replace("-", "_").replace(" ", "_")))


def _fault(where: tuple[str | int, ...], name: str) -> Fault:
    return Fault(where, f"`{name}` is nothing that a rule can ask for: {_WHY}", _DO)
