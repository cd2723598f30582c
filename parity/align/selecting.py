"""How what a side selects is held against the other side: which stages of that are needed, and why some selections cannot be compared."""

from __future__ import annotations

from typing import NamedTuple

from parity.align.by_words import WORDS
from parity.border.description import Description
from parity.border.selected import Per, Selects
from parity.records.pair import Pair
from parity.records.stage import NotCompared

__all__ = ["SCORES", "Selecting", "selecting_of"]

SCORES = "scores"
"""The stage with the scores of what was selected."""
_NEEDED: dict[Per, dict[str, tuple[str, ...]]] = {
    "row": {"logits": ("row", "class")},
    "token": {"logits": ("row", "token", "class")},
    "word": {WORDS: ("row", "word", "class")},
    "mask": {"logits": ("row", "token", "vocabulary")},
    "next": {"logits": ("row", "token", "vocabulary")},
    "answer": {"start_logits": ("row", "token"), "end_logits": ("row", "token")},
}
_NOUNS: dict[Per, str] = {
    "row": "the class of a row",
    "token": "the class of each token",
    "word": "the class of each word",
    "mask": "the token at each mask",
    "next": "the next token",
    "answer": "an answer",
}


class Selecting(NamedTuple):
    """The side (0, 1) that selects, what for, and the stages of the other side that this is held against.

    Where both select there are no such stages, and the two selections are compared with each other.
    """

    number: int
    selects: Selects
    per: Per
    stages: tuple[str, ...]

    def needed(self, number: int) -> tuple[str, ...]:
        """The stages that a side is requested for."""
        return self.stages if number != self.number else ()

    @property
    def covered(self) -> tuple[str, ...]:
        """The stages whose absence on the selecting side is no loss: what is selected is compared in their place."""
        return ("logits", *self.stages)


def selecting_of(sides: Pair[Description], *, words: bool) -> tuple[Selecting | None, list[NotCompared]]:
    """How the selection of a side is compared, and what prevents it; `words` says that the inputs are lists of words."""
    found = [side.selects for side in sides]
    number = 1 if found[1] is not None else 0
    selects, also = found[number], found[1 - number]
    if selects is None:
        return None, []
    told = words and all(side.can.words != "no" for side in sides)
    per: Per = "word" if selects.per == "token" and told else selects.per
    if also is not None:
        if also.per == selects.per and also.among == selects.among:
            return Selecting(number, selects, per, ()), []
        reason = f"the reference selects {_noun(found[0])} and the candidate {_noun(found[1])}"
        return None, [NotCompared(stage=SCORES, reason=reason)]
    there = {seen.name: tuple(seen.axes) for seen in sides[1 - number].stages}
    needed = _NEEDED[per]
    if all(there.get(name) == axes for name, axes in needed.items()):
        return Selecting(number, selects, per, tuple(needed)), []
    name = Pair._fields[number]
    reason = f"the {name} selects {_NOUNS[per]}, and the {Pair._fields[1 - number]} has no {' and '.join(needed)} of that kind"
    return None, [NotCompared(stage=SCORES, reason=reason, side="candidate" if number else "reference")]


def _noun(selects: Selects | None) -> str:
    return "nothing" if selects is None else _NOUNS[selects.per]
