"""Parameters that both sides have by the same name with other values: an edit of a few, other places for the same, or another training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

from parity.align.changed_parameters import changed_parameters, common_parameters
from parity.align.names import some
from parity.border.description import Description
from parity.causes.case import Case, pair, parameters, side
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence
from parity.causes.parameter_stages import earliest_stage
from parity.records.pair import Pair

__all__ = ["ChangedWeights", "PermutedWeights", "RetrainedWeights"]

_MOST = 0.9  # of the common parameters: so many other values are another training
_UNUSED = "Parameters differ that these inputs do not use: give inputs that do, or explain the difference."
_BY_ROWS = "Put each row at the id that the tokenizer gives its piece: a table such as fairseq's dict.txt lists the rows' order."


class _Changed(NamedTuple):
    """The common parameters, those of them with other values, and how these relate."""

    common: list[str]
    changed: list[str]
    relation: Literal["permuted", "changed", "retrained"]


def _changed(evidence: Evidence) -> _Changed | None:
    """What is changed, except the parameters of which only the order of the rows is."""
    sides = evidence.described
    changed = [name for name in changed_parameters(sides) if name not in evidence.permuted]
    if not changed:
        return None
    common = common_parameters(sides)
    if _permuted(sides, changed):
        return _Changed(common, changed, "permuted")
    return _Changed(common, changed, "changed" if len(changed) < _MOST * len(common) else "retrained")


def _permuted(sides: Pair[Description], changed: list[str]) -> bool:
    """Whether the changed parameters hold the same tensors at other names, to the last bit."""
    names = set(changed)
    ours, theirs = (
        Counter((item.digest, tuple(item.shape)) for item in described.parameters if item.name in names)
        for described in sides
    )
    return ours == theirs


def _suspicion(evidence: Evidence, seen: _Changed) -> Suspicion:
    words = (
        "stand under other names"
        if seen.relation == "permuted"
        else "with the same name have different values"
    )
    sentence = f"{len(seen.changed)} of {len(seen.common)} parameters {words}: {some(seen.changed)}."
    return _found(evidence, seen, sentence)


def _found(evidence: Evidence, seen: _Changed, sentence: str, remedy: str = "") -> Suspicion:
    beginning = evidence.first.stage if evidence.first is not None else "embeddings"
    return Suspicion(
        sentence,
        earliest_stage(seen.changed, evidence) or beginning,
        {"parameters": seen.changed[:100], "changed": len(seen.changed), "common": len(seen.common)},
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
    _ONE.evidence._replace(permuted=["encoder.layer.1.dense.weight"]),
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
        rows = list(evidence.permuted)
        if rows:
            common = common_parameters(evidence.described)
            whose = "rows of 1 parameter are" if len(rows) == 1 else f"rows of {len(rows)} parameters are"
            sentence = (
                f"The {whose} the reference's in another order, to the last bit: {some(rows)}; "
                f"{len(common)} parameters were compared."
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
