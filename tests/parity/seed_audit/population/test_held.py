"""What is not decided by a class: choices, the tokens of texts, scores and vectors, by figures that were computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.measure.language import two_ways
from parity.metrics.registry import runs_metric
from parity.seed_audit.measures.arm import arm_statistics
from parity.seed_audit.measures.churn import by_text, churn
from parity.seed_audit.measures.metric_spread import metric_spread
from parity.seed_audit.measures.variance import grid_of, logit_split
from parity.seed_audit.population.arms import ArmRuns
from parity.seed_audit.population.failed import failed_runs
from parity.seed_audit.population.population import Population
from tests import held_runs
from tests.held_runs import held

SEEDS = st.integers(0, 2**32 - 1)
# Three texts of 2, 1 and 3 tokens; the second has a text before it that has no token to predict.
ROWS = np.array([0, 0, 2, 3, 3, 3])
LIKELY = np.array([[0.5, 0.25, 0.5, 0.25, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]])
PICKED = np.array([[7, 8, 7, 9, 9, 9], [7, 7, 7, 9, 9, 1]])
IDS = np.array([7, 8, 7, 9, 9, 9])


def of_tokens() -> Population:
    logits = np.stack([two_ways(np.log(run)) for run in LIKELY])
    return held("tokens", logits, PICKED, rows=ROWS, targets=IDS, texts=4)


def statistics(population: Population) -> ArmRuns:
    return ArmRuns("candidate", (), (), population, None, None, ())


def test_perplexity_of_runs_is_over_all_tokens_of_the_texts_that_have_some() -> None:
    made = of_tokens()
    assert made.labels is not None
    assert [0, -1, 0, 0] == made.labels.tolist()
    # The second run holds each token at a half: 2. The first one twice at a quarter: 2 ^ (8 / 6).
    assert pytest.approx([2 ** (8 / 6), 2.0]) == runs_metric("perplexity").values(made.outputs())
    assert (("perplexity",), 3) == (made.metrics, metric_spread(made, "perplexity").examples)


def test_without_each_text_it_is_the_perplexity_of_the_other_texts() -> None:
    made = of_tokens()
    # Without the first: 2 + 1 + 1 + 1 doublings over 4 tokens, and so on.
    assert (
        pytest.approx([2 ** (5 / 4), 2 ** (7 / 5), 2 ** (4 / 3)])
        == runs_metric("perplexity").deleted(made.outputs())[0]
    )
    for place, row in enumerate((0, 2, 3)):
        rest = made.of_examples(np.array([one for one in range(4) if one != row]))
        found = runs_metric("perplexity").values(rest.outputs())
        assert pytest.approx(found) == runs_metric("perplexity").deleted(made.outputs())[:, place]


def test_churn_of_texts_is_the_share_of_tokens_and_texts_are_what_is_independent() -> None:
    made = of_tokens()
    found = churn(made.predictions, texts=made.texts)
    assert pytest.approx(2 / 6) == found.estimate.value
    assert (3, "tokens") == (found.examples, found.of)
    assert found.estimate.interval is not None
    assert found.estimate.interval.low <= 2 / 6 <= found.estimate.interval.high
    # Sums 1, 0, 1 over 2, 1, 3 tokens: the mean, and each text's part of it.
    assert pytest.approx([1 / 3 + (1 - 2 / 3) / 2, 1 / 3 - 1 / 6, 1 / 3]) == by_text(
        np.array([0.0, 1.0, 0.0, 0.0, 0.0, 1.0]), ROWS
    )


def test_runs_of_a_language_model_that_are_no_better_than_the_commonest_token_have_failed() -> None:
    rows, ids = np.repeat(np.arange(50), 4), np.tile([7, 7, 8, 9], 50)
    picked = np.stack([ids, np.full(200, 7), np.full(200, 5)])
    logits = np.stack([two_ways(np.full(200, -1.0 - run)) for run in range(3)])
    found = failed_runs(held("tokens", logits, picked, rows=rows, targets=ids, texts=50))
    assert [1, 2] == [run.run for run in found.failed]
    assert found.sentence(found.failed[0]).endswith(
        "its accuracy of 50.0 % is not shown to be above the commonest token's 50.0 % (limit 57.1 %)"
    )


def test_choices_have_accuracy_nll_and_brier_and_a_choice_that_is_not_there_has_no_probability() -> None:
    none = -np.inf
    logits = np.log([[[0.5, 0.25, 0.25], [0.25, 0.75, 1.0]], [[0.25, 0.25, 0.5], [0.5, 0.5, 1.0]]])
    logits[:, 1, 2] = none
    made = held("choices", logits, targets=np.array([0, 1]))
    outputs = made.outputs()
    assert ("accuracy", "nll", "brier") == made.metrics[:3]
    assert "macro_f1" not in made.metrics
    assert [1.0, 0.0] == runs_metric("accuracy").values(outputs).tolist()
    assert pytest.approx([-np.log(0.5 * 0.75) / 2, -np.log(0.25 * 0.5) / 2]) == runs_metric("nll").values(
        outputs
    )
    assert pytest.approx([(0.375 + 0.125) / 2, (0.5625 + 0.0625 + 0.25 + 0.5) / 2]) == runs_metric(
        "brier"
    ).values(outputs)
    assert ((0.0, 1.0), (1.0, 0.0)) == churn(made.predictions).matrix


def test_choices_have_no_kappa_and_distances_of_the_choices_that_there_are() -> None:
    made = held_runs.choices(np.random.default_rng(0), 4, 60)
    record = arm_statistics(statistics(made), "accuracy", (1.0,), 0.95).record
    assert record.agreement is not None
    assert (None, None) == (record.agreement.kappa, record.agreement.chance)
    assert record.distances[0].kl.value is not None
    assert 0 < record.distances[0].kl.value < 5
    assert record.temperature is None


def test_guessing_between_choices_has_failed() -> None:
    draw = np.random.default_rng(3)
    logits = draw.standard_normal((2, 300, 4))
    right = draw.integers(0, 4, 300)
    logits[0, np.arange(300), right] += 4
    found = failed_runs(held("choices", logits, targets=right))
    assert [1] == [run.run for run in found.failed]
    assert "guessing" in found.sentence(found.failed[0])


def test_the_variance_of_logits_of_unequal_choices_is_of_those_that_there_are() -> None:
    made = held_runs.choices(np.random.default_rng(1), 4, 40)
    factors = tuple({"init_seed": run // 2, "order_seed": run % 2} for run in range(4))
    whole = Population(made.logits, made.labels, factors, decided=made.decided)
    grid = grid_of(whole, "init_seed", "order_seed")
    assert grid is not None
    assert np.isfinite(logit_split(whole, grid).rest.raw)


def test_by_scores_and_vectors_nothing_is_decided_and_only_the_metric_is_measured() -> None:
    draw = np.random.default_rng(2)
    for made, metric in (
        (held_runs.scores(draw, 4, 30, 0.1).population, "spearman"),
        (held_runs.vectors(draw, 4, 60), "recall_at_k"),
    ):
        found = arm_statistics(statistics(made), metric, (1.0,), 0.95)
        record = found.record
        assert (None, None, None, []) == (found.churn, found.agreement, record.temperature, record.distances)
        assert {metric} == set(record.metrics)
        assert record.metrics[metric].seed is None
        assert record.metrics[metric].overall is not None
        assert not made.decides


def test_scores_that_have_nothing_to_do_with_the_numbers_have_failed_and_so_have_equal_ones() -> None:
    gold = np.arange(40.0)
    logits = np.stack([gold, np.random.default_rng(4).permutation(gold), np.ones(40)])[..., None]
    made = held("scores", logits, gold=gold)
    found = failed_runs(made)
    assert [1, 2] == [run.run for run in found.failed]
    assert found.metric == "spearman"
    assert pytest.approx(2 / np.sqrt(39)) == found.metric_limit
    assert "is not defined, and chance alone gives up to 0.320" in found.sentence(found.failed[1])


def test_vectors_whose_neighbours_are_drawn_by_chance_have_failed() -> None:
    draw = np.random.default_rng(5)
    labels = np.repeat(np.arange(40), 2)
    good = np.repeat(draw.standard_normal((40, 8)), 2, axis=0) + 0.1 * draw.standard_normal((80, 8))
    made = held("vectors", np.stack([good, draw.standard_normal((80, 8))]), targets=labels)
    found = failed_runs(made)
    # One other text of the label among 79, ten of which are named.
    share = 10 / 79
    assert pytest.approx(share + 2 * np.sqrt(share * (1 - share) / 80)) == found.metric_limit
    assert [1] == [run.run for run in found.failed]


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(2, 5), st.integers(4, 20))
def test_a_metric_of_runs_does_not_depend_on_the_order_of_examples_or_of_runs(
    seed: int, runs: int, count: int
) -> None:
    draw = np.random.default_rng(seed)
    for made, metric in (
        (held_runs.texts(draw, runs, count, 0.1).population, "perplexity"),
        (held_runs.scores(draw, runs, count, 0.1).population, "spearman"),
        (held_runs.vectors(draw, runs, count), "recall_at_k"),
    ):
        turned = made.of_runs(range(runs)[::-1]).of_examples(np.arange(count)[::-1])
        found, other = metric_spread(made, metric), metric_spread(turned, metric)
        assert pytest.approx(found.spread.values[::-1], nan_ok=True) == other.spread.values
        if found.overall is not None:
            assert other.overall is not None
            assert pytest.approx(found.overall.standard_error) == other.overall.standard_error
