"""What the inputs of a seed audit say of the right decisions: labels, tags of words, right answers, numbers, or the tokens of the texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from parity.align.labels import label_places
from parity.errors import UsageError
from parity.inputs.by_choice import whole_inputs
from parity.inputs.example import Example
from parity.inputs.inputs import Inputs
from parity.metrics.metric import Counted
from parity.metrics.registry import embedding_metrics
from parity.metrics.spearman import number_of
from parity.seed_audit.population.decided import Truth, metrics_of
from parity.seed_audit.runs.outputs_base import Tokens
from parity.seed_audit.verdict.unmeasured import LabelsRead

__all__ = ["examples_as", "labels_read", "metric_for", "truth_of"]

_GIVE = {
    "tokens": "give how likely they hold the tokens of texts",
    "scores": "give a score for each example",
    "vectors": "give a vector for each text",
}
_WHAT: dict[Counted, str] = {
    "choices": "the number of a choice",
    "scores": "a number",
    "tokens": "a token",
    "vectors": "a label that another text has too",
}


def metric_for(counted: Counted, requested: str, *, named: bool) -> str:
    """The metric that decides: the requested one, or the first that applies; UsageError where the user `named` one that does not apply."""
    apply = metrics_of(counted)
    if requested in apply:
        return requested
    if named:
        needs = {one.name: f" {one.name} is of {one.needs}." for one in embedding_metrics()}
        raise UsageError(
            f"{requested} does not apply to these runs, which {_GIVE.get(counted, f'decide by {counted}')}.{needs.get(requested, '')}",
            next_step=f"Name {' or '.join(apply)}, or omit --metric.",
        )
    return apply[0]


def examples_as(
    inputs: Inputs, counted: Counted, slices: NDArray[np.str_] | None
) -> tuple[Inputs, NDArray[np.str_] | None]:
    """The inputs with one row for each example that is decided, and the slice of each: where rows are choices already, those of an input
    together."""
    if counted != "choices" or inputs.columns.choice is None:
        return inputs, slices
    first = [example.choice is None or example.choice.number == 0 for example in _examples(inputs)]
    whole = inputs.read_as(partial(whole_inputs, inputs.read))
    return whole, None if slices is None else slices[np.array(first)]


def truth_of(inputs: Inputs, counted: Counted, tokens: Sequence[Tokens | None] = ()) -> Truth:
    """What each example is held against; nothing where examples are decided by a class. tokens: those of each run, where there are any.

    The inputs have a row for each example (`examples_as`).
    """
    if counted == "classes":
        return Truth()
    examples = list(_examples(inputs))
    if counted == "answers":
        return Truth(counted, right=[example.answers for example in examples])
    if counted == "words":
        counts = [len(example.words or ()) for example in examples]
        return Truth(
            counted,
            rows=np.repeat(np.arange(len(counts)), counts),
            tags=[example.tags for example in examples],
        )
    if counted == "tokens":
        usual = _usual([one for one in tokens if one is not None])
        return Truth(counted, rows=usual.texts, targets=usual.ids, texts=len(examples))
    labels = [_label(example) for example in examples]
    if counted == "scores":
        numbers = [number_of(label) for label in labels]
        gold = np.array([np.nan if number is None else number for number in numbers], dtype=np.float64)
        return Truth(counted, labels=labels, gold=gold)
    if counted == "vectors":
        places = {
            name: place for place, name in enumerate(dict.fromkeys(one for one in labels if one is not None))
        }
        found = [-1 if label is None else places[label] for label in labels]
    else:
        found = [_choice(example, label) for example, label in zip(examples, labels, strict=True)]
    return Truth(counted, labels=labels, targets=np.array(found, dtype=np.int64))


def labels_read(inputs: Inputs, names: Sequence[str], truth: Truth) -> LabelsRead:
    """The right decision of each example as a class or a code, and the labels or tags that are no class."""
    if truth.counted == "classes":
        return _of_classes(inputs, names)
    found = truth.codes(names)
    classes = found if (found >= 0).any() else None
    if truth.counted in _WHAT:
        what = _WHAT[truth.counted]
        if truth.counted == "tokens":
            return LabelsRead(classes, int((found >= 0).sum()), [], what, truth.counted)
        strange = [
            label
            for label, code in zip(truth.labels, found.tolist(), strict=True)
            if label is not None and code < 0
        ]
        given = sum(label is not None for label in truth.labels)
        return LabelsRead(classes, given, strange, what, truth.counted)
    given_of = truth.tags if truth.counted == "words" else truth.right
    known = set(names)
    strange = [
        next(tag for tag in tags if tag not in known) for tags in truth.tags if tags and set(tags) - known
    ]
    return LabelsRead(classes, sum(one is not None for one in given_of), strange, counted=truth.counted)


def _of_classes(inputs: Inputs, names: Sequence[str]) -> LabelsRead:
    place = label_places(names, len(names))
    given = [example.label for example in _examples(inputs)]
    found = np.array([-1 if label is None else place.get(label, -1) for label in given], dtype=np.int64)
    strange = [label for label in given if label is not None and label not in place]
    return LabelsRead(found if (found >= 0).any() else None, inputs.labelled, strange)


def _usual(tokens: Sequence[Tokens]) -> Tokens:
    """The tokens that most runs have, the earliest of equally many."""
    kinds = [(one.texts.tobytes(), one.ids.tobytes()) for one in tokens]
    most = Counter(kinds).most_common(1)[0][0]
    return tokens[kinds.index(most)]


def _label(example: Example) -> str | None:
    return example.label if example.choices is None else example.choices.label


def _choice(example: Example, label: str | None) -> int:
    """The right choice; -1 where none of the choices has that number."""
    count = 0 if example.choices is None else len(example.choices.pairs)
    return int(label) if label is not None and label.isdecimal() and int(label) < count else -1


def _examples(inputs: Inputs) -> list[Example]:
    return [example for window in inputs.windows() for example in window]
