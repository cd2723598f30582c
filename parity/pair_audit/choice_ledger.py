"""The choice ledger: decisions between the choices of an input, each of which is a row with one logit, added up while batches go by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from parity.align.batch import PairedStage
from parity.inputs.example import Example
from parity.measure.decisions import FlipMeasurement
from parity.pair_audit.choices import Choices
from parity.pair_audit.decision_ledger import DecisionLedger
from parity.pair_audit.probability_ledger import Deciding
from parity.pair_audit.token_ledger import TokenLedger
from parity.records.decisions import Flip
from parity.records.pair import Pair
from parity.records.stage import NotCompared

__all__ = ["ChoiceLedger"]

_SHOWN = 60


class _Input(NamedTuple):
    """An input of which some choices have come: their examples, and the logits of both sides [2, choices], NaN where none has come."""

    examples: dict[int, Example]
    logits: NDArray[np.float64]

    @property
    def whole(self) -> bool:
        return len(self.examples) == int(self.logits.shape[1])

    def example(self) -> Example:
        """The input as one example: its first row, with the texts of all choices."""
        pairs = (self.examples[number].pair or "" for number in range(len(self.examples)))
        return self.examples[0]._replace(pair="\n".join(pairs))


class ChoiceLedger(DecisionLedger):
    """What accumulates over the logits of choices: an input is decided once both sides have run all of its choices.

    Inputs whose choices are in several windows wait for the last. What a class is elsewhere is a choice's number here.
    """

    def __init__(self, deciding: Deciding, tokens: TokenLedger) -> None:
        super().__init__(deciding, tokens)
        self._waiting: dict[int, _Input] = {}
        self._rows: dict[int, Example] = {}
        self._texts: dict[int, list[str]] = {}
        self._alone = 0

    def open_window(self, examples: Sequence[Example]) -> None:
        """The examples whose logits come next, each a choice."""
        self._rows = {example.row: example for example in examples}

    def add(self, item: PairedStage, axes: Sequence[str]) -> None:
        """Logits [n, 1] of both sides; the inputs that are whole now are decided, those with as many choices together."""
        self._axes = axes
        done: dict[int, list[_Input]] = {}
        sides = item.values
        for row, here, there in zip(item.rows.tolist(), sides.reference, sides.candidate, strict=True):
            example = self._rows[row]
            choice = example.choice
            assert choice is not None, "the inputs are read by choice"
            known = self._waiting.setdefault(choice.input, _Input({}, np.full((2, choice.of), np.nan)))
            known.examples[choice.number] = example
            known.logits[:, choice.number] = float(here[0]), float(there[0])
            if known.whole:
                done.setdefault(choice.of, []).append(self._waiting.pop(choice.input))
        for count, inputs in done.items():
            if count == 1:
                self._alone += len(inputs)
                continue
            examples = [one.example() for one in inputs]
            super().open_window(examples)
            values: Pair[NDArray[np.generic]] = Pair(*np.stack([one.logits for one in inputs], axis=1))
            rows = np.array([example.row for example in examples], dtype=np.int64)
            self._add(Choices(values, values), rows, np.zeros(len(rows), dtype=np.int64))

    def not_compared(self) -> list[NotCompared]:
        """Inputs of which a side did not run every choice, which counts, and those with one choice, which decide nothing."""
        found: list[NotCompared] = []
        for count, what, counts in (
            (len(self._waiting), "not every choice was run on both sides", True),
            (self._alone, "there is one choice only, so that nothing is decided", False),
        ):
            if count:
                of = "1 input" if count == 1 else f"{count} inputs"
                found.append(NotCompared(stage="label", reason=f"in {of} {what}", counts=counts))
        return found

    def _class_of(self, row: int, places: dict[str, int]) -> int:
        example = self._examples.get(row)
        if example is None or example.label is None or example.choice is None:
            return -1
        if example.label.isdecimal() and int(example.label) < example.choice.of:
            return int(example.label)
        self._unknown(example.label)
        return -1

    def _flip(self, flip: FlipMeasurement) -> Flip:
        example = self._flipped.get(flip.row)
        texts = [] if example is None or example.pair is None else example.pair.split("\n")
        reference, candidate = (_said(chosen, texts) for chosen in (flip.reference, flip.candidate))
        return msgspec.structs.replace(super()._flip(flip), reference=reference, candidate=candidate)


def _said(chosen: Sequence[int], texts: Sequence[str]) -> str:
    """A choice by its number and the beginning of its text."""
    if not chosen:
        return "none"
    text = texts[chosen[0]] if chosen[0] < len(texts) else ""
    short = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return f"choice {chosen[0]}, {short!r}" if short else f"choice {chosen[0]}"
