"""Whether texts hold a part: as Python says, wherever the texts lie and however long they are."""

from __future__ import annotations

import random

import numpy as np
import pytest

from streamsql.kernels.substrings import contains


@pytest.mark.parametrize("seed", range(20))
def test_as_python_says(seed: int) -> None:
    chance = random.Random(seed)
    texts = [bytes(chance.choices(b"ab", k=chance.choice((0, 1, 7, 40, 900)))) for _ in range(60)]
    offsets = np.cumsum([3, *map(len, texts)], dtype=np.int32)  # the first text need not begin the data
    data = np.frombuffer(b"aba" + b"".join(texts) + b"ab", dtype=np.uint8)
    for size in (1, 2, 3, 5, 12, 300):
        part = bytes(chance.choices(b"ab", k=size)) if size < 300 else max(texts, key=len)[-300:]
        assert contains(part, offsets, data).tolist() == [part in text for text in texts]


def test_texts_without_bytes_hold_nothing() -> None:
    assert contains(b"a", np.zeros(3, dtype=np.int32), np.zeros(0, dtype=np.uint8)).tolist() == [False, False]


def test_a_part_like_the_text_takes_no_product_of_their_sizes() -> None:
    size, part = 1 << 22, 1 << 12  # the product would be 17 billion comparisons
    data = np.full(size, ord("a"), dtype=np.uint8)
    offsets = np.array([0, size], dtype=np.int32)
    assert not contains(b"a" * part + b"b", offsets, data)[0]
    assert not contains(b"b" + b"a" * part, offsets, data)[0]
    assert contains(b"a" * part, offsets, data)[0]
