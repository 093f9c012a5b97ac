"""The poison guard and the crash journal against the plainest model of each."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.journal import CrashJournal
from pipeline.pause import BAD_SHARE, LEAST, WINDOW, PoisonGuard
from tests.messages import message


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 120)), max_size=12))
def test_a_stage_is_paused_once_most_of_its_last_messages_were_bad(runs: list[tuple[bool, int]]) -> None:
    ends = [bad for bad, times in runs for _ in range(times)]
    with tempfile.TemporaryDirectory() as folder:
        guard = PoisonGuard(Path(folder) / "paused")
        for number, bad in enumerate(ends, start=1):
            guard.record(bad)
            last = ends[max(0, number - WINDOW) : number]
            if len(last) >= LEAST and sum(last) > BAD_SHARE * len(last):
                assert guard.paused == f"{sum(last)} of the last {len(last)} messages could not be used"
                return
            assert not guard.paused


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sets(st.integers(0, 3), min_size=1), st.sampled_from(["done", "stopped", "crashed"])), max_size=12
    )
)
def test_only_a_message_that_was_alone_in_work_is_blamed_for_a_crash(history: list[tuple[set[int], str]]) -> None:
    messages = [message(b"", offset) for offset in range(4)]
    blamed: Counter[int] = Counter()
    suspects: set[int] = set()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.json"
        journal = CrashJournal(path)
        for offsets, end in history:
            batch = [messages[offset] for offset in sorted(offsets)]
            journal.begin(batch)
            if end == "crashed":
                suspects |= offsets
                blamed.update(offsets if len(offsets) == 1 else ())
            else:
                journal.finish(batch if end == "done" else ())
            if end == "done":
                suspects -= offsets
                for offset in offsets:
                    del blamed[offset]
            journal = CrashJournal(path)  # a restart, clean or not
            assert {one.offset for one in messages if journal.is_suspect(one)} == suspects
            assert {one.offset: journal.unclean_ends(one) for one in messages if journal.unclean_ends(one)} == +blamed
