"""What a subject without logits selects: at each place of a row its best names, with their scores.

A serving engine, or a high-level call of a framework, gives an answer, a tag or a token with its probability, and not the logits that it
was chosen by. What it selects crosses with the answer to `forward`, a list for each row, and is held against the other side's logits.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from parity.border.messages import prepare
from parity.errors import RunnerSpokeGarbage

__all__ = ["Per", "Selected", "SelectedRow", "Selects", "read_selected"]

Per = Literal["row", "word", "token", "mask", "next", "answer"]


class Selects(msgspec.Struct, frozen=True):
    """What a subject selects, and for what: the whole row, each token (each word, where the row is a list of words), each mask, the token that comes
    next at each position, or the answer to a question.

    `scores` says what the scores are ("none": there are none), `rounded` by how much one of them was moved by its rounding at most, to so
    many `decimals`. Where `among` is not empty the scores are shared among these classes alone. An answer is chosen among spans of at most
    `longest` tokens (0: not known); its score is the sum over those of the best `spans` that make the same words; a row of more than
    `window` tokens is read in several parts (0: never). `grouped`: a class is named without the B- or I- before it, and its score is that of a group of words.
    """

    per: Per
    scores: Literal["probabilities", "log_probabilities", "none"] = "probabilities"
    rounded: float = 0.0
    decimals: int | None = None
    among: list[str] = []
    longest: int = 0
    spans: int = 1
    window: int = 0
    grouped: bool = False


class Selected(msgspec.Struct, frozen=True):
    """What was selected at one place: the names in the order of their scores, a class by its name and a token by its id.

    `shown` are the names as a reader knows them, where they are ids. `at` is the number of the token, the word or the mask in its row. With `best` nothing scores higher than the names; without, the name is that of the
    text itself. `piece` is the token that stands there, by its text or id, where it is known; `span` the characters of an answer.
    """

    names: list[str | int]
    scores: list[float | None] = []
    at: int = 0
    best: bool = True
    piece: str | int | None = None
    span: tuple[int, int] | None = None
    shown: list[str] = []


class SelectedRow(msgspec.Struct, frozen=True):
    """What was selected in one row; `reason` says why nothing was."""

    places: list[Selected] = []
    reason: str = ""


prepare(SelectedRow)


def read_selected(value: object, subject: str) -> tuple[SelectedRow, ...]:
    """The rows of an answer to `forward`, empty where it has none; raises RunnerSpokeGarbage with what is wrong."""
    if value is None:
        return ()
    try:
        return tuple(msgspec.convert(value, list[SelectedRow]))
    except msgspec.ValidationError as error:
        raise RunnerSpokeGarbage(
            f"{subject} sent what it selects in a form that parity cannot read: {error}."
        ) from error
