"""Logits that are the same numbers after all: another order of the columns, or one side's probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.measure.relations import Relation, Relations

LOGITS = np.random.default_rng(2).normal(size=(60, 4)) * 2


def relations(reference: Any, candidate: Any) -> Relations:
    sums = Relations()
    for start in range(0, len(reference), 25):
        sums.add(reference[start : start + 25], candidate[start : start + 25])
    return sums


def found(reference: Any, candidate: Any) -> Relation:
    relation = relations(reference, candidate).found()
    assert relation is not None
    return relation


def test_columns_in_another_order_are_found() -> None:
    order = [2, 0, 3, 1]
    moved = np.empty_like(LOGITS)
    moved[:, order] = LOGITS
    relation = found(LOGITS, moved.astype("float32"))
    assert ("columns", tuple(order)) == (relation.kind, relation.order)
    assert relation.left < 1e-6
    assert relation.apart > 0.1


def test_the_sigmoid_and_the_softmax_of_the_other_side_are_found_on_either() -> None:
    sigmoid = 1 / (1 + np.exp(-LOGITS))
    softmax = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    for values, kind in ((sigmoid, "sigmoid"), (softmax, "softmax")):
        here, there = found(values, LOGITS), found(LOGITS, values)
        assert (kind, "reference") == (here.kind, here.side)
        assert (kind, "candidate") == (there.kind, there.side)


def test_neither_equal_nor_unrelated_nor_scaled_logits_are_related() -> None:
    for other in (LOGITS, LOGITS * 2, LOGITS + 0.01, np.random.default_rng(3).normal(size=LOGITS.shape)):
        assert relations(LOGITS, other).found() is None
    assert relations(LOGITS, LOGITS + 0.1).fits_as_it_stands
    assert not relations(LOGITS, LOGITS[:, ::-1]).fits_as_it_stands
    assert Relations().found() is None
