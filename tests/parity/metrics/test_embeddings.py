"""Metrics of embeddings against their definitions, written down plainly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.metrics.embedding_metric import EmbeddedTexts
from parity.metrics.registry import embedding_metrics

SPEARMAN, RECALL = embedding_metrics()
SEEDS = st.integers(0, 2**32 - 1)


def _directions(draw: np.random.Generator, count: int) -> np.ndarray:
    vectors = draw.normal(size=(count, 5))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _scored(seed: int, pairs: int, apart: float) -> EmbeddedTexts:
    """Pairs of texts as rows 2n and 2n + 1, with scores of which some are equal."""
    draw = np.random.default_rng(seed)
    here = _directions(draw, 2 * pairs)
    there = here + apart * draw.normal(size=here.shape)
    there /= np.linalg.norm(there, axis=1, keepdims=True)
    scores = np.round(5 * draw.random(pairs), 1)
    labels: list[str | None] = [str(score) for score in scores for _ in (0, 1)]
    return EmbeddedTexts(here, there, labels, np.arange(2 * pairs) ^ 1)


def _rank(values: np.ndarray) -> np.ndarray:
    return np.array([(values < one).sum() + ((values == one).sum() + 1) / 2 for one in values])


def _correlation(vectors: np.ndarray, labels: list[str | None]) -> float:
    cosines = (vectors[::2] * vectors[1::2]).sum(axis=1)
    scores = np.array([float(str(label)) for label in labels[::2]])
    return float(np.corrcoef(_rank(cosines), _rank(scores))[0, 1])


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(5, 30), st.floats(0.01, 1.0))
def test_spearman_is_the_correlation_of_ranks_and_its_interval_a_jackknife(
    seed: int, pairs: int, apart: float
) -> None:
    texts = _scored(seed, pairs, apart)
    found = SPEARMAN.measure(texts, 0.95)
    assert found is not None
    sides = (texts.reference, texts.candidate)
    expected = [_correlation(side, texts.labels) for side in sides]
    assert pytest.approx(expected) == [found.reference, found.candidate]
    assert pairs == found.scored
    changes: list[float] = []
    for pair in range(pairs):
        kept = np.delete(np.arange(2 * pairs), [2 * pair, 2 * pair + 1])
        labels = [texts.labels[place] for place in kept]
        one, other = (_correlation(side[kept], labels) for side in sides)
        changes.append(other - one)
    variance = (pairs - 1) / pairs * ((np.array(changes) - np.mean(changes)) ** 2).sum()
    if found.interval is not None and -2 < found.interval.low and found.interval.high < 2:
        middle = (found.interval.low + found.interval.high) / 2
        assert pytest.approx(expected[1] - expected[0], abs=1e-9) == middle
        from parity.statistics.quantiles import t_quantile

        half = t_quantile(0.975, pairs - 1) * np.sqrt(variance)
        assert pytest.approx(half, rel=1e-6) == (found.interval.high - found.interval.low) / 2


def test_equal_sides_have_no_interval_and_too_few_or_unscored_pairs_no_value() -> None:
    texts = _scored(0, 10, 0.0)
    found = SPEARMAN.measure(texts, 0.95)
    assert found is not None
    assert found.interval is None
    few = EmbeddedTexts(texts.reference[:4], texts.candidate[:4], texts.labels[:4], texts.partners[:4])
    assert SPEARMAN.measure(few, 0.95) is None
    named = texts._replace(labels=["same"] * 20)
    assert SPEARMAN.measure(named, 0.95) is None
    assert RECALL.measure(texts, 0.95) is None


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(4, 40), st.integers(2, 6))
def test_recall_is_the_share_of_texts_with_one_of_their_label_near(
    seed: int, count: int, classes: int
) -> None:
    draw = np.random.default_rng(seed)
    sides = [_directions(draw, count) for _ in (0, 1)]
    labels: list[str | None] = [f"c{number}" for number in draw.integers(0, classes, count)]
    texts = EmbeddedTexts(sides[0], sides[1], labels, np.full(count, -1))
    k = min(10, (count - 1) // 2)
    asked = [place for place in range(count) if labels.count(labels[place]) > 1]
    found = RECALL.measure(texts, 0.95)
    if not asked:
        assert found is None
        return
    assert found is not None
    for side, value in zip(sides, (found.reference, found.candidate), strict=True):
        near = side @ side.T
        np.fill_diagonal(near, -np.inf)
        right = [
            any(labels[int(other)] == labels[place] for other in np.argsort(-near[place])[:k])
            for place in asked
        ]
        assert pytest.approx(np.mean(right)) == value
    assert len(asked) == found.scored
    assert found.interval is not None
    assert found.interval.low <= found.candidate - found.reference <= found.interval.high
