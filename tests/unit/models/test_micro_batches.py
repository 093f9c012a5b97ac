"""Texts are judged beside texts of like length, in batches that stay small."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.openvino_classifier import MOST_TEXTS, MOST_TOKENS, STEP, STREAMS, micro_batches, padded, whole_links


@given(st.lists(st.integers(2, 512), max_size=200))
def test_every_text_is_in_one_batch_and_no_batch_is_too_large(lengths: list[int]) -> None:
    batches = list(micro_batches(lengths))

    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    for batch in batches:
        longest = padded(max(lengths[position] for position in batch))
        assert len(batch) <= MOST_TEXTS
        assert len(batch) == 1 or len(batch) * longest <= MOST_TOKENS


@given(st.lists(st.integers(2, 128), max_size=200))
def test_the_network_meets_few_shapes(lengths: list[int]) -> None:
    assert {len(batch) for batch in micro_batches(lengths)} <= {1, 2, 4, 8, 16, 32}


def test_a_few_texts_are_shared_out_among_the_streams() -> None:
    assert [len(batch) for batch in micro_batches([30] * 18)] == [4] * 2 * STREAMS + [2]
    assert len(list(micro_batches([8] * 4))) == 1, "too little to be worth cutting"


@given(st.integers(1, 512))
def test_lengths_are_padded_to_the_next_step(length: int) -> None:
    assert padded(length) % STEP == 0
    assert length <= padded(length) < length + STEP


def test_a_links_token_spans_the_whole_link() -> None:
    text = "see https://t.co/abc now"
    last_character = text.index("c now")

    assert whole_links(text, [(0, 3), (last_character, last_character + 1), (21, 24)]) == [(0, 3), (4, 20), (21, 24)]
