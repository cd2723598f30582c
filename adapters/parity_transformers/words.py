"""Which token is a piece of which word of a row, where the row is a list of words or its words have known places; and logits of words."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from torch and the tokenizer are Any here.

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Sequence

if TYPE_CHECKING:
    from parity._in_process.host import Host, Refusal, Write

    from .options import Options

__all__ = [
    "Words",
    "are_of_tokens",
    "by_place",
    "cannot_split",
    "check",
    "described",
    "in_text",
    "is_split",
    "needed",
    "numbers",
    "padded",
    "write_fed",
]

_STAGE = "words"


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


def are_of_tokens(listed: Sequence[dict[str, Any]]) -> bool:
    """Whether a model has logits of classes for each token."""
    return any(stage["name"] == "logits" and stage["axes"] == ["row", "token", "class"] for stage in listed)


def described(options: Options, by_words: bool) -> dict[str, Any]:
    """How words are tokenized, where that was requested, and how their logits are made, where there are any."""
    found: dict[str, Any] = {}
    if options.is_split_into_words is not None:
        found["is_split_into_words"] = options.is_split_into_words
    if by_words:
        found["words"] = options.words
    return found


def padded(rows: Sequence[dict[str, Any]], real: Sequence[Sequence[int]]) -> list[list[int]] | None:
    """[rows, tokens] the word of each token, counted from 1 (0: of none); None where the words of a row are not known."""
    if any(row.get("words") is None for row in rows):
        return None
    found: list[list[int]] = []
    for row, there in zip(rows, real):
        words = iter(row["words"])
        found.append([0 if not flag else _counted(next(words)) for flag in there])
    return found


def _counted(number: int | None) -> int:
    return 0 if number is None else number + 1


def write_fed(word_ids: Any, real: Any, write: Write) -> None:
    """Write which word each token is a piece of, and which words of a batch there are: those with pieces, in their order."""
    import numpy

    ids = numpy.asarray(word_ids, dtype="int64")
    counts = [len(found) for found in _present(ids, real)]
    write("word_ids", ids, ["row", "token"])
    write("word_mask", _mask(counts), ["row", "word"])


def _present(ids: Any, real: Any) -> list[Any]:
    import numpy

    there = numpy.asarray(real).astype(bool)
    return [numpy.unique(row[flags & (row > 0)]) for row, flags in zip(ids, there)]


def _mask(counts: Sequence[int]) -> Any:
    import numpy

    columns = numpy.arange(max([1, *counts]))[None, :]
    return (columns < numpy.asarray(counts)[:, None]).astype("uint8")


def needed(stages: Sequence[str] | None) -> list[str] | None:
    """The stages that a forward computes where these are requested: the logits of words are made of those of tokens."""
    if stages is None:
        return None
    return [*stages, *(["logits"] if _STAGE in stages and "logits" not in stages else [])]


class Words:
    """Writes as it is told to, and after the logits of tokens those of words: of a word's first or last piece, or the mean of all."""

    def __init__(
        self, word_ids: Any, real: Any, how: str, stages: Sequence[str] | None, write: Write
    ) -> None:
        import numpy

        self._ids = numpy.asarray(word_ids, dtype="int64")
        self._present = _present(self._ids, real)
        self._how = how
        self._requested = stages is None or _STAGE in stages
        self._shown = stages is None or "logits" in stages
        self._write = write

    def __call__(self, stage: str, values: Any, axes: Sequence[str]) -> None:
        """Write one stage."""
        if stage != "logits" or self._shown:
            self._write(stage, values, axes)
        if stage == "logits" and self._requested:
            self._write(_STAGE, self._of_words(values), ["row", "word", "class"])

    def _of_words(self, logits: Any) -> Any:
        """[rows, words, classes] of logits [rows, tokens, classes]; zeros for words that a row does not have."""
        import torch

        width = max([1, *(len(found) for found in self._present)])
        whole = logits.new_zeros((len(self._present), width, logits.shape[-1]))
        for row, found in enumerate(self._present):
            for place, number in enumerate(found.tolist()):
                pieces = torch.from_numpy((self._ids[row] == number).nonzero()[0]).to(logits.device)
                if self._how != "average":
                    pieces = pieces[:1] if self._how == "first" else pieces[-1:]
                whole[row, place] = logits[row].index_select(0, pieces).mean(dim=0)
        return whole
