"""What a page says, and what it never does."""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.page.wording import MOST_TITLE, words, words_of_a_test
from schemas.alert import PageKind
from tests.notices import OPENED, alert, excerpt, item, page

LONDON = ZoneInfo("Europe/London")
KINDS = get_args(PageKind)


def title(one: Any, **fields: Any) -> str:
    return words(one, page(**fields), LONDON)[0]


def text(one: Any, **fields: Any) -> str:
    return words(one, page(**fields), LONDON)[1]


def test_a_title_says_how_grave_what_where_and_how_many() -> None:
    assert title(alert(count=3)) == "IMMEDIATE help request · Castle Sands · 3 posts"
    assert title(alert(items=[item(excerpt=excerpt(place=None, grade="routine"))])) == "Routine help request"


def test_the_gravest_post_gives_the_title_and_comes_first() -> None:
    posts = [
        item(1, excerpt=excerpt(grade="routine", label="complaint", text="first")),
        item(2, excerpt=excerpt(grade="immediate", text="second", posted_at=OPENED - dt.timedelta(hours=1))),
        item(3, excerpt=excerpt(grade="immediate", text="third")),
        item(4, excerpt=excerpt(grade="prompt", text="fourth")),
    ]
    one = alert(items=posts, count=7)
    assert title(one).startswith("IMMEDIATE help request")
    told = [line.strip(" “”") for line in text(one).splitlines() if "“" in line]
    assert told == ["third", "second", "fourth"]
    assert "and 4 more." in text(one)


def test_a_text_tells_the_local_time_the_age_the_words_and_the_link() -> None:
    assert text(alert()).splitlines() == [
        "- Sat 15 Aug 13:58 (2 min ago) · IMMEDIATE help request · Castle Sands",
        "  “he's outside my door again with the bat”",
        "  https://social.example/posts/1",
        "Rule immediate-danger, severity critical, 1 post.",
    ]


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(-5, "just now"), (0.5, "just now"), (59, "59 min ago"), (90, "2 h ago"), (3000, "2 days ago")],
)
def test_ages_are_told_in_the_unit_that_fits(minutes: float, said: str) -> None:
    post = item(excerpt=excerpt(posted_at=OPENED - dt.timedelta(minutes=minutes)))
    assert f"({said})" in text(alert(items=[post]))


def test_an_unsure_post_is_said_to_be_one() -> None:
    one = alert(items=[item(excerpt=excerpt(unsure=True))])
    assert title(one).startswith("IMMEDIATE help request (unsure)")
    assert "(unsure)" in text(one)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "open"])
def test_only_a_new_alert_has_the_title_of_one(kind: str) -> None:
    assert ": " in title(alert(), kind=kind)
    assert title(alert(), kind=kind).endswith(title(alert(), kind="open"))


def test_a_repeat_says_since_when_nobody_acknowledged() -> None:
    assert "Not acknowledged since Sat 15 Aug 14:00." in text(alert(), kind="repeat")


def test_an_escalation_says_how_long_nobody_acknowledged() -> None:
    late = OPENED + dt.timedelta(minutes=10)
    assert "nobody acknowledged within 10 min" in text(alert(), kind="escalation", begun_at=late)


def test_an_escalation_after_an_acknowledgement_claims_nothing_else() -> None:
    one = alert(acknowledged_at=OPENED, acknowledged_by="sgt-brown")
    said = text(one, kind="escalation")
    assert "though sgt-brown acknowledged it" in said
    assert "nobody" not in said


def test_a_resolved_alert_says_by_whom_and_when() -> None:
    one = alert(state="resolved", resolved_at=OPENED + dt.timedelta(minutes=30), resolved_by="sgt-brown")
    assert "Resolved by sgt-brown Sat 15 Aug 14:30." in text(one, kind="resolved")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("deleted", "deleted at Sat 15 Aug 14:05"),
        ("withdrawn", "edited at Sat 15 Aug 14:05, and of no concern any more"),
        ("unmatched", "edited at Sat 15 Aug 14:05, and the rule matches it no more"),
        ("dismissed", "dismissed by an analyst"),
        ("live", "edited at Sat 15 Aug 14:05"),
    ],
)
def test_a_change_says_what_became_of_a_post(state: Any, said: str) -> None:
    changed = item(state=state, revision=OPENED + dt.timedelta(minutes=5))
    assert said in text(alert(items=[changed]), kind="changed")


def test_of_many_posts_a_change_tells_first_what_changed() -> None:
    gone = item(9, state="deleted", excerpt=None, revision=OPENED + dt.timedelta(minutes=5))
    said = text(alert(items=[*(item(number) for number in range(1, 6)), gone], count=6), kind="changed")
    assert said.splitlines()[1] == "- deleted at Sat 15 Aug 14:05"


@pytest.mark.parametrize("state", ["deleted", "withdrawn"])
def test_the_words_of_what_is_gone_are_told_no_more(state: Any) -> None:
    assert "bat" not in text(alert(items=[item(state=state)]), kind="changed")


def test_an_alert_whose_posts_are_all_gone_still_has_a_title() -> None:
    gone = item(state="deleted", excerpt=None, revision=OPENED)
    assert title(alert(items=[gone]), kind="changed") == "Changed: CRITICAL · immediate-danger · 1 post"


def test_a_digest_counts_what_is_in_it() -> None:
    posts = [item(n, excerpt=excerpt(grade="prompt", label="intel")) for n in range(4)] + [item(9)]
    one = alert(digest=True, items=posts, count=60)
    assert title(one, kind="digest") == "Digest: 60 posts · immediate-danger"
    lines = text(one, kind="digest").splitlines()
    assert lines[1:4] == ["1 × IMMEDIATE help request", "4 × PROMPT intel", "55 × not looked at here"]


def test_an_alert_about_flagpost_itself_says_its_sentence() -> None:
    one = alert(rule="system-lag", title="classify is 75 s behind: see flagpost status", items=[], count=0)
    assert title(one) == "CRITICAL · classify is 75 s behind: see flagpost status"
    assert text(one) == "About flagpost itself: classify is 75 s behind: see flagpost status"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://social.example/a b",
        "https://social.example/\r\nBcc: all@example.org",
        "https://social.example/\u202egnp",
        "https://social.example/" + "x" * 500,
    ],
)
def test_an_address_that_nobody_should_click_on_is_left_out(url: str) -> None:
    said = text(alert(items=[item(excerpt=excerpt(url=url))]))
    assert "social.example" not in said
    assert "javascript" not in said


def test_a_test_page_says_that_nothing_has_happened() -> None:
    said, told = words_of_a_test("desk", "duty-inspector", OPENED, LONDON)
    assert said.startswith("[TEST] Nothing has happened")
    assert "Nothing has happened, and there is nothing to do." in told
    assert "14:00" in told


anything = st.text(max_size=280)


@given(
    words_of=anything, place=st.none() | st.text(max_size=512), name=st.text(max_size=512), kind=st.sampled_from(KINDS)
)
def test_nothing_that_comes_from_outside_breaks_out_of_its_line(
    words_of: str, place: str | None, name: str, kind: Any
) -> None:
    one = alert(items=[item(excerpt=excerpt(text=words_of, place=place))], resolved_by=name, resolved_at=OPENED)
    said, told = words(one, page(kind=kind), LONDON)
    assert len(said) <= MOST_TITLE
    assert not [one for one in said + told.replace("\n", "") if unicodedata.category(one) in ("Cc", "Zl", "Zp", "Cs")]
    plain = words(alert(items=[item()], resolved_by="x", resolved_at=OPENED), page(kind=kind), LONDON)[1]
    assert len(told.splitlines()) == len(plain.splitlines())
