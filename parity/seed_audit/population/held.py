"""What runs give for each example where that is not a class, tags or an answer: a choice, the tokens of a text, a score, a vector.

The example is an input: its choices stand and fall together, and so do the tokens of a text. By a score and by a vector nothing is
decided, so that there is no churn; of tokens churn is over all of them, and texts are what is independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.metrics.metric import Counted, Outputs

__all__ = ["Held"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Held(NamedTuple):
    """The outputs of runs, and what they are held against.

    codes: [runs, examples] 0, of choices the chosen one; -1 where a run gives nothing that counts. targets: [units] the right choice,
    the token that is there, the number of a label, or 0 for a score; -1 where it is not known. Of scores gold: [examples] is the number
    (NaN: none). Of tokens rows: [tokens] the text of each, and predictions: [runs, tokens] the likeliest token (-1: none).
    """

    counted: Counted
    metrics: tuple[str, ...]
    codes: Integers
    targets: Integers
    gold: Floats | None = None
    rows: Integers | None = None
    predictions: Integers | None = None

    @property
    def one_right(self) -> bool:
        """Whether an example has one decision, which is right or not."""
        return self.counted == "choices"

    @property
    def labels(self) -> Integers | None:
        """[units] the right decisions; None where nothing is decided."""
        return self.targets if self.counted in ("choices", "tokens") else None

    def of_runs(self, runs: Sequence[int]) -> Held:
        """Only these runs, in this order."""
        chosen = list(runs)
        picked = None if self.predictions is None else self.predictions[chosen]
        return self._replace(codes=self.codes[chosen], predictions=picked)

    def of_examples(self, examples: Sequence[int]) -> Held:
        """Only these examples, by their place."""
        places, units = list(examples), self.units_of(examples)
        kept = self._replace(
            codes=self.codes[:, places],
            targets=self.targets[units],
            gold=None if self.gold is None else self.gold[places],
        )
        if self.rows is None or self.predictions is None:
            return kept
        counts = np.bincount(self.rows, minlength=self.codes.shape[1])[places]
        return kept._replace(
            rows=np.repeat(np.arange(len(places)), counts), predictions=self.predictions[:, units]
        )

    def units_of(self, examples: Sequence[int]) -> Integers:
        """The places of what the logits are of, in these examples."""
        if self.rows is None:
            return np.array(list(examples), dtype=np.int64)
        counts = np.bincount(self.rows, minlength=self.codes.shape[1]).tolist()
        starts = [0, *accumulate(counts)]
        found = [np.arange(starts[place], starts[place + 1]) for place in examples]
        return np.concatenate([np.zeros(0, dtype=np.int64), *found])

    def outputs(self, logits: Floats, temperature: float) -> Outputs:
        """What metrics are of; what all these examples are held against is known."""
        if self.counted == "tokens":
            assert self.predictions is not None
            # Logits of the token that is there and of any other: the first is right.
            first = np.zeros(len(self.targets), dtype=np.int64)
            return Outputs(logits, self.predictions, first, 1.0, self.rows)
        return Outputs(logits, self.codes, self.targets, temperature, gold=self.gold)
