"""Failed runs: what is said of one is what was seen, and nobody fails a limit that cannot be passed."""

from __future__ import annotations

import numpy as np

from parity.seed_audit.population.failed import failed_runs
from parity.seed_audit.population.population import Population


def right(labels: list[int], wrong: int = 0) -> Population:
    """One run that is right but for the first so many."""
    picked = np.array([1 - label if place < wrong else label for place, label in enumerate(labels)])
    return Population(4.0 * np.eye(2)[picked][None], np.array(labels))


def test_an_accuracy_that_is_not_shown_to_be_above_the_largest_class_is_said_with_its_limit() -> None:
    found = failed_runs(right([0] * 190 + [1] * 10, wrong=4))
    assert [("metric",)] == [run.reasons for run in found.failed]
    expected = "its accuracy of 98.0 % is not shown to be above the largest class's 95.0 % (limit 98.1 %)"
    assert expected == found.sentence(found.failed[0])


def test_where_no_accuracy_is_above_the_limit_nothing_is_told_by_it() -> None:
    found = failed_runs(right([0, 1]))
    assert ((), None, 0.5) == (found.failed, found.accuracy_limit, found.majority)


def test_a_loss_and_logits_that_are_no_numbers_are_said() -> None:
    made = right([0, 1] * 50)
    found = failed_runs(made, [0.69])
    assert "its final loss is 0.69 nats, the loss of guessing (limit 0.658 nats)" == found.sentence(
        found.failed[0]
    )
    broken = Population(np.where(np.arange(100)[:, None] == 7, np.nan, made.logits), made.labels)
    found = failed_runs(broken, [float("nan")])
    expected = "its final loss is no number (limit 0.658 nats), some of its logits are not finite"
    assert expected == found.sentence(found.failed[0])
