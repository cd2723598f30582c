"""A window: a run of examples, tokenized on both sides and aligned row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from parity.align.batch_sizes import batch_sizes_of
from parity.align.by_words import with_words_of
from parity.align.plan import Plan
from parity.align.targets import align_targets, reference_writes, with_targets_of
from parity.align.texts import unlike_algorithms
from parity.align.tokens import RowAlignment, align_row
from parity.border.description import Description
from parity.inputs.example import Encoding, Example
from parity.records.pair import Pair
from parity.session.session import Session

__all__ = ["Refused", "Window", "batches_of_side", "open_window"]


class Refused(NamedTuple):
    """A row that a side ("reference", "candidate") cannot run, and why."""

    row: int
    side: str
    reason: str


class Window(NamedTuple):
    """A run of examples, tokenized on both sides and aligned; `encodings` are None where a side has no tokens.

    `numbers` are those by which each side's runner knows the window. `refused` are rows that a side cannot run: they are not among the
    examples, and are reported. `targets` are the alignments of what the decoders are fed, empty where a side has none.
    """

    examples: list[Example]
    encodings: Pair[Sequence[Encoding | None]]
    alignments: list[RowAlignment | None]
    numbers: Pair[int]
    refused: Sequence[Refused] = ()
    targets: Sequence[RowAlignment | None] = ()

    def of_targets(self) -> Window:
        """The same rows with what their decoders are fed in place of their texts' tokens."""
        fed: Pair[Sequence[Encoding | None]] = Pair(
            *([_target_of(encoding) for encoding in side] for side in self.encodings)
        )
        return self._replace(
            encodings=fed, alignments=list(self.targets) or [None] * len(self.examples), refused=()
        )

    def lengths(self) -> list[int]:
        """The longest of the encodings of each row, in tokens, those of its targets included; 1 where there are none."""
        return [
            max(1, *(_length(encoding) for encoding in both))
            for both in zip(self.encodings.reference, self.encodings.candidate, strict=True)
        ]

    def batches(self, plan: Plan, places: Sequence[int] | None = None) -> list[list[int]]:
        """Rows of the window (by their number over all inputs) in length-sorted batches; `places` picks some of them."""
        lengths = self.lengths()
        chosen = list(range(len(self.examples))) if places is None else list(places)
        made = plan.sizes.batches([lengths[place] for place in chosen])
        return [[self.examples[chosen[index]].row for index in batch] for batch in made]

    def forget(self, sides: Pair[Session]) -> None:
        """Let both runners release the window."""
        for side, number in zip(sides, self.numbers, strict=True):
            side.runner.forget(number)


def open_window(sides: Pair[Session], examples: list[Example]) -> Window:
    """Tokenize a window on both sides at once, and align the rows; a side that is told the other's words, or target, comes after it."""
    described = Pair(*(side.described for side in sides))
    first = next((number for number, side in enumerate(described) if side.can.words == "own"), None)
    if reference_writes(described, examples):
        writes = sides.reference.runner.tokenize(examples)
        told = with_targets_of(described, examples, writes.wait())
        replies = Pair(writes, sides.candidate.runner.tokenize(told))
    elif first is None or described[1 - first].can.words != "given":
        replies = Pair(*(side.runner.tokenize(examples) for side in sides))
    else:
        one = sides[first].runner.tokenize(examples)
        told = with_words_of(described, first, examples, one.wait())
        other = sides[1 - first].runner.tokenize(told)
        replies = Pair(one, other) if first == 0 else Pair(other, one)
    encodings: Pair[Sequence[Encoding | None]] = Pair(replies.reference.wait(), replies.candidate.wait())
    refused = [
        Refused(example.row, side, encoding.refused)
        for side, rows in zip(Pair._fields, encodings, strict=True)
        for example, encoding in zip(examples, rows, strict=True)
        if encoding is not None and encoding.refused
    ]
    if refused:
        without = {item.row for item in refused}
        kept = [place for place, example in enumerate(examples) if example.row not in without]
        examples = [examples[place] for place in kept]
        encodings = Pair(*([side[place] for place in kept] for side in encodings))
    if unlike_algorithms(*(side.described.tokenizer for side in sides)):
        encodings = Pair(*([_without_text(one) for one in side] for side in encodings))
    aligned = [
        None if here is None or there is None else align_row(here, there)
        for here, there in zip(encodings.reference, encodings.candidate, strict=True)
    ]
    numbers = Pair(*(reply.window for reply in replies))
    targets = align_targets(encodings) if all(side.can.target for side in described) else []
    return Window(examples, encodings, aligned, numbers, refused, targets)


def batches_of_side(described: Description, lengths: Sequence[int]) -> list[list[int]]:
    """Every index of `lengths` once, in the batches of a side that is run by itself."""
    sizes = batch_sizes_of(Pair(described, described))
    if any(seen.axes[-1:] == ["vocabulary"] for seen in described.stages):
        sizes = sizes.of_wide(described.vocabulary_rows or 1)
    return sizes.batches(lengths)


def _target_of(encoding: Encoding | None) -> Encoding | None:
    return None if encoding is None or encoding.target is None else encoding.target.fed


def _length(encoding: Encoding | None) -> int:
    target = _target_of(encoding)
    return max(
        1 if encoding is None else len(encoding.input_ids), 0 if target is None else len(target.input_ids)
    )


def _without_text(encoding: Encoding | None) -> Encoding | None:
    return None if encoding is None else encoding._replace(normalized=None, normalized_pair=None)
