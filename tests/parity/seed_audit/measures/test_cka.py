"""Debiased CKA of vectors and of populations, with its jackknife."""

# scipy, scikit-learn and the other references are untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false, reportCallIssue=false

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
import scipy.optimize  # type: ignore[import-untyped]
import scipy.special  # type: ignore[import-untyped]
import scipy.stats  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.seed_audit.measures.cka import population_similarity, similarity

Floats = npt.NDArray[np.float64]


def vectors(rows: int, seed: int = 0) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, 6)) + 5
    return x, x @ rng.standard_normal((6, 9)) + rng.standard_normal((rows, 9))


@pytest.mark.parametrize("rows", [4, 5, 40])
def test_debiased_cka_is_the_product_of_u_centred_gram_matrices(rows: int) -> None:
    import dcor

    x, y = vectors(rows)
    # u_centered is made for distances, whose diagonal is 0.
    grams = [(side @ side.T) * (1 - np.eye(rows)) for side in (x - x.mean(0), y - y.mean(0))]
    one, other = (dcor.u_centered(gram) for gram in grams)
    norms = dcor.u_product(one, one) * dcor.u_product(other, other)
    found = similarity(x, y)
    assert pytest.approx(dcor.u_product(one, other) / math.sqrt(norms), abs=1e-9) == found.cka
    assert (rows, "measured") == (found.vectors, found.state)


def test_unrelated_vectors_have_a_cka_near_zero_though_features_outnumber_them() -> None:
    rng = np.random.default_rng(0)
    found = similarity(rng.standard_normal((128, 384)), rng.standard_normal((128, 384)))
    assert found.cka is not None and abs(found.cka) < 0.03


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_cka_ignores_rotation_scale_shift_and_the_order_of_vectors(seed: int, scale: float) -> None:
    x, y = vectors(20, seed)
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    rows = rng.permutation(20)
    assert pytest.approx(similarity(x, y).cka) == similarity((scale * x @ turn + 3)[rows], y[rows]).cka
    assert pytest.approx(1.0) == similarity(x, x @ turn).cka


def test_the_jackknife_leaves_out_examples_for_real() -> None:
    x, y = vectors(60)
    example = np.repeat(np.arange(20), 3)
    without = np.array(
        [similarity(x[example != k], y[example != k]).cka for k in range(20)], dtype=np.float64
    )
    found = similarity(x, y, example)
    half = scipy.stats.t.ppf(0.975, 19) * math.sqrt(19 / 20 * ((without - without.mean()) ** 2).sum())
    assert found.cka is not None and found.cka_interval is not None
    assert pytest.approx(found.cka - half) == found.cka_interval.low


def test_the_mean_cka_of_a_population_has_the_jackknife_of_its_mean() -> None:
    rng = np.random.default_rng(0)
    base = rng.standard_normal((60, 6))
    runs = [base @ rng.standard_normal((6, 6)) + rng.standard_normal((60, 6)) for _ in range(3)]
    example = np.repeat(np.arange(20), 3)
    without = np.array([population_similarity([x[example != k] for x in runs]).cka for k in range(20)])
    found = population_similarity(runs, example)
    half = scipy.stats.t.ppf(0.975, 19) * math.sqrt(19 / 20 * ((without - without.mean()) ** 2).sum())
    assert found.cka is not None and found.cka_interval is not None
    assert pytest.approx(found.cka + half) == found.cka_interval.high
    assert population_similarity(runs).cka_interval is None


def test_only_pairs_that_are_asked_for_are_in_a_populations_mean() -> None:
    x, y = vectors(30)
    z = np.roll(y, 1, axis=0)
    used = np.zeros((3, 3), dtype=bool)
    used[0, 1] = used[1, 0] = True
    found = population_similarity([x, y, z], used=used)
    assert (1, similarity(x, y).cka) == (found.pairs, found.cka)


def test_a_stage_that_is_constant_has_no_cka_and_never_one() -> None:
    x, y = vectors(30)
    still = np.broadcast_to(x[:1], x.shape) * (1 + 1e-7 * np.random.default_rng(0).standard_normal((30, 1)))
    for one, other in ((still, y), (y, still), (still, still), (np.zeros((30, 6)), y)):
        assert (None, None, "constant") == (
            (found := similarity(one, other, np.arange(30))).cka,
            found.cka_interval,
            found.state,
        )


def test_few_vectors_and_values_that_are_no_numbers_are_said() -> None:
    x, y = vectors(3)
    assert "few" == similarity(x, y).state
    x, y = vectors(30)
    x[3, 2] = np.nan
    assert ("not_finite", None, None) == ((found := similarity(x, y)).state, found.cka, found.cosine)


def test_cosine_and_relative_l2_stand_beside_cka_for_equal_widths() -> None:
    x, _ = vectors(40)
    y = x + np.random.default_rng(1).standard_normal(x.shape)
    found = similarity(x, y)
    cosines = 1 - np.array([scipy.spatial.distance.cosine(a, b) for a, b in zip(x, y, strict=True)])
    assert pytest.approx(cosines.mean()) == found.cosine
    assert pytest.approx(np.linalg.norm(y - x) / np.linalg.norm(x)) == found.relative_l2
    assert similarity(x, vectors(40)[1]).cosine is None


def test_a_population_is_told_by_its_pairs() -> None:
    x, _ = vectors(40)
    rng = np.random.default_rng(0)
    runs = [x + 0.3 * rng.standard_normal(x.shape) for _ in range(3)]
    found = population_similarity(runs)
    ckas = [similarity(runs[a], runs[b]).cka or 0 for a, b in ((0, 1), (0, 2), (1, 2))]
    assert pytest.approx((np.mean(ckas), min(ckas))) == (found.cka, found.cka_least)
    assert (3, 0) == (found.pairs, found.undefined)
    assert 1 == population_similarity([x, np.ones_like(x)]).undefined
