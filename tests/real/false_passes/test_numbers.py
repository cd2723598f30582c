"""Two files of logits whose difference a metric does not see, or takes for more than it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.real.asking import compare, stage
from tests.real.pairs import Array, first_stage, normal, not_compared, of_logits, statuses

pytestmark = [pytest.mark.real]


@pytest.mark.false_pass(4)
def test_one_element_of_8192_is_found_with_its_place(tmp_path: Path) -> None:
    """One element off by 0.5. Fools metrics that look like a cosine."""
    logits = normal(64, 8192, scale=3)
    other = logits.copy()
    other[17, 4321] -= 0.5
    cosine = float((logits[17] @ other[17]) / np.linalg.norm(logits[17]) / np.linalg.norm(other[17]))
    assert cosine > 0.9999
    audit = of_logits(logits, other, tmp_path)
    record = stage(audit, "logits")
    assert "divergent" == audit.verdict
    assert ("[row 17, class 4321]", 17) == (
        record.max_abs.at,
        audit.first_divergence and audit.first_divergence.example,
    )
    assert np.isclose(0.5 / np.linalg.norm(logits[17]), record.worst_position or 0.0, rtol=1e-3)


@pytest.mark.false_pass(5)
@pytest.mark.parametrize("factor", [1.03, 10.0])
def test_everything_times_a_factor_is_divergent_by_that_factor(factor: float, tmp_path: Path) -> None:
    """Everything × 1.03, or × 10. Fools cosine similarity."""
    logits = normal(50, 4)
    audit = of_logits(logits, logits * np.float32(factor), tmp_path)
    record = stage(audit, "logits")
    assert "divergent" == audit.verdict
    assert (record.cosine_distance or 0.0) < 1e-7
    assert np.isclose(factor, record.norm_ratio or 0.0)
    assert np.isclose(factor - 1, record.relative_l2 or 0.0)
    assert "output.temperature" in {finding.cause for finding in audit.findings}


@pytest.mark.false_pass(14)
def test_a_constant_added_to_every_logit_of_a_row_is_said_and_moves_no_probability(tmp_path: Path) -> None:
    """A constant added to every logit of a row. Alarms all that compare raw logits alone."""
    logits = normal(400, 3).astype(np.float64)
    shifts = np.arange(400)[:, None] / 16
    audit = of_logits(logits, logits + shifts, tmp_path)
    assert ("divergent", "logits") == (audit.verdict, first_stage(audit))
    assert {"equal", "within_noise"} >= statuses(audit, "probabilities", "label")
    centred = stage(audit, "logits").centred_relative_l2
    assert centred is not None and centred < 1e-14
    assert any("differ only by a constant" in finding.sentence for finding in audit.findings)
    allowed = of_logits(logits, logits + shifts, tmp_path / "allowed", "--policy", "decisions")
    assert ("equivalent", 0) == (allowed.verdict, allowed.exit_code)


@pytest.mark.false_pass(15)
@pytest.mark.long
def test_rounding_of_eight_million_elements_is_noise(tmp_path: Path) -> None:
    """Noise of 1e-6 on 8 million elements. Alarms L2 thresholds that do not know the size."""
    logits = normal(8000, 1000, scale=10)
    other = logits + normal(8000, 1000, seed=1, scale=1e-6)
    assert np.linalg.norm(other - logits) > 1e-3
    audit = of_logits(logits, other, tmp_path)
    assert "parity" == audit.verdict, audit.headline
    assert 8_000_000 == stage(audit, "logits").compared


@pytest.mark.false_pass(17)
def test_a_cosine_distance_below_the_rounding_of_float32_is_measured(tmp_path: Path) -> None:
    """fp32 `1 - cos` of nearly equal vectors is exactly 0, where the truth is 5e-13."""
    logits = normal(40, 500)
    other = logits * (1 + normal(40, 500, seed=1, scale=1e-6))
    a, b = (side.ravel() for side in (logits, other))
    assert abs(1 - a @ b / np.sqrt(a @ a) / np.sqrt(b @ b)) in {0.0, 2.0**-24, 2.0**-23}
    x, y = (side.astype(np.longdouble) for side in (a, b))
    x, y = x / np.sqrt(x @ x), y / np.sqrt(y @ y)
    truth = float((x - y) @ (x - y) / 2)
    record = stage(of_logits(logits, other, tmp_path), "logits")
    assert 1e-13 < truth < 1e-12
    assert np.isclose(truth, record.cosine_distance or 0.0, rtol=1e-3)


@pytest.mark.false_pass(18)
def test_a_divergence_of_nearly_equal_distributions_is_measured_and_not_negative(tmp_path: Path) -> None:
    """fp32 KL reads 5e-9 with some rows negative, where the truth is 5e-11."""
    logits = normal(300, 5)
    other = logits + normal(300, 5, seed=1, scale=1e-5)

    def divergences(kind: type[np.floating[Any]]) -> Array:
        p, q = (np.exp(side.astype(kind)) for side in (logits, other))
        p, q = p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True)
        return np.asarray((p * np.log(p / q)).sum(axis=1))

    truth = float(divergences(np.longdouble).mean())
    assert divergences(np.float32).min() < 0
    audit = of_logits(logits, other, tmp_path)
    assert audit.decisions is not None
    (seen,) = audit.decisions.temperatures
    assert seen.kl_mean is not None and seen.kl_max is not None
    assert np.isclose(truth, seen.kl_mean, rtol=1e-4)
    assert 0 <= seen.kl_mean <= seen.kl_max


@pytest.mark.false_pass(19)
def test_noise_around_zero_is_scaled_by_the_row(tmp_path: Path) -> None:
    """An ULP distance of 2e9 from noise around zero. Alarms where ULP is the headline."""
    logits = normal(50, 4)
    logits[:, 2] = 1e-9
    other = logits.copy()
    other[:, 2] = -1e-9
    apart = logits[0, 2:3].view(np.int32).astype(np.int64) + (other[0, 2:3].view(np.int32) & 0x7FFFFFFF)
    assert apart[0] > 1e9
    assert "parity" == of_logits(logits, other, tmp_path).verdict


def test_one_row_of_ten_thousand_that_differs_slightly_is_found(tmp_path: Path) -> None:
    """The relative L2 of the whole stays within its noise; the row does not."""
    logits = normal(10_000, 3)
    other = logits.copy()
    other[6789] += np.array([3e-5, -3e-5, 0], np.float32)
    audit = of_logits(logits, other, tmp_path)
    record = stage(audit, "logits")
    assert (record.relative_l2 or 1.0) <= (record.allowed or 0.0)
    assert ("divergent", "logits") == (audit.verdict, first_stage(audit))
    assert "one position differs" in audit.headline
    assert [[6789, 0]] == record.first_beyond


def test_probabilities_at_another_temperature_are_divergent_where_no_label_flips(tmp_path: Path) -> None:
    """Every label agrees and every logit is equal to the bit; what is sold as a probability is not."""
    np.savez(tmp_path / "a.npz", logits=normal(50, 3))
    place = f"outputs:{tmp_path / 'a.npz'}"
    audit = compare(place, f"{place}?temperature=1.5", tmp_path / "audit")
    assert ("divergent", "probabilities") == (audit.verdict, first_stage(audit))
    assert {"equal"} == statuses(audit, "logits", "label")
    assert "output.temperature" in {finding.cause for finding in audit.findings}


def test_a_forbidden_class_does_not_drown_the_others(tmp_path: Path) -> None:
    """A logit of -1e9 for a class that may not be chosen: beside it a tenth in another is a relative L2 of 1e-10."""
    logits = np.concatenate([normal(50, 3), np.full((50, 1), -1e9, np.float32)], axis=1)
    other = logits.copy()
    other[:, 0] += 0.1
    audit = of_logits(logits, other, tmp_path)
    assert (stage(audit, "logits").relative_l2 or 1.0) < 1e-9
    assert ("divergent", "probabilities") == (audit.verdict, first_stage(audit))


def test_a_row_without_numbers_hides_no_other_row(tmp_path: Path) -> None:
    """One row is NaN on both sides, the other 399 are a fifth larger."""
    logits = normal(400, 3)
    logits[73] = np.nan
    audit = of_logits(logits, logits * np.float32(1.2), tmp_path)
    assert ("divergent", "logits") == (audit.verdict, first_stage(audit))
    assert {"logits", "probabilities"} == not_compared(audit)
    assert "relative L2 2.0e-01" in audit.headline


def test_two_great_numbers_are_not_alike_for_being_great(tmp_path: Path) -> None:
    """2e30 against 9e37, which a tool that sets fill values aside takes for the same filling."""
    logits, other = normal(30, 3), normal(30, 3)
    logits[5, 1], other[5, 1] = 2e30, 9e37
    audit = of_logits(logits, other, tmp_path)
    assert ("divergent", "logits") == (audit.verdict, first_stage(audit))
