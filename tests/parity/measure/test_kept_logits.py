"""What a trace keeps of a vocabulary's logits, against all of them: what is compared is right, and what is not kept cannot hide."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.measure.activation import log_softmax
from parity.measure.decision_rule import LARGEST
from parity.measure.kept_logits import KEPT, SUMS, KeptPair, KeptSide, compared, packed

SEEDS = st.integers(0, 2**32 - 1)
COLUMNS = st.integers(3, 300)
ROWS = 4


def _logits(seed: int, columns: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(scale=3.0, size=(ROWS, columns))


def _pair(here: np.ndarray, there: np.ndarray, *, live: bool = True, target: int = 0) -> KeptPair:
    targets = np.full(len(here), target)
    ours = KeptSide.of(packed(here, targets))
    theirs = KeptSide.of(packed(there, targets), there if live else None)
    return compared(ours, theirs, np.ones(len(here), dtype=bool))


@settings(max_examples=40, deadline=None)
@given(SEEDS, COLUMNS, st.booleans())
def test_the_same_logits_do_not_differ_in_anything(seed: int, columns: int, live: bool) -> None:
    logits = _logits(seed, columns)
    pair = _pair(logits, logits.copy(), live=live)
    for sides in (pair.values, pair.centred_values, pair.sums, pair.centred_sums, pair.choices, pair.shares):
        assert np.array_equal(sides.reference, sides.candidate)


@settings(max_examples=60, deadline=None)
@given(SEEDS, COLUMNS, st.floats(1e-6, 10.0))
def test_a_change_of_one_logit_moves_the_sums_by_its_size_wherever_it_is(
    seed: int, columns: int, size: float
) -> None:
    here = _logits(seed, columns)
    there = here.copy()
    there[:, seed % columns] += size
    sums = _pair(here, there).sums
    moved = np.linalg.norm(sums.reference - sums.candidate, axis=1)
    assert pytest.approx(np.full(ROWS, size), rel=1e-6) == moved


def test_the_sums_are_off_by_the_norm_of_what_differs() -> None:
    here = np.random.default_rng(0).normal(size=(400, 3000))
    change = np.random.default_rng(1).normal(size=here.shape) * 1e-3
    targets = np.full(400, -1)
    moved = packed(here + change, targets)[:, -SUMS:] - packed(here, targets)[:, -SUMS:]
    ratios = np.linalg.norm(moved, axis=1) / np.linalg.norm(change, axis=1)
    assert pytest.approx(1.0, abs=0.03) == ratios.mean()
    assert 0.3 < ratios.min() < ratios.max() < 2


@settings(max_examples=60, deadline=None)
@given(SEEDS, COLUMNS, st.floats(0.0, 2.0), st.booleans())
def test_decisions_and_margins_are_those_of_all_logits(
    seed: int, columns: int, apart: float, live: bool
) -> None:
    here = _logits(seed, columns)
    there = here + apart * _logits(seed ^ 1, columns)
    pair = _pair(here, there, live=live)
    for side, kept in zip((here, there), pair.choices, strict=True):
        picked = LARGEST.chosen(kept).argmax(axis=1)
        assert side.argmax(axis=1).tolist() == pair.options[np.arange(ROWS), picked].tolist()
        assert pytest.approx(LARGEST.margins(side)) == LARGEST.margins(kept)


@settings(max_examples=40, deadline=None)
@given(SEEDS, COLUMNS, st.floats(0.0, 1.0))
def test_probabilities_of_the_kept_are_those_of_all_logits_and_the_rest_is_one_share(
    seed: int, columns: int, apart: float
) -> None:
    here = _logits(seed, columns)
    there = here + apart * _logits(seed ^ 1, columns)
    pair = _pair(here, there, target=columns - 1)
    count = min(KEPT, columns)
    for number, side in enumerate((here, there)):
        shares = np.exp(log_softmax(pair.shares[number]))
        whole = np.exp(log_softmax(side))
        columns_kept = pair.options[:, :count]
        assert np.allclose(np.take_along_axis(whole, columns_kept, axis=1), shares[:, :-1], atol=1e-9)
        assert np.allclose(1.0, shares.sum(axis=1))
        assert np.allclose(log_softmax(side)[:, -1], pair.outlooks[number].target)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(70, 300), st.floats(-5.0, 5.0))
def test_a_constant_is_gone_where_means_are_taken_out(seed: int, columns: int, constant: float) -> None:
    here = _logits(seed, columns)
    pair = _pair(here, here + constant)
    for sides in (pair.centred_values, pair.centred_sums):
        assert np.allclose(sides.reference, sides.candidate, atol=1e-9)


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("other", [0.0, -1e32, np.inf, np.nan, -1.0])
def test_what_is_not_a_number_on_one_side_only_is_seen(other: float, live: bool) -> None:
    here = _logits(0, 200)
    here[:, 7] = -np.inf
    there = here.copy()
    same = _pair(here, there, live=live).sums
    assert np.array_equal(same.reference, same.candidate)
    there[:, 7] = other
    with np.errstate(invalid="ignore"):
        sums = _pair(here, there, live=live).sums
        moved = np.abs(sums.reference - sums.candidate)
    assert (~(moved < 1.0)).any(axis=1).all()


def test_a_logit_that_the_other_side_does_not_keep_is_taken_as_large_as_it_can_be() -> None:
    here = np.arange(200.0)[None, :]
    there = here.copy()
    there[0, 199] = -50.0
    pair = _pair(here, there, live=False)
    assert (199.0, 135.0) == (pair.values.reference[0, 0], pair.values.candidate[0, 0])
