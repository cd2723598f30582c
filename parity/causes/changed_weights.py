"""Parameters that both sides have by the same name with other values: an edit of a few, other places for the same, or another training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from parity.align.changed_parameters import (
    changed_parameters,
    common_parameters,
    packed_on_one_side,
    unlike_parameters,
)
from parity.align.names import some
from parity.border.description import Description
from parity.causes.case import Case, pair, parameters, side
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence
from parity.causes.parameter_stages import earliest_stage
from parity.records.pair import Pair
from parity.records.parameters import ParameterPair, Parameters

__all__ = ["ChangedWeights", "PermutedWeights", "RetrainedWeights"]

_MOST = 0.9  # of the common parameters: so many other values are another training
_ROUNDED = "rounded:"
_MOVED = ("permuted:names", "permuted:layers")
_UNUSED = "Parameters differ that these inputs do not use: give inputs that do, or explain the difference."
_BY_ROWS = "Put each row at the id that the tokenizer gives its piece: a table such as fairseq's dict.txt lists the rows' order."


class _Changed(NamedTuple):
    """How many parameters both have, those of them with other values, and how these relate; `rounded` is what all of them are rounded to."""

    common: int
    changed: list[str]
    relation: Literal["permuted", "changed", "retrained"]
    rounded: str = ""


def _changed(evidence: Evidence) -> _Changed | None:
    """What is changed, except the parameters of which only the order of the rows is."""
    sides, rows = evidence.described, _rows(evidence)
    common = len(common_parameters(sides))
    changed = [name for name in changed_parameters(sides) if name not in rows]
    seen = evidence.parameters
    if seen is not None and seen.compared:
        # One whose counterpart has another name is not held against that of its own.
        lone = {*seen.only_reference} & {*seen.only_candidate}
        apart = {*(one.candidate for one in seen.differing), *lone}
        changed = [name for name in changed if name in apart]
    if not common and seen is not None and sides.reference.dtype == sides.candidate.dtype:
        # Two that name their parameters otherwise: by what they hold.
        common = seen.compared
        moved = [one.candidate for one in seen.differing if one.relation in _MOVED]
        changed = [name for name in unlike_parameters(sides, seen) if name not in (*rows, *moved)]
        if moved and not changed:
            return _Changed(common, moved, "permuted")
        changed += moved
    elif seen is not None and sides.reference.dtype == sides.candidate.dtype:
        # Those that no parameter of their name is held against, as the parts of one that holds several.
        known = {*changed, *rows, *common_parameters(sides), *packed_on_one_side(sides)}
        parts = [name for name in unlike_parameters(sides, seen) if name not in known]
        common = seen.compared if parts else common
        changed += parts
    if not changed:
        return None
    if rounded := _rounded(seen, changed):
        return _Changed(common, changed, "changed", rounded)
    if _permuted(sides, changed):
        return _Changed(common, changed, "permuted")
    return _Changed(common, changed, "changed" if len(changed) < _MOST * common else "retrained")


def _rounded(seen: Parameters | None, changed: Sequence[str]) -> str:
    """What all changed parameters are rounded to; empty where they are not."""
    kinds = {
        one.candidate: one.relation.removeprefix(_ROUNDED)
        for one in (seen.differing if seen is not None else ())
        if one.relation.startswith(_ROUNDED)
    }
    found = {kinds.get(name, "") for name in changed}
    return "" if "" in found else " and ".join(sorted(found))


def _rows(evidence: Evidence) -> list[str]:
    """The parameters that hold the same rows in another order, to the last bit.

    Those with a row for each class are not among them: the order of classes is compared by their names and columns.
    """
    if evidence.parameters is None:
        return []
    reference, candidate = evidence.described
    rows = {one.name: one.shape[0] for one in candidate.parameters if one.shape}
    classes = (1, len(reference.labels or ()))
    return [
        one.candidate
        for one in evidence.parameters.differing
        if one.relation in ("permuted:rows", "permuted:heads") and rows.get(one.candidate) not in classes
    ]


def _permuted(sides: Pair[Description], changed: list[str]) -> bool:
    """Whether the changed parameters hold the same tensors at other names, to the last bit."""
    names = set(changed)
    ours, theirs = (
        Counter((item.digest, tuple(item.shape)) for item in described.parameters if item.name in names)
        for described in sides
    )
    return bool(ours) and ours == theirs


def _suspicion(evidence: Evidence, seen: _Changed) -> Suspicion:
    words = (
        f"are those of the other side rounded to {seen.rounded}"
        if seen.rounded
        else "stand under other names"
        if seen.relation == "permuted"
        else "with the same name have different values"
        if {*seen.changed} <= {*common_parameters(evidence.described)}
        else "have different values"
    )
    sentence = f"{len(seen.changed)} of {seen.common} parameters {words}: {some(seen.changed)}."
    return _found(evidence, seen, sentence)


def _found(evidence: Evidence, seen: _Changed, sentence: str, remedy: str = "") -> Suspicion:
    beginning = evidence.first.stage if evidence.first is not None else "embeddings"
    return Suspicion(
        sentence,
        earliest_stage(seen.changed, evidence) or beginning,
        {"parameters": seen.changed[:100], "changed": len(seen.changed), "common": seen.common},
        severity=evidence.severity,
        remedy=remedy if evidence.first is not None else _UNUSED,
        could_hide=True,
    )


def _case(words: str, first: str | None, **theirs: str) -> Case:
    names = [f"encoder.layer.{number}.dense.weight" for number in range(10)]
    ours = {name: name[-14] for name in names}
    changed = {**ours, **{names[int(key[1:])]: value for key, value in theirs.items()}}
    return Case(
        words, pair(side(parameters=parameters(**ours)), side(parameters=parameters(**changed)), first=first)
    )


_ONE = _case("one edited tensor", "layer.1", p1="x")
_ROWS = Case(
    "the rows of one tensor in another order",
    _ONE.evidence._replace(
        parameters=Parameters(
            compared=10,
            equal=9,
            differing=[
                ParameterPair(
                    reference="encoder.layer.1.dense.weight",
                    candidate="encoder.layer.1.dense.weight",
                    relation="permuted:rows",
                    relative_l2=None,
                )
            ],
        )
    ),
)
_SWAPPED = _case("two layers swapped", "layer.1", p1="2", p2="1")
_ALL = _case("another training run", "layer.0", **{f"p{number}": f"x{number}" for number in range(10)})
_NONE = _case("the same parameters", None)


class PermutedWeights(Cause):
    NAME = "weights.permuted"
    TITLE = "Weights are permuted"
    REMEDY = "Correct the name mapping in the conversion."
    STAGE = "layer.0"
    SPECIFICITY = 190
    CASES = (_SWAPPED, _ROWS)
    BENIGN = (_ONE, _ALL, _NONE)

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        seen = _changed(evidence)
        if seen is not None and seen.relation == "permuted":
            yield _suspicion(evidence, seen)
        rows = _rows(evidence)
        if rows and evidence.parameters is not None:
            common = evidence.parameters.compared
            whose = "rows of 1 parameter are" if len(rows) == 1 else f"rows of {len(rows)} parameters are"
            sentence = (
                f"The {whose} the reference's in another order, to the last bit: {some(rows)}; "
                f"{common} parameters were compared."
            )
            yield _found(evidence, _Changed(common, rows, "permuted"), sentence, _BY_ROWS)


class ChangedWeights(Cause):
    NAME = "weights.changed"
    TITLE = "Weights were changed"
    REMEDY = "Restore the reference's weights there."
    STAGE = "layer.0"
    SPECIFICITY = 120
    CASES = (_ONE,)
    BENIGN = (_SWAPPED, _ROWS, _ALL, _NONE)

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        seen = _changed(evidence)
        if seen is not None and seen.relation == "changed":
            yield _suspicion(evidence, seen)


class RetrainedWeights(Cause):
    NAME = "weights.retrained"
    TITLE = "Another training run"
    REMEDY = "Compare with the checkpoint of the same run."
    STAGE = "embeddings"
    SPECIFICITY = 20
    CASES = (_ALL,)
    BENIGN = (_ONE, _SWAPPED, _ROWS, _NONE)

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        seen = _changed(evidence)
        if seen is not None and seen.relation == "retrained":
            yield _suspicion(evidence, seen)
