"""Decisions between choices: each input is decided once, whatever batches and windows its choices come in."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.align.batch import PairedStage
from parity.align.batch_sizes import BatchSizes
from parity.align.plan import Plan
from parity.inputs.example import Choice, Example
from parity.pair_audit.choice_ledger import ChoiceLedger
from parity.pair_audit.probability_ledger import Deciding
from parity.pair_audit.token_ledger import TokenLedger
from parity.records.pair import Pair
from parity.tasks.multiple_choice import MULTIPLE_CHOICE

_PLAN = Plan(("choice_logits",), None, MULTIPLE_CHOICE, Pair(1.0, 1.0), (), None, BatchSizes())
_COUNTS = st.lists(st.integers(1, 4), min_size=1, max_size=8)


def ledger() -> ChoiceLedger:
    return ChoiceLedger(Deciding([], (1.0,), _PLAN, 1e-9, 0.95), TokenLedger(Pair("", "")))


def rows_of(counts: list[int], label: str = "0") -> list[Example]:
    pairs = [(number, k, count) for number, count in enumerate(counts) for k in range(count)]
    return [
        Example(row, f"t{number}", f"{number}-{k}", label, choice=Choice(number, k, count))
        for row, (number, k, count) in enumerate(pairs)
    ]


def add(to: ChoiceLedger, rows: list[int], logits: np.ndarray) -> None:
    """These rows, with the logits [2, all rows] of both sides."""
    values = Pair(*(side[rows][:, None] for side in logits))
    places = np.zeros(len(rows), dtype=np.int64)
    to.add(PairedStage("choice_logits", values, np.array(rows), places), ("row", "class"))


@settings(max_examples=60, deadline=None)
@given(counts=_COUNTS, seed=st.integers(0, 9), size=st.integers(1, 5), window=st.integers(1, 7))
def test_batches_and_windows_change_no_decision(counts: list[int], seed: int, size: int, window: int) -> None:
    drawn, examples = np.random.default_rng(seed), rows_of(counts)
    logits = drawn.normal(size=(2, len(examples)))
    parts = ledger()
    for start in range(0, len(examples), window):
        here = examples[start : start + window]
        parts.open_window(here)
        order = drawn.permutation([example.row for example in here]).tolist()
        for begin in range(0, len(order), size):
            add(parts, order[begin : begin + size], logits)
    ends = np.cumsum(counts)
    chosen = [
        [int(side[end - count : end].argmax()) for side in logits]
        for end, count in zip(ends, counts, strict=True)
        if count > 1
    ]
    found = parts.record()
    assert (len(chosen), sum(one != other for one, other in chosen)) == (found.examples, found.flips_total)
    if chosen:
        (accuracy,) = [metric for metric in found.metrics if metric.metric == "accuracy"]
        expected = [sum(pair[side] == 0 for pair in chosen) / len(chosen) for side in (0, 1)]
        np.testing.assert_allclose([accuracy.reference, accuracy.candidate], expected)
        assert "macro_f1" not in {metric.metric for metric in found.metrics}


def test_a_flip_names_both_choices_with_their_texts() -> None:
    found = ledger()
    found.open_window(rows_of([2]))
    add(found, [0, 1], np.array([[1.0, 0.0], [0.0, 1.0]]))
    (flip,) = found.record().flips
    assert ("t0", "choice 0, '0-0'", "choice 1, '0-1'", "0") == (
        flip.text,
        flip.reference,
        flip.candidate,
        flip.label,
    )


def test_an_input_with_a_choice_that_was_not_run_counts_and_one_with_a_single_choice_does_not() -> None:
    found = ledger()
    found.open_window(rows_of([3, 1, 2]))
    add(found, [0, 1, 3, 4, 5], np.zeros((2, 6)))
    assert 1 == found.record().examples
    assert [
        ("in 1 input not every choice was run on both sides", True),
        ("in 1 input there is one choice only, so that nothing is decided", False),
    ] == [(item.reason, item.counts) for item in found.not_compared()]


def test_a_label_that_is_no_choice_of_its_input_is_counted() -> None:
    found = ledger()
    found.open_window(rows_of([2, 3], label="2"))
    add(found, [0, 1, 2, 3, 4], np.array([[0.0, 1.0, 0.0, 1.0, 2.0]] * 2))
    assert (1, ["2"]) == (found.unknown_labels, list(found.unknown_names))
    (accuracy,) = [metric for metric in found.record().metrics if metric.metric == "accuracy"]
    assert (1, 1.0) == (accuracy.labelled, accuracy.reference)
