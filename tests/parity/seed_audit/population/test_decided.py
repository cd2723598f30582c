"""Decisions that are not one class an example: tags of the words of a row, and answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from parity.metrics.registry import find_metric
from parity.seed_audit.measures.churn import churn
from parity.seed_audit.measures.metric_spread import metric_spread
from parity.seed_audit.population.decided import Truth, code_of, local_codes, metrics_of
from parity.seed_audit.population.failed import failed_runs
from parity.seed_audit.population.population import Population

NAMES = ("O", "B-X", "I-X")
TAGS = [("O", "B-X"), ("B-X", "I-X", "O"), None, ("O",)]
ROWS = np.repeat(np.arange(4), [2, 3, 1, 1])


def logits_of(*runs: str) -> np.ndarray:
    """Logits [runs, words, classes] that decide these tags, those of a run in one text."""
    return np.array([[[float(name == tag) for name in NAMES] for tag in run.split()] for run in runs])


def of_words(*runs: str) -> Population:
    truth = Truth("words", ROWS, TAGS)
    logits = logits_of(*runs)
    return Population(logits, truth.codes(NAMES), decided=truth.of_words(logits, NAMES))


RIGHT = "O B-X B-X I-X O O O"


def test_an_example_is_a_row_and_two_runs_agree_where_every_tag_is_the_same() -> None:
    made = of_words(RIGHT, "O B-X B-X O O O O", "O O B-X O O O O")
    assert (3, 4) == (made.runs, made.examples)
    assert made.labels is not None
    assert [code_of("O B-X"), code_of("B-X I-X O"), -1, code_of("O")] == made.labels.tolist()
    found = churn(made.predictions)
    assert ((0.0, 0.25, 0.5), (0.25, 0.0, 0.25), (0.5, 0.25, 0.0)) == found.matrix
    assert 4 == found.examples


def test_entity_f1_of_runs_is_of_the_rows_with_tags() -> None:
    made = of_words(RIGHT, "O B-X B-X O O B-X O", "O O B-X O O O O")
    # Spans of the tags: 2. The row without tags is not counted, whatever is decided there.
    assert [1.0, 0.5, 0.0] == find_metric("entity_f1").values(made.outputs()).tolist()
    assert 3 == metric_spread(made, "entity_f1").examples
    assert ("entity_f1",) == made.metrics


def test_without_each_row_is_the_metric_of_the_other_rows() -> None:
    made = of_words(RIGHT, "O B-X B-X O O B-X O")
    metric = find_metric("entity_f1")
    deleted = metric.deleted(made.outputs())
    assert (2, 3) == deleted.shape
    for place, row in enumerate((0, 1, 3)):
        rest = made.of_examples(np.array([one for one in range(4) if one != row]))
        assert pytest.approx(deleted[:, place]) == metric.values(rest.outputs())


def test_a_tagger_that_says_the_most_frequent_tag_of_every_word_has_failed() -> None:
    rows = np.repeat(np.arange(40), 3)
    tags = [("B-X", "O", "O")] * 40
    truth = Truth("words", rows, tags)
    logits = logits_of(" ".join(["B-X O O"] * 40), " ".join(["O O O"] * 40))
    made = Population(logits, truth.codes(NAMES), decided=truth.of_words(logits, NAMES))
    assert [1] == [run.run for run in failed_runs(made).failed]


def test_answers_are_scored_by_the_nearest_right_one_and_agree_as_texts() -> None:
    truth = Truth("answers", right=[("a cat", "cat"), (), None])
    decided = truth.of_answers([["the cat", "", "x"], ["cat", "dog", "y"]])
    made = Population(np.zeros((2, 3, 2)), truth.codes(()), decided=decided)
    assert [1.0, 0.5] == find_metric("exact_match").values(made.outputs()).tolist()
    assert made.right is None
    assert ((0.0, 1.0), (1.0, 0.0)) == churn(made.predictions).matrix
    assert 2 == metric_spread(made, "answer_f1").examples


def test_a_word_that_is_not_decided_leaves_its_row_without_a_decision() -> None:
    logits = logits_of(RIGHT, RIGHT)
    logits[1, 0] = np.nan
    truth = Truth("words", ROWS, TAGS)
    assert [[False] * 4, [True, False, False, False]] == (truth.of_words(logits, NAMES).codes < 0).tolist()


@given(arrays(np.int64, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.integers(-1, 3)))
def test_small_codes_are_equal_where_the_codes_are(codes: np.ndarray) -> None:
    small = local_codes(codes)
    assert small.min() >= 0
    assert small.max() < len(codes)
    for one in range(len(codes)):
        for other in range(len(codes)):
            assert ((codes[one] == codes[other]) == (small[one] == small[other])).all()


def test_the_first_metric_is_the_one_that_decides() -> None:
    assert ["accuracy", "entity_f1", "exact_match"] == [
        metrics_of(counted)[0] for counted in ("classes", "words", "answers")
    ]
