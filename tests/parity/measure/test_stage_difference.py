"""The streaming kernel against naive float64, and what other tools let through."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from parity.measure.measurement import Measurement
from parity.measure.stage_difference import Difference

Array = npt.NDArray[Any]


def measure(reference: Array, candidate: Array, limit: float | None = None, **how: Any) -> Measurement:
    """Everything in one batch; row i at position 0."""
    difference = Difference(limit, **how)
    count = np.arange(len(reference))
    difference.add(reference, candidate, count, np.zeros_like(count))
    return difference.measurement()


def normal(*shape: int, seed: int = 0) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def noisy(values: Array, size: float, seed: int = 1) -> Array:
    noise = normal(*values.shape, seed=seed).astype(np.float64)
    return np.asarray(values + size * noise, dtype=values.dtype)


@pytest.mark.parametrize("size", [1e-6, 1e-3, 1.0, 30.0])
@pytest.mark.parametrize("shape", [(700, 384), (90, 3), (5, 30522)])
def test_every_number_agrees_with_naive_float64(size: float, shape: tuple[int, int]) -> None:
    a = normal(*shape)
    b = noisy(a, size)
    got, x, y = measure(a, b), a.astype(np.float64), b.astype(np.float64)
    d, norm, other = y - x, float(np.linalg.norm(x)), float(np.linalg.norm(y))
    index = np.unravel_index(np.abs(d).argmax(), d.shape)
    assert (int(index[0]), 0, int(index[1])) == got.max_abs_at
    close = pytest.approx
    assert close(float(np.abs(d).max()), rel=1e-6) == got.max_abs
    assert close(float(np.abs(d).mean()), rel=1e-6) == got.mean_abs
    assert close(math.sqrt((d**2).mean()), rel=1e-6) == got.rmse
    assert close(float(np.linalg.norm(d)) / norm, rel=1e-6) == got.relative_l2
    assert close(20 * math.log10(norm / float(np.linalg.norm(d))), abs=1e-5) == got.sqnr_db
    assert close(other / norm, rel=1e-7) == got.norm_ratio
    assert close(math.sqrt((x**2).mean()), rel=1e-6) == got.reference_rms
    long, other_long = x.astype(np.longdouble), y.astype(np.longdouble)
    norms = np.sqrt((long * long).sum() * (other_long * other_long).sum())
    assert close(float(1 - (long * other_long).sum() / norms), rel=1e-4, abs=1e-16) == got.cosine_distance


def test_torch_finds_the_same_numbers() -> None:
    a = normal(64, 128)
    b = noisy(a, 0.01)
    one, other = torch.tensor(a.tolist(), dtype=torch.float64), torch.tensor(b.tolist(), dtype=torch.float64)
    got = measure(a, b)
    assert pytest.approx(float((one - other).abs().max()), rel=1e-6) == got.max_abs
    cosine = torch.nn.functional.cosine_similarity(one.flatten(), other.flatten(), dim=0)
    assert pytest.approx(1 - float(cosine), rel=1e-6) == got.cosine_distance


def test_a_stage_against_itself_is_equal_to_the_bit() -> None:
    a = normal(300, 48)
    got = measure(a, a.copy(), 0.0)
    assert got.bitwise_equal
    assert (0.0, None, 0.0, 0.0, 0.0, None, 1.0) == (
        got.max_abs, got.max_abs_at, got.mean_abs, got.relative_l2, got.cosine_distance, got.sqnr_db, got.norm_ratio
    )  # fmt: skip
    assert (0, 300 * 48) == (got.positions_beyond, got.compared)


def test_zero_and_minus_zero_differ_in_bits_alone() -> None:
    got = measure(np.zeros((2, 3), np.float32), -np.zeros((2, 3), np.float32))
    assert (False, 0.0) == (got.bitwise_equal, got.relative_l2)


def test_the_same_values_in_another_type_are_not_the_same_bits() -> None:
    a = normal(4, 5)
    got = measure(a, a.astype(np.float64))
    assert (False, 0.0) == (got.bitwise_equal, got.max_abs)


def test_float64_is_measured_in_float64() -> None:
    a = normal(400, 32).astype(np.float64)
    got = measure(a, a * (1 + 1e-15 * normal(400, 32, seed=3).astype(np.float64)))
    assert got.relative_l2 is not None
    assert 5e-16 < got.relative_l2 < 2e-15


def test_nothing_compared_leaves_every_distance_unsaid() -> None:
    got = measure(np.zeros((0, 8), np.float32), np.zeros((0, 8), np.float32))
    assert (0, 0, False, None, None) == (
        got.compared,
        got.rows,
        got.bitwise_equal,
        got.relative_l2,
        got.max_abs,
    )
    assert Difference().measurement() == got


# What other tools let through, by line of the published list.


def test_line_3_eight_nudged_weights_are_seen_in_the_positions_they_touch() -> None:
    hidden, weight = normal(64, 32), normal(32, 32, seed=1)
    nudged = weight.copy()
    nudged[:8, 5] += 0.05
    got = measure(hidden @ weight, hidden @ nudged, 1e-6)
    assert got.max_abs_at is not None
    assert (5, 64) == (got.max_abs_at.unit, got.rows_beyond)


def test_line_4_one_element_of_8192_is_seen_with_its_place() -> None:
    a = normal(8, 1024)
    b = a.copy()
    b[6, 77] += 0.5
    got = measure(a, b, 1e-3)
    assert pytest.approx(0.5, abs=1e-6) == got.max_abs
    assert ((6, 0, 77), ((6, 0),), 1) == (got.max_abs_at, got.first_beyond, got.positions_beyond)


@pytest.mark.parametrize("factor", [1.03, 10.0])
def test_line_5_everything_scaled_is_seen_though_the_cosine_is_one(factor: float) -> None:
    a = normal(50, 64)
    got = measure(a, (a * factor).astype(np.float32), 1e-5)
    assert pytest.approx(factor - 1, rel=1e-6) == got.relative_l2
    assert pytest.approx(factor, rel=1e-6) == got.norm_ratio
    assert pytest.approx(0, abs=1e-9) == got.cosine_distance
    assert 50 == got.positions_beyond


def test_line_6_plus_infinity_is_not_minus_infinity() -> None:
    a, b = normal(3, 4), normal(3, 4)
    a[1, 2], b[1, 2] = np.inf, -np.inf
    got = measure(a, b, 1.0)
    assert (1, 1, 1) == (got.non_finite_reference, got.non_finite_candidate, got.non_finite_unequal)
    assert (11, ((1, 0),), 0.0) == (got.compared, got.first_beyond, got.relative_l2)


@pytest.mark.parametrize("other", [0.0, np.inf, -np.inf, 1e32])
def test_line_7_nan_against_anything_is_unequal_on_either_side(other: float) -> None:
    a, b = normal(3, 4), normal(3, 4)
    a[1, 2], b[1, 2] = np.nan, other
    for one, two in ((a, b), (b, a)):
        got = measure(one, two, 1e9)
        assert (1, 1, 11) == (got.non_finite_unequal, got.positions_beyond, got.compared)


def test_line_7_nan_against_nan_is_counted_and_not_compared_even_with_the_same_bits() -> None:
    a = normal(300, 4)
    a[:2] = np.nan
    got = measure(a, a.copy(), 0.0)
    assert (8, 8, 8, 0) == (
        got.non_finite_reference,
        got.non_finite_candidate,
        got.nan_both,
        got.non_finite_unequal,
    )
    assert 298 * 4 == got.compared
    assert (
        pytest.approx(float(np.sqrt((a[2:].astype(np.float64) ** 2).mean())), rel=1e-6) == got.reference_rms
    )


def test_a_model_of_nothing_but_nan_compared_nothing() -> None:
    nothing = np.full((4, 3), np.nan, np.float32)
    got = measure(nothing, nothing)
    assert (0, 12, None) == (got.compared, got.nan_both, got.relative_l2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_masks_fill_value_does_not_drown_the_difference_beside_it(dtype: str) -> None:
    a: Array = normal(3, 8).astype(dtype)
    a[:, 0] = -1e32
    b = a.copy()
    b[1, 3] += 1
    got = measure(a, b, 1e-3)
    assert (21, 3, 0) == (got.compared, got.non_finite_reference, got.non_finite_unequal)
    assert (
        pytest.approx(1 / math.sqrt(float((a[:, 1:].astype(np.float64) ** 2).sum())), rel=1e-5)
        == got.relative_l2
    )
    b[2, 0] = 0
    assert 1 == measure(a, b).non_finite_unequal


@pytest.mark.parametrize(
    ("one", "other", "unequal"),
    [
        (2e30, 9e37, 3),
        (-2e30, -2.1e30, 3),
        (1e32, -1e32, 3),
        (-2e30, -2e30, 0),
        (-1e32, -1e32 * (1 + 1e-8), 0),
        (-1e32, float(np.finfo(np.float32).min), 0),
        (-3.3895314e38, -1e30, 0),
        (-1e32, -5e33, 3),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_fills_are_alike_when_they_are_the_same_or_both_known_as_fills(
    one: float, other: float, unequal: int, dtype: str
) -> None:
    a: Array = normal(3, 8).astype(dtype)
    b = a.copy()
    a[:, 0], b[:, 0] = one, other
    for centred in (False, True):
        got = Difference(1e-3, centred=centred)
        got.add(a, b, np.arange(3), np.zeros(3, np.int64))
        seen = got.measurement()
        assert (unequal, 3, 3) == (
            seen.non_finite_unequal,
            seen.non_finite_reference,
            seen.non_finite_candidate,
        )


def test_values_whose_squares_leave_float32_are_measured_all_the_same() -> None:
    for scale in (1e25, 1e-25):
        a = (normal(4, 16).astype(np.float64) * scale).astype(np.float32)
        got = measure(a, (a * np.float32(1.5)).astype(np.float32))
        assert pytest.approx(0.5, rel=1e-6) == got.relative_l2


@pytest.mark.parametrize(
    ("one", "other"),
    [((2, 3), (3, 2)), ((2, 3), (2, 4)), ((6,), (6,))],
)
def test_line_10_shapes_that_differ_are_refused_not_transposed(
    one: tuple[int, ...], other: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        Difference().add(np.zeros(one), np.zeros(other), [0, 1], [0, 0])


def test_line_11_ids_are_compared_as_integers() -> None:
    a, b = np.array([[2**53]]), np.array([[2**53 + 1]])
    got = measure(a, b, 0.0)
    assert (1.0, (0, 0, 0), 1, False) == (
        got.max_abs,
        got.max_abs_at,
        got.positions_beyond,
        got.bitwise_equal,
    )
    assert measure(a, a.copy(), 0.0).bitwise_equal


def test_integers_from_end_to_end_do_not_wrap_into_equality() -> None:
    info = np.iinfo(np.int64)
    assert 2.0**64 == measure(np.array([[info.min]]), np.array([[info.max]])).max_abs


def test_integers_and_floats_are_not_compared_through_a_cast() -> None:
    with pytest.raises(ValueError, match="int64 cannot be compared with float32"):
        measure(np.zeros((1, 1), np.int64), np.zeros((1, 1), np.float32))


def test_line_12_permuted_rows_of_equal_mean_are_seen() -> None:
    a = normal(6, 8)
    got = measure(a, a[::-1].copy(), 1e-3)
    assert (6, 6) == (got.rows_beyond, got.positions_beyond)


@pytest.mark.parametrize("share", [0.2, 0.8])
@pytest.mark.parametrize("garbage", [1e9, np.nan, np.inf])
def test_line_13_padding_full_of_garbage_is_parity(share: float, garbage: float) -> None:
    a = normal(500, 16)
    real = np.random.default_rng(0).random(500) > share
    b = a.copy()
    b[~real] = garbage
    difference = Difference(1e-6)
    difference.add(a, b, np.arange(500), np.zeros(500, int), real=real)
    got = difference.measurement()
    assert (True, 0.0, int(real.sum()), 0, 0) == (
        got.bitwise_equal, got.relative_l2, got.positions, got.non_finite_candidate, got.positions_beyond
    )  # fmt: skip
    assert int(real.sum()) == got.rows


def test_line_14_a_constant_on_every_logit_of_a_row_vanishes_by_centring() -> None:
    a = normal(40, 5)
    shifted = a.astype(np.float64) + 3 * normal(40, 1, seed=2)
    assert (measure(a.astype(np.float64), shifted).relative_l2 or 0) > 0.5
    assert (measure(a.astype(np.float64), shifted, centred=True).relative_l2 or 0) < 1e-15


def test_centring_agrees_with_naive_float64() -> None:
    a, b = normal(40, 5), normal(40, 5, seed=1)
    x, y = (side.astype(np.float64) - side.astype(np.float64).mean(axis=1, keepdims=True) for side in (a, b))
    got = measure(a, b, centred=True)
    assert pytest.approx(float(np.linalg.norm(y - x) / np.linalg.norm(x)), rel=1e-12) == got.relative_l2


def test_line_15_noise_on_eight_million_elements_is_no_larger_than_on_eight_thousand() -> None:
    few, many = (measure(a, noisy(a, 1e-6), 1e-5) for a in (normal(20, 400), normal(20_000, 400)))
    assert pytest.approx(few.relative_l2, rel=0.05) == many.relative_l2
    assert 0 == many.positions_beyond


def test_line_16_outlier_dimensions_raise_the_largest_difference_and_not_the_relative_one() -> None:
    a = normal(200, 64)
    a[:, 7] *= 400
    got = measure(a, (a * (1 + 1e-7 * normal(200, 64, seed=4))).astype(np.float32), 1e-6)
    assert (got.max_abs or 0) > 5e-5
    assert (got.relative_l2 or 1) < 2e-7
    assert 0 == got.positions_beyond


def test_line_17_one_minus_cosine_of_nearly_equal_vectors_is_not_zero() -> None:
    a = normal(1000, 256)
    b = noisy(a, 1e-6)
    x, y = a.astype(np.longdouble), b.astype(np.longdouble)
    truth = float(1 - (x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum()))
    assert 1e-13 < truth < 1e-12
    assert pytest.approx(truth, rel=1e-3) == measure(a, b).cosine_distance


def test_line_19_noise_around_zero_is_measured_against_what_the_stage_holds() -> None:
    a = normal(100, 64)
    a[3] = 1e-9
    b = noisy(a, 1e-7)
    assert ((3, 0),) == measure(a, b, 1e-5, vector_floor=0.0).first_beyond
    assert () == measure(a, b, 1e-5).first_beyond


def test_the_largest_difference_is_placed_by_row_position_and_unit() -> None:
    difference = Difference(1e-3)
    for row in (5, 2):
        a = np.ones((4, 6), np.float32)
        b = a.copy()
        b[1, 4] = b[3, 2] = 2
        difference.add(a, b, np.full(4, row), np.arange(4) + 10)
    got = difference.measurement()
    assert ((2, 11, 4), ((2, 11), (2, 13), (5, 11), (5, 13))) == (got.max_abs_at, got.first_beyond)
    assert (2, 4, 8, 2) == (got.rows_beyond, got.positions_beyond, got.positions, got.rows)


def test_only_eight_places_beyond_are_kept() -> None:
    a = normal(50, 4)
    got = measure(a, -a, 0.1)
    assert (50, tuple((k, 0) for k in range(8))) == (got.positions_beyond, got.first_beyond)


def test_the_worst_position_is_said_by_its_own_size() -> None:
    a = normal(50, 16)
    b = a.copy()
    b[7] *= 1.25
    assert pytest.approx(0.25, rel=1e-6) == measure(a, b, vector_floor=0.0).worst_position


def test_nothing_merged_is_nothing_measured() -> None:
    assert Difference().measurement() == Difference.merged([]).measurement()


def test_a_zero_reference_is_not_a_pass() -> None:
    assert math.inf == measure(np.zeros((2, 2), np.float32), np.ones((2, 2), np.float32), 1e-3).relative_l2


def test_a_candidate_of_zeros_has_no_norm() -> None:
    a = normal(30, 20)
    got = measure(a, np.zeros_like(a))
    assert (0.0, None) == (got.norm_ratio, got.cosine_distance)
    assert pytest.approx(1.0, rel=1e-7) == got.relative_l2


def close(one: Measurement, other: Measurement) -> None:
    """Counts, places and largest values to the bit, sums to the last places."""
    first, second = dataclasses.asdict(one), dataclasses.asdict(other)
    for name, value in first.items():
        if isinstance(value, float) and name != "max_abs":
            assert pytest.approx(value, rel=1e-9, abs=1e-18) == second[name], name
        else:
            assert value == second[name], name


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 9), st.integers(0, 2**32 - 1), st.data())
def test_neither_batches_nor_their_order_change_what_is_measured(
    rows: int, width: int, seed: int, data: Any
) -> None:
    generator = np.random.default_rng(seed)
    a = generator.standard_normal((rows, width)).astype(np.float32)
    b = np.where(generator.random((rows, width)) < 0.3, a, a + generator.choice([1e-7, 1e-3, 1.0], (rows, 1)))
    b = b.astype(np.float32)
    b[generator.random((rows, width)) < 0.02] = np.nan
    at, position = np.arange(rows) // 3, np.arange(rows) % 3
    whole, parts = (Difference(1e-4, vector_floor=0.5) for _ in range(2))
    whole.add(a, b, at, position)
    order = generator.permutation(rows)
    cuts = sorted(data.draw(st.lists(st.integers(0, rows), max_size=4)))
    for part in np.split(order, cuts):
        parts.add(a[part], b[part], at[part], position[part])
    close(whole.measurement(), parts.measurement())
    pieces = [Difference(1e-4, vector_floor=0.5) for _ in range(len(cuts) + 1)]
    for piece, part in zip(pieces, np.split(order, cuts), strict=True):
        piece.add(a[part], b[part], at[part], position[part])
    close(whole.measurement(), Difference.merged(pieces).measurement())


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 2**32 - 1))
@example(1, 1, 140)
def test_turning_the_sides_round_keeps_what_is_symmetric(rows: int, width: int, seed: int) -> None:
    a, b = normal(rows, width, seed=seed), normal(rows, width, seed=seed + 1)
    forth, back = measure(a, b), measure(b, a)
    assert forth.max_abs == back.max_abs
    assert pytest.approx(forth.rmse, rel=1e-6) == back.rmse
    assert pytest.approx(forth.cosine_distance, rel=1e-5, abs=1e-7) == back.cosine_distance
    assert pytest.approx(1 / (forth.norm_ratio or 1), rel=1e-5) == back.norm_ratio
