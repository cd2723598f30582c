"""The noise floor, against rounding that is really done."""

from __future__ import annotations

import math

import numpy as np
import pytest

from parity.noise import UNIT_ROUNDOFF, StageNoise, floor_of
from parity.policy import BUILT_IN

FAITHFUL = BUILT_IN["faithful"]


def test_two_independent_float32_roundings_of_one_product_differ_by_about_the_floor() -> None:
    generator = np.random.default_rng(7)
    a, b = generator.normal(size=(64, 512)), generator.normal(size=(512, 64))
    exact = a @ b
    order = generator.permutation(512)
    runs = [
        (a.astype(np.float32) @ b.astype(np.float32)).astype(float),
        (a[:, order].astype(np.float32) @ b[order].astype(np.float32)).astype(float),
    ]
    errors = [float(np.linalg.norm(run - exact) / np.linalg.norm(exact)) for run in runs]
    floor = floor_of(
        "logits",
        {"logits": StageNoise(errors[0], 0.0)},
        {"logits": StageNoise(errors[1], 0.0)},
        FAITHFUL,
        float64_is_pure=True,
    )
    between = float(np.linalg.norm(runs[0] - runs[1]) / np.linalg.norm(exact))
    assert between <= floor.allowed
    assert between >= floor.relative_l2 / 10


def test_a_coarse_candidate_is_not_excused_by_its_own_coarseness() -> None:
    fine, coarse = {"logits": StageNoise(3e-7, 1e-6)}, {"logits": StageNoise(5e-3, 1e-2)}
    one = floor_of("logits", fine, coarse, FAITHFUL, float64_is_pure=True)
    other = floor_of("logits", coarse, fine, FAITHFUL, float64_is_pure=True)
    assert one == other
    assert math.sqrt(2) * 3e-7 == pytest.approx(one.relative_l2)


def test_nothing_is_finer_than_the_unit_roundoff_and_the_unmeasured_says_so() -> None:
    floor = floor_of("embeddings", {}, {}, FAITHFUL, float64_is_pure=True)
    assert UNIT_ROUNDOFF == floor.relative_l2
    assert not floor.measured
    assert floor.max_abs is None


def test_a_policy_can_name_a_stages_own_limit() -> None:
    policy = BUILT_IN["faithful"].__class__(
        name="own", floor_factor=5.0, float64_limit=1e-12, check_float64=True, stages={"layer.3": 1e-3}
    )
    floor = floor_of("layer.3", {"layer.3": StageNoise(1e-7, 1e-6)}, {}, policy, float64_is_pure=True)
    assert 1e-3 == floor.allowed
    assert 1e-3 == floor.float64_allowed


def test_float64_that_is_mixed_inside_proves_no_more_than_float32() -> None:
    noise = {"layer.0": StageNoise(3e-7, 1e-6)}
    pure = floor_of("layer.0", noise, noise, FAITHFUL, float64_is_pure=True)
    mixed = floor_of("layer.0", noise, noise, FAITHFUL, float64_is_pure=False)
    assert 1e-11 > pure.float64_allowed
    assert mixed.allowed == mixed.float64_allowed
