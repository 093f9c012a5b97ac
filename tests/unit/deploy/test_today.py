"""The demo's day ends now, whenever it is run."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from deploy.demo.command import SATURDAY
from deploy.demo.today import LAST, move

NOW = dt.datetime(2027, 3, 1, 9, 30, tzinfo=dt.UTC)


def test_every_post_keeps_its_place_in_the_day_and_the_last_is_of_now(tmp_path: Path) -> None:
    move(SATURDAY, tmp_path / "today.jsonl", NOW)
    before = SATURDAY.read_bytes().splitlines()
    after = (tmp_path / "today.jsonl").read_bytes().splitlines()
    assert len(before) == len(after)
    moments = []
    for old, new in zip(before, after, strict=True):
        try:
            then, now = json.loads(old), json.loads(new)
        except ValueError:
            assert old == new
            continue
        if not isinstance(then, dict):
            assert old == new
            continue
        assert {name: value for name, value in then.items() if not name.endswith("_at")} == {
            name: value for name, value in now.items() if not name.endswith("_at")
        }
        date = now.get("edited_at") or now.get("created_at")
        if date != (then.get("edited_at") or then.get("created_at")):
            moments.append(dt.datetime.fromisoformat(date))
    assert len(moments) > 1_800
    assert NOW - dt.timedelta(minutes=5) < max(moments) <= NOW


def test_what_has_no_usable_date_stays_as_it_is(tmp_path: Path) -> None:
    bad = [b"{", b"[1]", b'{"created_at": "1970-01-01T00:00:00Z"}', b'{"created_at": "tomorrow"}', b'{"created_at": 7}']
    (tmp_path / "day.jsonl").write_bytes(b"\n".join(bad))
    move(tmp_path / "day.jsonl", tmp_path / "today.jsonl", NOW)
    lines = (tmp_path / "today.jsonl").read_bytes().splitlines()
    assert lines[:2] == bad[:2]
    assert [json.loads(line) for line in lines[2:]] == [json.loads(line) for line in bad[2:]]


def test_the_day_is_moved_by_whole_seconds(tmp_path: Path) -> None:
    (tmp_path / "day.jsonl").write_text(json.dumps({"id": "1", "created_at": LAST.isoformat()}) + "\n")
    move(tmp_path / "day.jsonl", tmp_path / "today.jsonl", NOW + dt.timedelta(microseconds=7))
    assert json.loads((tmp_path / "today.jsonl").read_text())["created_at"] == NOW.isoformat()
