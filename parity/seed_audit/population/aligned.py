"""The outputs of a run as those of all runs are laid out: classes in one order, the same tokens, vectors of one length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.seed_audit.population.arms import Ground
from parity.seed_audit.population.classes import columns_of
from parity.seed_audit.population.run_facts import classes_of_run
from parity.seed_audit.runs.run_inputs import Collected

__all__ = ["Aligned", "aligned", "numbers", "usual_width"]

Floats = NDArray[np.float64]
_BY = {"tokens": "the tokens of texts", "scores": "scores", "vectors": "vectors"}


class Aligned(NamedTuple):
    """A run's logits; None, and the `sentence` that says why, where they are not laid out as those of most runs. `by_index`: only the place
    of its classes identifies them.
    """

    logits: Floats | None
    sentence: str = ""
    by_index: bool = False


def usual_width(runs: Sequence[Collected]) -> int:
    """How many columns most runs have, the earliest of equally many."""
    return Counter(run.logits.shape[1] for run in runs).most_common(1)[0][0] if runs else 0


def aligned(run: Collected, ground: Ground, width: int) -> Aligned:
    """The logits of a run beside others, most of which have so many columns."""
    counted = ground.truth.counted
    if run.counted != counted:
        one, other = (_BY.get(kind, kind) for kind in (run.counted, counted))
        return Aligned(None, f"It decides by {one}, and most runs by {other}.")
    if counted == "tokens":
        usual, mine = ground.truth, run.tokens
        assert usual.rows is not None and usual.targets is not None
        same = (
            mine is not None
            and np.array_equal(mine.texts, usual.rows)
            and np.array_equal(mine.ids, usual.targets)
        )
        told = "It splits the texts into other tokens than most runs: perplexities of other tokens cannot be compared."
        return Aligned(run.logits) if same else Aligned(None, told)
    if counted in ("classes", "words"):
        columns = columns_of(ground.classes, classes_of_run(run))
        if columns.order is None:
            return Aligned(None, columns.sentence)
        # Each run's own temperature divides its logits before probabilities are taken.
        logits = run.logits[:, list(columns.order)] / run.description.temperature
        return Aligned(logits, by_index=columns.by_index)
    if counted != "answers" and run.logits.shape[1] != width:
        what = "vectors have" if counted == "vectors" else "inputs have up to"
        of = "numbers" if counted == "vectors" else "choices"
        return Aligned(None, f"Its {what} {run.logits.shape[1]} {of}, those of most runs {width}.")
    return Aligned(run.logits / run.description.temperature if counted == "choices" else run.logits)


def numbers(logits: Floats, ground: Ground) -> bool:
    """Whether logits are numbers; of a choice that there is not, minus infinity counts as one."""
    finite = np.isfinite(logits)
    return bool((finite | np.isneginf(logits)).all() if ground.truth.counted == "choices" else finite.all())
