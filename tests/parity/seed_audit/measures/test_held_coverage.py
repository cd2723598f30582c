"""How often the intervals of what is not a mean over examples hold what they are of, in populations whose truth is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from parity.seed_audit.measures.churn import churn
from parity.seed_audit.measures.metric_spread import metric_spread
from parity.statistics.interval import Interval
from tests.held_runs import scores, texts, vectors

_REPEATS = 120
# 0.95 less, and more, than three standard errors of a share of 120.
_LEAST = 0.95 - 3 * np.sqrt(0.95 * 0.05 / _REPEATS)


def covered(one: Callable[[np.random.Generator], bool]) -> float:
    return float(np.mean([one(np.random.default_rng(1000 + repeat)) for repeat in range(_REPEATS)]))


def holds(interval: Interval | None, truth: float) -> bool:
    return interval is not None and interval.low <= truth <= interval.high


@pytest.mark.parametrize(("runs", "seed_sd"), [(3, 0.0), (3, 0.1), (5, 0.1)])
def test_perplexity_and_churn_of_tokens_over_new_runs_and_new_texts(runs: int, seed_sd: float) -> None:
    def metric(rng: np.random.Generator) -> bool:
        made = texts(rng, runs, 60, seed_sd)
        found = metric_spread(made.population, "perplexity").overall
        return found is not None and holds(found.interval, made.metric)

    def of_tokens(rng: np.random.Generator) -> bool:
        made = texts(rng, runs, 60, seed_sd)
        return holds(
            churn(made.population.predictions, texts=made.population.texts).estimate.interval, made.churn
        )

    assert covered(metric) >= _LEAST
    assert covered(of_tokens) >= _LEAST


@pytest.mark.parametrize(("runs", "r"), [(3, 0.5), (3, 0.95), (5, 0.8)])
def test_spearman_over_new_runs_and_new_examples(runs: int, r: float) -> None:
    def metric(rng: np.random.Generator) -> bool:
        made = scores(rng, runs, 60, 0.1, r)
        found = metric_spread(made.population, "spearman").overall
        return found is not None and holds(found.interval, made.metric)

    assert covered(metric) >= _LEAST


def test_recall_over_new_runs_and_new_texts() -> None:
    truth = float(
        np.mean(
            [
                metric_spread(vectors(np.random.default_rng(10**6 + k), 2, 60), "recall_at_k").spread.mean
                for k in range(250)
            ]
        )
    )

    def metric(rng: np.random.Generator) -> bool:
        found = metric_spread(vectors(rng, 3, 60), "recall_at_k").overall
        return found is not None and holds(found.interval, truth)

    assert covered(metric) >= _LEAST
