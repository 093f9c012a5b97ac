"""Whether two models that judged the same posts differ by more than chance."""

from __future__ import annotations

from scipy.stats import binomtest


def exact_p(only_first_right: int, only_second_right: int) -> float:
    """Two-sided p of McNemar's exact test (McNemar 1947): are the posts that one alone got right shared evenly?

    1 where both were right on the same posts.
    """
    differing = only_first_right + only_second_right
    return float(binomtest(only_first_right, differing).pvalue) if differing else 1.0
