"""The answer of one side of a question: a span of the context, or none where the token of no answer scores higher."""

from __future__ import annotations

import numpy as np
import pytest

from parity.align.answers import AnswerRow
from parity.inputs.example import Encoding, Example
from parity.measure.spans import Span
from parity.pair_audit.answer_sums import SpanSums

_PIECES = ("[CLS]", "who", "[SEP]", "one", "two", "[SEP]")
_OFFSETS = (None, (0, 3), None, (0, 3), (4, 7), None)
_ENCODING = Encoding(
    tuple(range(6)),
    _PIECES,
    _OFFSETS,
    (None, 0, None, 1, 1, None),
    tuple(piece.startswith("[") for piece in _PIECES),
)
_CONTEXT = np.array([False, False, False, True, True, False])
_EXAMPLE = Example(0, "who", "one two")


def row(cls: float, null: int | None = 0) -> AnswerRow:
    """A row whose best span is "one two", with a score of 5, and whose [CLS] has this score as a start and as an end."""
    scores = np.array([cls, 9.0, 9.0, 2.0, 3.0, 9.0])
    return AnswerRow(scores, scores.copy(), _CONTEXT, _ENCODING, null)


@pytest.mark.parametrize(
    ("cls", "null", "expected", "text"),
    [
        (3.5, 0, Span(0, 0, 7.0), ""),
        (3.0, 0, Span(4, 4, 6.0), "two"),
        (3.5, None, Span(4, 4, 6.0), "two"),
    ],
)
def test_no_answer_is_given_where_it_scores_above_every_span(
    cls: float, null: int | None, expected: Span, text: str
) -> None:
    side = row(cls, null)
    best = side.best()
    assert expected == best
    assert best is not None
    assert text == side.text(best[:2], _EXAMPLE)


def test_a_margin_is_that_over_what_the_other_side_chose() -> None:
    silent, loud = row(3.5), row(1.0)
    none, span = silent.best(), loud.best()
    assert none is not None
    assert span is not None
    assert (1.0, 4.0) == (silent.margin(none, span), loud.margin(span, none))


def test_a_score_of_no_answer_that_is_not_a_number_leaves_no_decision() -> None:
    assert row(float("nan")).best() is None
    assert row(float("nan"), None).best() is not None


def test_the_share_of_the_best_spans_is_of_both_sides_together() -> None:
    sums = SpanSums(null=True)
    sums.add([(3, 4), (4, 4)], [(4, 4), (3, 4)], [False, True])
    sums.add([(3, 4), (4, 4)], [(3, 4), (3, 3)], [False, False])
    (table,) = sums.exhibits()
    assert [[2, 0.75, 1, 2, 0, 1]] == table.rows
    assert "75 %" in table.note
    assert not list(SpanSums(null=False).exhibits())
