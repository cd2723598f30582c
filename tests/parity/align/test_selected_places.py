"""Where the other side stands for a selection: the same tokens, words and masks, or a reason."""

from __future__ import annotations

import numpy as np
import pytest

from parity.align.selected_places import Unplaced, place_row
from parity.border.reply import Batch, StageTensor
from parity.border.selected import Per, Selected, SelectedRow
from parity.inputs.example import Encoding, Example

TEXT = "a fine film"
PIECES = ("<s>", "\u0120a", "\u0120fi", "ne", "\u0120film")
ENCODING = Encoding(
    input_ids=(0, 5, 6, 7, 8),
    pieces=PIECES,
    offsets=(None, (0, 1), (2, 4), (4, 6), (7, 11)),
    segments=(None, 0, 0, 0, 0),
    special=(True, False, False, False, False),
    untruncated=5,
)


def _stage(name: str, values: list[list[int]]) -> StageTensor:
    return StageTensor(name, ("row", "token"), np.array(values), "int64")


# Padding on the left: the first token stands at the third place.
BATCH = Batch(
    {
        "real": _stage("real", [[0, 0, 1, 1, 1, 1, 1]]),
        "word_ids": _stage("word_ids", [[0, 0, 0, 1, 2, 2, 3]]),
    },
    0.0,
)


def _placed(per: Per, places: list[Selected], mask: str = "\u0120film") -> list[int] | str:
    found = place_row(per, BATCH, 0, SelectedRow(places), (ENCODING, Example(0, TEXT)), mask)
    return found.reason if isinstance(found, Unplaced) else [place.position for place in found]


def _at(*places: int, piece: str | int | None = None) -> list[Selected]:
    return [Selected(["x"], [-1.0], at=place, piece=piece) for place in places]


def test_tokens_stand_where_their_numbers_say_after_the_padding() -> None:
    assert [3, 4, 5, 6] == _placed("token", _at(1, 2, 3, 4))


def test_a_token_without_a_class_on_one_side_is_a_reason() -> None:
    assert "3 tokens have a class on one side, and 4 on the other" == _placed("token", _at(1, 2, 3))


def test_a_token_of_another_piece_is_a_reason() -> None:
    assert "its token 1 is 'the', and the other side has '\u0120a' there" == _placed(
        "token", _at(1, piece="the")
    )


@pytest.mark.parametrize("piece", ["\u0120film", " film", "film", 8])
def test_a_piece_may_be_written_in_several_ways(piece: str | int) -> None:
    assert [3, 4, 5, 6] == _placed("token", [*_at(1, 2, 3), *_at(4, piece=piece)])


def test_words_are_found_by_their_numbers() -> None:
    assert [0, 1, 2] == _placed("word", _at(0, 1, 2))
    assert "1 of its words have a class on one side only" == _placed("word", _at(0, 1))


def test_masks_are_counted() -> None:
    assert [6] == _placed("mask", _at(0))
    assert "one side has 1 masks, and 2 are filled" == _placed("mask", _at(0, 1))


def test_what_comes_next_follows_from_the_position_before_it() -> None:
    assert [2, 3, 4, 5] == _placed("next", [Selected([0], [None], at=0, best=False), *_at(1, 2, 3, 4)])


def test_tokens_may_be_counted_without_the_first_special_one() -> None:
    own = [
        Selected([0], [-1.0], at=place, best=False, piece=ENCODING.input_ids[place + 1]) for place in range(4)
    ]
    found = place_row("next", BATCH, 0, SelectedRow(own), (ENCODING, Example(0, TEXT)), "")
    assert not isinstance(found, Unplaced)
    # The text's own tokens are known by the ids that the other side has.
    assert [(2, [5]), (3, [6]), (4, [7]), (5, [8])] == [(one.position, one.selected.names) for one in found]


def test_another_number_of_tokens_is_a_reason() -> None:
    assert "it has 3 tokens, and the other side 5" == _placed("next", _at(0, 1, 2))
