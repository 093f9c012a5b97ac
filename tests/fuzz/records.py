"""Posts and deletions as plain dictionaries, good ones and ones with something wrong in a field."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final

from schemas.post import EARLIEST, MAX_AHEAD, MAX_EXTRA_BYTES, MAX_POST_BYTES
from tests.doubles.manual_clock import START
from tests.fuzz.texts import MARK, emoji, text, words

Record = dict[str, Any]

_EXAMPLES: Final = Path(__file__).parents[2] / "schemas" / "examples"
_GOOD: Final = [path.read_bytes() for path in sorted(_EXAMPLES.glob("posts/good/*.json"))]
_OTHERS: Final = [path.read_bytes() for path in sorted(_EXAMPLES.glob("[!p]*/good/*.json"))]
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_DATES: Final = ("created_at", "edited_at", "deleted_at", "read_at")


def good(chance: Random) -> Record:
    """A post or a deletion that should be taken: an example of the schemas with an id and a text of its own."""
    record: Record = {**json.loads(chance.choice(_GOOD)), "id": str(chance.getrandbits(64))}
    if record["type"] == "post":
        record["text"] = f"{MARK} {words(chance)}"
    return record


def with_any_text(chance: Random) -> Record:
    return {**_post(chance), "text": text(chance)}


def without_words(chance: Random) -> Record:
    return {**_post(chance), "text": emoji(chance)}


def large(chance: Random) -> Record:
    """Around the most that a post may have in all, or in ``extra``."""
    slack = chance.randint(-600, 600)
    if chance.random() < 0.5:
        return {
            **_post(chance),
            "text": words(chance).ljust(MAX_POST_BYTES + slack, chance.choice("a .\u00e9")),
            "extra": {},
        }
    return {**_post(chance), "extra": {"k": "x" * (MAX_EXTRA_BYTES + slack // 20)}}


def with_a_date(chance: Random) -> Record:
    """At and past every bound, and in forms that are not quite RFC 3339."""
    record = good(chance)
    bound = chance.choice((EARLIEST, START, START + MAX_AHEAD, dt.datetime(1970, 1, 1, tzinfo=dt.UTC)))
    exact = bound + chance.choice((-1, 0, 1)) * chance.choice(
        (_MICROSECOND, dt.timedelta(milliseconds=1), dt.timedelta(hours=1))
    )
    forms: tuple[Any, ...] = (
        exact.isoformat(),
        exact.isoformat(),
        exact.astimezone(dt.timezone(dt.timedelta(hours=14))).isoformat(),
        exact.replace(tzinfo=None).isoformat(),
        int(exact.timestamp() * 1000),
        "2106-02-07T06:28:16Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59.999999999-23:59",
        "2026-06-30T23:59:60Z",
        "2026-02-30T12:00:00Z",
        "2026-08-15T12:00:00.123456789012345Z",
        "2026-08-15t12:00:00z",
        f"{MARK} yesterday",
    )
    return {**record, chance.choice(_DATES): chance.choice(forms)}


def with_a_colliding_key(chance: Random) -> Record:
    """Parts that could be taken for each other once they are put together, and ids at their bounds."""
    ids: tuple[Any, ...] = (
        "1:2",
        ":",
        "1\0x",
        "\0",
        "",
        "a" * 256,
        "a" * 257,
        "1\n",
        "\u0085",
        "\u202e1",
        "é",
        "e\u0301",
        10**30,
        0,
        -1,
    )
    sources: tuple[Any, ...] = ("x", "x:1", "x\0", "X", "x" * 64, "x" * 65, "x\n", "", "..", "é", 5)
    field, values = chance.choice((("id", ids), ("id", ids), ("source", sources)))
    return {**good(chance), "source": "x", field: chance.choice(values)}


def with_a_wrong_type(chance: Random) -> Record:
    record = good(chance)
    return {**record, chance.choice([*record, "author", "place", "media", "extra", "lang"]): value(chance)}


def with_a_null(chance: Random) -> Record:
    record = good(chance)
    return {**record, chance.choice([*record, "author", "extra"]): None}


def without_a_field(chance: Random) -> Record:
    record = good(chance)
    del record[chance.choice([*record])]
    return record


def with_unknown_keys(chance: Random) -> Record:
    record = good(chance)
    inner = chance.choice(("author", "place", "extra"))
    return {**record, text(chance): value(chance), inner: {text(chance): value(chance), "id": value(chance)}}


def of_another_topic(chance: Random) -> Record:
    record: Record = json.loads(chance.choice(_OTHERS))
    return record


_SCALARS: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 0.1, -0.0, 1e308, 1e-400,
    float("nan"), float("inf"), "", "null", "0", "true", [], {}, [[]], {"": {}},
)  # fmt: skip


def value(chance: Random, depth: int = 3) -> Any:
    """Any JSON value, and a few that JSON has no word for."""
    makers: tuple[Callable[[], Any], ...] = (
        lambda: chance.choice(_SCALARS),
        lambda: text(chance),
        lambda: [value(chance, depth - 1) for _ in range(chance.randint(0, 3))],
        lambda: {text(chance): value(chance, depth - 1) for _ in range(chance.randint(0, 3))},
    )
    return chance.choice(makers if depth else makers[:2])()


def _post(chance: Random) -> Record:
    record = {"type": "post", "source": "x", "id": str(chance.getrandbits(64)), "created_at": "2026-08-15T11:00:00Z"}
    return record | ({"edited_at": "2026-08-15T11:30:00Z"} if chance.random() < 0.2 else {}) | {"text": MARK}
