"""What the inputs of a seed audit say of the right decisions: labels, tags of words, or right answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parity.align.labels import label_places
from parity.errors import UsageError
from parity.inputs.example import Example
from parity.inputs.inputs import Inputs
from parity.metrics.metric import Counted
from parity.seed_audit.population.decided import Truth, metrics_of
from parity.seed_audit.verdict.unmeasured import LabelsRead

__all__ = ["labels_read", "metric_for", "truth_of"]


def metric_for(counted: Counted, requested: str, *, named: bool) -> str:
    """The metric that decides: the requested one, or the first that applies; UsageError where the user `named` one that does not apply."""
    apply = metrics_of(counted)
    if requested in apply:
        return requested
    if named:
        raise UsageError(
            f"{requested} does not apply to these runs, which decide by {counted}.",
            next_step=f"Name {' or '.join(apply)}, or omit --metric.",
        )
    return apply[0]


def truth_of(inputs: Inputs, counted: Counted) -> Truth:
    """The words of each row and their tags, or the right answers; nothing where examples are decided by a class."""
    if counted == "classes":
        return Truth()
    examples = list(_examples(inputs))
    if counted == "answers":
        return Truth(counted, right=[example.answers for example in examples])
    counts = [len(example.words or ()) for example in examples]
    return Truth(
        counted, rows=np.repeat(np.arange(len(counts)), counts), tags=[example.tags for example in examples]
    )


def labels_read(inputs: Inputs, names: Sequence[str], truth: Truth) -> LabelsRead:
    """The right decision of each example as a class or a code, and the labels or tags that are no class."""
    if truth.counted == "classes":
        return _of_classes(inputs, names)
    found = truth.codes(names)
    given = truth.tags if truth.counted == "words" else truth.right
    known = set(names)
    strange = [
        next(tag for tag in tags if tag not in known) for tags in truth.tags if tags and set(tags) - known
    ]
    return LabelsRead(found if (found >= 0).any() else None, sum(one is not None for one in given), strange)


def _of_classes(inputs: Inputs, names: Sequence[str]) -> LabelsRead:
    place = label_places(names, len(names))
    given = [example.label for example in _examples(inputs)]
    found = np.array([-1 if label is None else place.get(label, -1) for label in given], dtype=np.int64)
    strange = [label for label in given if label is not None and label not in place]
    return LabelsRead(found if (found >= 0).any() else None, inputs.labelled, strange)


def _examples(inputs: Inputs) -> list[Example]:
    return [example for window in inputs.windows() for example in window]
