"""Perplexity against its definition, and its interval against the same statistics written down plainly, and by leaving out texts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.metrics.metric import Outputs
from parity.metrics.registry import find_metric
from parity.statistics.quantiles import t_quantile
from tests.seed_runs import population

PERPLEXITY = find_metric("perplexity")
SEEDS = st.integers(0, 2**32 - 1)


def _sides(
    seed: int, texts: int, apart: float
) -> tuple[list[np.ndarray], list[np.ndarray], Outputs, Outputs]:
    """-ln p of the tokens of some texts on two sides, and the outputs that have them."""
    draw = np.random.default_rng(seed)
    lengths = draw.integers(1, 9, texts)
    here: list[np.ndarray] = [draw.exponential(3.0, length) + 0.01 for length in lengths]
    there = [np.maximum(one + apart * draw.normal(size=len(one)), 1e-3) for one in here]
    rows = np.repeat(np.arange(texts), lengths)
    labels = np.zeros(len(rows), dtype=np.int64)
    outputs: list[Outputs] = []
    for side in (here, there):
        p = np.exp(-np.concatenate(side))
        outputs.append(Outputs(np.log(np.stack([p, 1 - p], axis=1)), labels, labels, rows=rows))
    return here, there, outputs[0], outputs[1]


def test_it_is_the_exponential_of_nll() -> None:
    outputs = population(3, 60, known=0.8).outputs()
    assert pytest.approx(np.exp(find_metric("nll").values(outputs))) == PERPLEXITY.values(outputs)


def test_without_a_token_it_is_that_of_the_others() -> None:
    made = population(2, 30)
    rest = made.of_examples(np.delete(np.arange(30), 7)).outputs()
    assert pytest.approx(PERPLEXITY.deleted(made.outputs())[:, 7]) == PERPLEXITY.values(rest)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(2, 40), st.floats(1e-3, 1.0))
def test_the_interval_is_that_of_the_influence_of_each_text(seed: int, texts: int, apart: float) -> None:
    here, there, one, other = _sides(seed, texts, apart)
    paired = PERPLEXITY.paired()
    paired.add(one, other)
    length = sum(map(len, here)) / texts
    values: list[float] = []
    influences: list[np.ndarray] = []
    for side in (here, there):
        mean = np.concatenate(side).mean()
        values.append(np.exp(mean))
        influences.append(np.exp(mean) * np.array([(text - mean).sum() for text in side]) / length)
    assert pytest.approx(values, rel=1e-9) == list(paired.values())
    half = t_quantile(0.975, texts - 1) * (influences[1] - influences[0]).std(ddof=1) / np.sqrt(texts)
    found = paired.interval(0.95)
    assert found is not None
    middle = values[1] - values[0]
    assert pytest.approx([middle - half, middle + half], rel=1e-5, abs=1e-9) == [found.low, found.high]


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(2, 20))
def test_texts_may_come_in_any_batches(seed: int, texts: int) -> None:
    _, _, one, other = _sides(seed, texts, 0.1)
    whole, parts = PERPLEXITY.paired(), PERPLEXITY.paired()
    whole.add(one, other)
    assert one.rows is not None
    for row in range(texts):
        some = one.rows == row
        parts.add(
            *(
                Outputs(side.logits[some], side.predictions[some], side.labels[some], rows=one.rows[some])
                for side in (one, other)
            )
        )
    assert pytest.approx(list(whole.values())) == list(parts.values())


def test_sides_that_differ_by_little_are_told_apart_and_equal_ones_bound_nothing() -> None:
    here, _, one, other = _sides(0, 200, 1e-9)
    paired = PERPLEXITY.paired()
    paired.add(one, other)
    interval = paired.interval(0.95)
    assert interval is not None
    assert 0 < interval.high - interval.low < 1e-6 * np.exp(np.concatenate(here).mean())
    same = PERPLEXITY.paired()
    same.add(one, one)
    assert same.interval(0.95) is None


def test_a_token_without_any_chance_makes_it_infinite() -> None:
    labels = np.zeros(2, dtype=np.int64)
    outputs = Outputs(np.array([[0.0, 0.0], [-np.inf, 0.0]]), labels, labels)
    paired = PERPLEXITY.paired()
    paired.add(outputs, outputs)
    assert (np.inf, np.inf) == paired.values()
    assert paired.interval(0.95) is None
