"""Which sides of a pair decide per word, and by which words: those of the inputs, or those that one side splits texts into."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from parity.border.description import Description, StageSeen
from parity.inputs.example import Encoding, Example
from parity.records.pair import Pair

__all__ = ["WORDS", "by_words", "with_words_of", "word_stages"]

WORDS = "words"
"""The stage with the logits of each word."""
_LOGITS = "logits"


def by_words(sides: Pair[Description], *, given: bool) -> Pair[Description]:
    """The descriptions, with the stage of words where a side is told them: by the inputs (`given`), or by the other side."""
    told = given or any(side.can.words == "own" for side in sides)
    if not told or any(side.can.words == "no" for side in sides):
        return sides
    return Pair(*(_with_stage(side) for side in sides))


def word_stages(sides: Pair[Description]) -> set[str]:
    """The stages with a vector for each word: what is decided of them is compared where both decide per word."""
    return {stage.name for side in sides for stage in side.stages if stage.axes[1:2] == ["word"]}


def with_words_of(
    sides: Pair[Description], number: int, examples: Sequence[Example], encodings: Sequence[Encoding | None]
) -> list[Example]:
    """The examples with the places of the words that a side (0, 1) split them into, for the other one, which is told them.

    An example whose words are given, or whose words have no known places, stays as it is.
    """
    if sides[number].can.words != "own" or sides[1 - number].can.words != "given":
        return list(examples)
    return [
        example if example.words is not None or encoding is None else example._replace(spans=_spans(encoding))
        for example, encoding in zip(examples, encodings, strict=True)
    ]


def _spans(encoding: Encoding) -> tuple[tuple[int, int], ...] | None:
    """The characters of each word: those from its first piece to its last."""
    if encoding.words is None:
        return None
    found: dict[int, tuple[int, int]] = {}
    for number, place in zip(encoding.words, encoding.offsets, strict=True):
        if number is None:
            continue
        if place is None:
            return None
        first, last = found.get(number, place)
        found[number] = min(first, place[0]), max(last, place[1])
    return (
        tuple(found[number] for number in sorted(found)) if sorted(found) == list(range(len(found))) else None
    )


def _with_stage(side: Description) -> Description:
    names = [stage.name for stage in side.stages]
    if WORDS in names or _LOGITS not in names:
        return side
    words = StageSeen(WORDS, ["row", "word", "class"])
    return msgspec.structs.replace(side, stages=[*side.stages, words])
