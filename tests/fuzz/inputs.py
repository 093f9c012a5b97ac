"""Hostile inputs: the table of their kinds, and a seeded stream of them.

A plain seeded generator makes the volume; hypothesis shrinks what properties find (tests/unit/properties). atheris does not
pay here: it needs clang, and its coverage sees nothing of msgspec's decoder, which is C.
"""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from tests.fuzz import records
from tests.fuzz.texts import MARK, text

Maker = Callable[[Random], bytes | None]


@dataclass(frozen=True, slots=True)
class Input:
    """One record's value as somebody sent it, and the record's key."""

    kind: str
    key: bytes | None
    value: bytes | None


def inputs(chance: Random, number: int) -> Iterator[Input]:
    """So many inputs; the same for the same state of ``chance``."""
    for _ in range(number):
        (kind,) = chance.choices(_NAMES, _WEIGHTS)
        yield Input(kind, chance.choice((None, b"", b"x:1", chance.randbytes(9))), KINDS[kind][1](chance))


def encoded(record: Any, chance: Random) -> bytes:
    """JSON as different exporters write it."""
    separators = (" , ", " : ") if chance.random() < 0.1 else None
    if chance.random() < 0.5:
        return json.dumps(record, separators=separators).encode()
    return json.dumps(record, separators=separators, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _record(make: Callable[[Random], Any]) -> Maker:
    return lambda chance: encoded(make(chance), chance)


def _spoiled(spoil: Callable[[bytes, Random], bytes]) -> Maker:
    return lambda chance: spoil(encoded(records.good(chance), chance), chance)


def _flipped(value: bytes, chance: Random) -> bytes:
    changed = bytearray(value)
    for _ in range(chance.randint(1, 4)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(value: bytes, chance: Random) -> bytes:
    return value[: chance.randrange(len(value))]


def _overwritten(value: bytes, chance: Random) -> bytes:
    start, size = chance.randrange(len(value)), chance.randint(0, 8)
    return value[:start] + chance.randbytes(chance.randint(0, 8)) + value[start + size :]


def _doubled(value: bytes, chance: Random) -> bytes:
    start, end = sorted(chance.choices(range(len(value) + 1), k=2))
    return value[:end] + chance.choice((b"", b"\n", b",")) + value[start:]


def _repeated_key(value: bytes, chance: Random) -> bytes:
    key = chance.choice(("type", "source", "id", "text", "created_at", "extra", "nobody"))
    pair = f"{json.dumps(key)}:{json.dumps(records.value(chance))}".encode()
    return b"{" + pair + b"," + value[1:] if chance.random() < 0.5 else value[:-1] + b"," + pair + b"}"


def _nested(chance: Random) -> bytes:
    depth = chance.choice((10, 500, 1_000, 1_100, 20_000))
    opening, closing = chance.choice(((b"[", b"]"), (b'{"a":', b"}")))
    deep = opening * depth + b"1" + closing * chance.choice((depth, depth, 0))
    if chance.random() < 0.3:
        return deep
    return json.dumps({**records.good(chance), "extra": {"k": "DEEP"}}).encode().replace(b'"DEEP"', deep)


def _number(chance: Random) -> bytes:
    field = chance.choice(("id", "text", "created_at", "lat", "k"))
    literal = chance.choice(
        ("1e999", "-1e999", "9" * 5_000, "0." + "1" * 5_000, "1e-999", "-0", "01", "1.", ".5", "0x1", "1_0")
    )
    record = records.good(chance)
    home = {"lat": record.setdefault("place", {}), "k": record.setdefault("extra", {})}.get(field, record)
    home[field] = "NUMBER"
    return json.dumps(record).replace('"NUMBER"', literal).encode()


def _packed(value: bytes, chance: Random) -> bytes:
    forms = (
        gzip.compress(value),
        zlib.compress(value),
        b"\x1f\x8b\x08" + value,
        b"\x28\xb5\x2f\xfd" + value,
        b"PK\x03\x04" + value,
    )
    return chance.choice(forms)


def _misencoded(chance: Random) -> bytes:
    written = json.dumps({**records.good(chance), "text": f"{MARK} é €"}, ensure_ascii=False)
    forms = (
        *(written.encode(name, "replace") for name in ("utf-16", "utf-32", "latin-1", "cp037", "utf-7")),
        codecs.BOM_UTF8 + written.encode(),
        written.replace("é", "\udcc3").encode("utf-8", "surrogateescape"),
        written.encode().replace(b"/", b"\xc0\xaf").replace(b"q", b"\xe0\x81\xb1"),
    )
    return chance.choice(forms)


KINDS: Final[dict[str, tuple[int, Maker]]] = {
    "good": (12, _record(records.good)),
    "any text": (14, _record(records.with_any_text)),
    "emoji only": (2, _record(records.without_words)),
    "large": (1, _record(records.large)),
    "dates at and past the bounds": (8, _record(records.with_a_date)),
    "colliding keys": (6, _record(records.with_a_colliding_key)),
    "wrong types": (8, _record(records.with_a_wrong_type)),
    "nulls": (3, _record(records.with_a_null)),
    "missing fields": (3, _record(records.without_a_field)),
    "unknown keys": (5, _record(records.with_unknown_keys)),
    "another topic's record": (2, _record(records.of_another_topic)),
    "any JSON": (3, _record(records.value)),
    "numbers": (3, _number),
    "flipped bits": (6, _spoiled(_flipped)),
    "cut short": (4, _spoiled(_cut)),
    "overwritten bytes": (4, _spoiled(_overwritten)),
    "doubled parts": (3, _spoiled(_doubled)),
    "repeated keys": (4, _spoiled(_repeated_key)),
    "nested": (1, _nested),
    "packed": (1, _spoiled(_packed)),
    "other encodings": (2, _misencoded),
    "random bytes": (3, lambda chance: chance.randbytes(chance.randint(1, 300))),
    "bare text": (1, lambda chance: text(chance).encode("utf-8", "surrogatepass")),
    "nothing": (1, lambda chance: chance.choice((None, b"", b" ", b"\n", b"null", b"{}", b"[]", b'""'))),
}
"""Kind → its weight in the stream, and what makes one."""

_NAMES: Final = [*KINDS]
_WEIGHTS: Final = [weight for weight, _ in KINDS.values()]
