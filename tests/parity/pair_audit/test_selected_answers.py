"""Answers held against start and end logits: the best span, whole words, and what is not known."""

from __future__ import annotations

import numpy as np
import pytest

from parity.border.reply import Batch, StageTensor
from parity.border.selected import Selected, Selects
from parity.inputs.example import Encoding, Example
from parity.pair_audit.selected_answers import Answer, answer_of

CONTEXT = "filmgood, dull plot"
ENCODING = Encoding(
    input_ids=(1, 2, 3, 4, 5, 6, 7, 8),
    pieces=("[CLS]", "q", "[SEP]", "film", "##good", ",", "dull", "plot"),
    offsets=(None, (0, 1), None, (0, 4), (4, 8), (8, 9), (10, 14), (15, 19)),
    segments=(None, 0, None, 1, 1, 1, 1, 1),
    special=(True, False, True, False, False, False, False, False),
    untruncated=8,
)
EXAMPLE = Example(0, "q", CONTEXT)


def _answer(
    start: int, end: int, one: Selected, selects: Selects | None = None, encoding: Encoding = ENCODING
) -> Answer | str:
    """The answer where the logits point at one token to begin and one to end."""
    values = [np.zeros((1, 8)) for _ in range(2)]
    values[0][0, start], values[1][0, end] = 9.0, 9.0
    stages = {
        name: StageTensor(name, ("row", "token"), value, "float64")
        for name, value in zip(("start_logits", "end_logits"), values, strict=True)
    }
    real = StageTensor("real", ("row", "token"), np.ones((1, 8)), "uint8")
    asked = selects or Selects("answer", longest=15, spans=12)
    return answer_of(Batch({**stages, "real": real}, 0.0), 0, encoding, EXAMPLE, (one, asked), "[CLS]")


def _selected(first: int, last: int, score: float | None = None) -> Selected:
    return Selected([CONTEXT[first:last]], [score], span=(first, last))


def test_the_best_span_is_the_answer_and_its_score_the_share_of_its_begin_and_its_end() -> None:
    found = _answer(6, 7, _selected(10, 19))
    assert isinstance(found, Answer)
    assert ("dull plot", True) == (found.text, found.same)
    # Five tokens of the context and [CLS] take a share.
    assert (np.exp(9) / (np.exp(9) + 5)) ** 2 == pytest.approx(found.score, rel=1e-12)


def test_a_piece_is_widened_to_its_word_and_not_over_punctuation() -> None:
    inside, beyond = _answer(4, 4, _selected(0, 8, 0.99)), _answer(4, 4, _selected(0, 14, 0.9))
    assert isinstance(inside, Answer)
    assert isinstance(beyond, Answer)
    assert (True, "filmgood") == (inside.same, inside.text)
    assert (False, "good") == (beyond.same, beyond.text)


def test_spans_that_make_the_same_words_add_up() -> None:
    whole, alone = (_answer(4, 4, _selected(0, 8, score)) for score in (1.0, 0.0))
    assert isinstance(whole, Answer)
    assert isinstance(alone, Answer)
    assert whole.score > alone.top


def test_an_answer_that_no_span_makes_scores_nothing() -> None:
    found = _answer(6, 7, _selected(0, 9, 0.5), Selects("answer", longest=1, spans=1))
    assert isinstance(found, Answer)
    assert (0.0, False) == (found.score, found.same)


def test_a_text_without_a_place_is_compared_as_a_text() -> None:
    found = _answer(6, 7, Selected([" dull plot "]))
    assert isinstance(found, Answer)
    assert found.same


def test_a_context_that_is_read_in_parts_is_not_compared() -> None:
    reason = "its context is read in several parts of up to 6 tokens"
    assert reason == _answer(6, 7, _selected(10, 19), Selects("answer", window=6))


def test_tokens_without_a_place_in_the_text_are_a_reason() -> None:
    encoding = ENCODING._replace(offsets=(None,) * 8)
    assert "a side does not report where its tokens stand in the text" == _answer(
        6, 7, _selected(10, 19), None, encoding
    )
