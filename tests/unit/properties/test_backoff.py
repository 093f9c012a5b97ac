"""How long is waited between tries, whatever dice fall."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.retry import RetryPolicy

DICE = st.floats(0, 1, exclude_max=True)
TRIES = st.integers(1, 10_000)
POLICIES = st.builds(RetryPolicy, first=st.floats(0.001, 10), longest=st.floats(0.001, 100))
TRIES_THAT_COUNT = 31  # a millisecond doubled thirty times is longer than any longest


@given(POLICIES, TRIES, DICE)
def test_a_wait_is_never_longer_than_the_longest_nor_than_its_try_allows(
    policy: RetryPolicy, tries: int, dice: float
) -> None:
    wait = policy.wait(tries, lambda: dice)
    assert 0 <= wait <= policy.longest
    assert tries > TRIES_THAT_COUNT or wait <= policy.first * 2.0 ** (tries - 1)


@given(POLICIES, TRIES, DICE)
def test_the_jitter_is_full_any_part_of_the_bound_can_be_the_wait(policy: RetryPolicy, tries: int, dice: float) -> None:
    bound = policy.wait(tries, lambda: 1.0)
    assert policy.wait(tries, lambda: dice) == bound * dice
    assert bound == policy.longest or (tries <= TRIES_THAT_COUNT and bound == policy.first * 2.0 ** (tries - 1))


@given(POLICIES, TRIES)
def test_the_bound_never_shrinks_from_try_to_try(policy: RetryPolicy, tries: int) -> None:
    assert policy.wait(tries + 1, lambda: 1.0) >= policy.wait(tries, lambda: 1.0) > 0
