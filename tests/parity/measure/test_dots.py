"""Dot products of rows: the same value however wide the rows are, and in one thread."""

from __future__ import annotations

import math

import numpy as np
import pytest

from parity.measure.dots import dots


@pytest.mark.parametrize("width", [0, 1, 8192, 8193, 50_000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_each_row_has_the_exact_sum_to_rounding(width: int, dtype: str) -> None:
    draw = np.random.default_rng(width)
    x, y = (draw.normal(size=(3, width)).astype(dtype) for _ in range(2))
    found = dots(x, y)
    assert (found.shape, found.dtype) == ((3,), np.dtype(dtype))
    exact = [math.fsum(row.tolist()) for row in x.astype("float64") * y]
    sizes = np.abs(x.astype("float64") * y).sum(axis=1)
    assert bool((np.abs(found - exact) <= width * np.finfo(dtype).eps * sizes).all())


def test_one_row_stands_for_all() -> None:
    x, ones = np.arange(20_000.0).reshape(2, 10_000), np.ones(10_000)
    np.testing.assert_array_equal(dots(x, ones), x.sum(axis=1))
