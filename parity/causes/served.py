"""How each side is served, where it is not as it was loaded: quantised weights, compiled code, modules on other devices or on disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from parity.align.changed_parameters import packed_on_one_side
from parity.align.names import some
from parity.border.description import Parameter
from parity.causes.case import Case, pair, parameters, side
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence
from parity.causes.parameter_stages import earliest_stage
from parity.stages import stage_rank

__all__ = ["CompiledCode", "DeviceMap", "QuantisedWeights"]

_NAME = "encoder.layer.1.dense.weight"
_PLAIN = side(parameters=parameters(**{_NAME: "a"}), weights_bytes=400)
_PACKED = side(
    parameters=[Parameter(_NAME, [2, 3], "qint8", "b", "qint8")],
    weights_bytes=100,
    served={"quantised": "dynamic-int8, engine x86"},
)
_COMPILED = side(served={"compiled": "torch.compile, mode default, dynamic shapes"})
_PLACED = side(served={"device_map": "the rest on cpu, encoder.layer.1 on disk"})


class _Served(Cause):
    """A way of serving by its name in the description, and what a sentence says of it."""

    KEY: ClassVar[str]
    WORDS: ClassVar[str]

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        ours, theirs = (described.served.get(self.KEY) for described in evidence.described)
        if ours == theirs:
            return
        how = [self.WORDS.format(words) if words else "as it was loaded" for words in (ours, theirs)]
        explains = evidence.first is not None and self.explains(evidence)
        yield Suspicion(
            f"The reference runs {how[0]}, the candidate {how[1]}.",
            self.STAGE,
            {"reference": ours, "candidate": theirs},
            severity="divergent" if explains else "notice",
            standing="suspected" if explains else "observed",
        )

    def explains(self, evidence: Evidence) -> bool:
        """Whether it acts at or before the first divergence: not where the inputs differ."""
        return evidence.first is not None and stage_rank(evidence.first.stage) >= stage_rank("embeddings")


class CompiledCode(_Served):
    NAME = "runtime.compile"
    TITLE = "Compiled code"
    REMEDY = "Compare without compile: what remains then is not the compiler's."
    STAGE = "embeddings"
    SPECIFICITY = 25
    KEY = "compiled"
    WORDS = "compiled code ({})"
    CASES = (Case("compiled against eager, and a layer differs", pair(side(), _COMPILED, first="layer.0")),)
    BENIGN = (
        Case("both compiled", pair(_COMPILED, _COMPILED, first="layer.0")),
        Case("neither compiled", pair(side(), side(), first="layer.0")),
    )


class DeviceMap(_Served):
    NAME = "runtime.device_map"
    TITLE = "Modules on other devices"
    REMEDY = "Compare without device_map: what remains then does not come from where the weights lie."
    STAGE = "embeddings"
    SPECIFICITY = 24
    KEY = "device_map"
    WORDS = "with its modules placed ({})"
    CASES = (Case("a layer on disk, and a layer differs", pair(side(), _PLACED, first="layer.0")),)
    BENIGN = (
        Case("the same places", pair(_PLACED, _PLACED, first="layer.0")),
        Case("none placed", pair(side(), side(), first="layer.0")),
    )


class QuantisedWeights(Cause):
    NAME = "weights.quantised"
    TITLE = "Weights are quantised"
    REMEDY = "Compare with the weights before they were quantised; --policy decisions judges whether what is left matters."
    STAGE = "layer.0"
    SPECIFICITY = 150
    CASES = (
        Case("8-bit weights against float32", pair(_PLAIN, _PACKED, first="layer.1")),
        Case("float32 against 8-bit weights", pair(_PACKED, _PLAIN, first="layer.1")),
        Case(
            "a graph that names its quantised operators and no parameters",
            pair(side(), side(served={"quantised": "MatMulInteger"}), first="layer.0"),
        ),
    )
    BENIGN = (
        Case("the same quantised weights", pair(_PACKED, _PACKED, first="layer.1")),
        Case("no quantised weights", pair(_PLAIN, _PLAIN, first="layer.1")),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        ours, theirs = (described.served.get("quantised") for described in evidence.described)
        packed = packed_on_one_side(evidence.described)
        if ours == theirs and not packed:
            return
        names = f" {len(packed)} parameters: {some(packed)}." if packed else ""
        size, facts = _size(evidence)
        start = earliest_stage(packed, evidence) if packed else "embeddings"
        explains = (
            evidence.first is not None
            and stage_rank(evidence.first.stage) >= stage_rank(start or "embeddings")
            and not _only_in_float64(evidence)
        )
        yield Suspicion(
            f"{_compared(ours, theirs)}{names}{size}"
            + ("" if explains or evidence.first is None else " The first difference lies before them."),
            start or "embeddings",
            {
                "reference": ours,
                "candidate": theirs,
                "parameters": packed[:100],
                "relation": "quantised",
                **facts,
            },
            severity="divergent" if explains else "notice",
            standing="suspected" if explains else "observed",
            settings=("quantization_config",),
        )


def _compared(ours: str | None, theirs: str | None) -> str:
    """Which side's weights are quantised, and how."""
    if not ours or not theirs:
        here, there = ("reference", "candidate") if ours else ("candidate", "reference")
        return f"The {here}'s weights are quantised ({ours or theirs}), the {there}'s are not."
    if ours == theirs:
        return f"The weights of both sides are quantised ({ours}), and not the same ones."
    return f"The reference's weights are quantised as {ours}, the candidate's as {theirs}."


def _only_in_float64(evidence: Evidence) -> bool:
    return evidence.first is not None and evidence.first.float64_only


def _size(evidence: Evidence) -> tuple[str, dict[str, object]]:
    """What the weights of both sides take, as a sentence and as facts; nothing where that is not known."""
    ours, theirs = (described.weights_bytes for described in evidence.described)
    if not ours or not theirs:
        return "", {}
    ratio = theirs / ours
    sentence = f" The candidate's take {theirs:,} bytes, the reference's {ours:,}: {ratio:.2f} times as many."
    return sentence, {"bytes": [ours, theirs], "size_ratio": ratio}
