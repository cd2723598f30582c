"""Which token is a piece of which word of a row, where the row is a list of words or its words have known places.

Standard library and the tokenizer only.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Sequence

if TYPE_CHECKING:
    from parity._in_process.host import Host, Refusal

__all__ = ["by_place", "cannot_split", "check", "in_text", "is_split", "numbers"]


def is_split(example: dict[str, Any], requested: bool | None) -> bool:
    """Whether each word of a row is tokenized by itself: as the option says, else as the inputs do."""
    if not example.get("words"):
        return False  # a row without words has no pieces either way
    return bool(example.get("split", True)) if requested is None else requested


def check(examples: Sequence[dict[str, Any]], requested: bool | None, host: Host) -> None:
    """Refuse rows of text where words were requested: the option would have no effect on them."""
    if requested is None:
        return
    row = next((example["row"] for example in examples if example.get("words") is None), None)
    if row is not None:
        raise host.Refusal(
            "inputs-do-not-fit",
            f"Row {row} is a text, and is_split_into_words={str(requested).lower()} is about rows that are lists of words.",
            "Give inputs with a column of words (tokens, words), or omit the option.",
        )


def cannot_split(name: str, error: Exception, host: Host) -> Refusal:
    """The refusal of a tokenizer that takes no words: it would not put a space before them."""
    return host.Refusal(
        "inputs-do-not-fit",
        "The tokenizer of {} takes no lists of words: {}".format(name, str(error).partition("\n")[0]),
        "Save the tokenizer with add_prefix_space=true, or read the words as one text: ?is_split_into_words=false.",
    )


def numbers(
    tokenizer: Any, batch: Any, k: int, words: Sequence[str], special: Sequence[int]
) -> list[int | None] | None:
    """The word of each token of a row of words; None where a slow tokenizer does not show it."""
    if tokenizer.is_fast:
        return list(batch.word_ids(k))
    counts = [len(tokenizer.tokenize(word, is_split_into_words=True)) for word in words]
    pieces = [number for number, count in enumerate(counts) for _ in range(count)]
    places = [place for place, flag in enumerate(special) if not flag]
    if len(places) > len(pieces):
        return None
    found: list[int | None] = [None] * len(special)
    for place, number in zip(
        places, pieces
    ):  # truncated at the right, as slow tokenizers do unless configured otherwise
        found[place] = number
    left = getattr(tokenizer, "truncation_side", "right") == "left"
    return None if left and len(places) < len(pieces) else found


def in_text(
    offsets: Sequence[Any], numbers: list[int | None] | None, spans: Sequence[Sequence[int]] | None
) -> list[Any]:
    """Places inside words as places in the text; None where those of the words are not known."""
    if numbers is None or spans is None:
        return [None] * len(offsets)
    return [
        None if place is None or number is None else [spans[number][0] + one for one in place]
        for place, number in zip(offsets, numbers)
    ]


def by_place(offsets: Sequence[Any], spans: Sequence[Sequence[int]]) -> list[int | None] | None:
    """The word of each token by its characters: the first word that it reaches into; None where a tokenizer shows no places."""
    if spans and all(place is None for place in offsets):
        return None
    ends = [end for _, end in spans]
    found: list[int | None] = []
    for place in offsets:
        if place is None or place[1] <= place[0]:
            found.append(None)
            continue
        number = bisect_right(ends, place[0])
        found.append(number if number < len(spans) and place[1] > spans[number][0] else None)
    return found
