"""Whatever a source sends, in whatever order and over however many runs: a new wording is newer, and a repeat is nothing."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.wordings import Wordings
from schemas.post import Post
from tests.doubles.manual_clock import START

SENT = st.lists(
    st.tuples(
        st.integers(0, 4).map(str),  # which wording
        st.integers(-3600, 3600),  # when it was read by a clock that may be wrong, in seconds
        st.booleans(),  # whether the process ends after it
    ),
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(SENT)
def test_a_wording_has_one_revision_and_each_new_one_is_newer_than_all_before(
    sent: list[tuple[str, int, bool]],
) -> None:
    revisions: dict[str, dt.datetime] = {}
    with tempfile.TemporaryDirectory() as folder:
        wordings = Wordings(Path(folder) / "wordings", lambda: START)
        for text, read, ends in sent:
            post = Post(source="x", id="1", text=text, created_at=START, read_at=START + dt.timedelta(seconds=read))
            revision = wordings.revised(post).revision
            assert revision == revisions.get(text, revision), "a repeat is as old as it was"
            assert text in revisions or all(revision > older for older in revisions.values())
            revisions[text] = revision
            if ends:
                wordings.close()
                wordings = Wordings(Path(folder) / "wordings", lambda: START)
        wordings.close()
