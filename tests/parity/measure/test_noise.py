"""The noise floor, against rounding that is really done."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from parity.measure.noise import UNIT_ROUNDOFF, StageNoise, floor_of, rerun_limit
from parity.pair_audit.policy import BUILT_IN

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


def test_a_limit_is_told_apart_from_what_rounding_explains() -> None:
    noise = {"layer.3": StageNoise(1e-7, 1e-6)}
    policy = msgspec.structs.replace(FAITHFUL, stages={"layer.*": 1e-3})
    plain = floor_of("layer.3", noise, noise, FAITHFUL, float64_is_pure=True)
    limited = floor_of("layer.3", noise, noise, policy, float64_is_pure=True)
    assert (1e-3, plain.allowed, plain.float64_allowed, plain.max_abs) == (
        limited.limit,
        limited.noise_allowed,
        limited.noise_float64_allowed,
        limited.max_abs,
    )
    assert (None, plain.allowed) == (plain.limit, plain.noise_allowed)
    assert plain == floor_of("pooled", {"pooled": noise["layer.3"]}, {}, policy, float64_is_pure=True)


def test_a_factor_above_that_of_rounding_is_a_limit_and_not_noise() -> None:
    noise = {"layer.3": StageNoise(1e-7, 1e-6)}
    generous = msgspec.structs.replace(FAITHFUL, floor_factor=50_000.0, float64_limit=1e-3)
    floor = floor_of("layer.3", noise, noise, generous, float64_is_pure=True)
    plain = floor_of("layer.3", noise, noise, FAITHFUL, float64_is_pure=True)
    assert 10_000 * plain.allowed == pytest.approx(floor.allowed)
    assert floor.allowed == floor.limit
    assert (plain.allowed, plain.float64_allowed, plain.max_abs) == (
        floor.noise_allowed,
        floor.noise_float64_allowed,
        floor.max_abs,
    )
    strict = msgspec.structs.replace(FAITHFUL, floor_factor=2.0)
    assert floor_of("layer.3", noise, noise, strict, float64_is_pure=True).limit is None


def test_a_rerun_counts_as_rounding_up_to_a_limit_that_the_number_format_sets() -> None:
    assert rerun_limit("float32") < 1e-5 < rerun_limit("float16") < rerun_limit("bfloat16")
