"""Pairs written by hand to test a cause: the evidence of an ordinary pair with a few changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from parity.border.description import Abilities, Description, Parameter
from parity.causes.evidence import Evidence, Feeds, InputsSeen, Lost, Outputs, TokensSeen
from parity.records.after import AfterResult, Repeat
from parity.records.decisions import Decisions, FlipRate, ImpliedTemperature
from parity.records.generation import FirstDifference, Generation, TextsAgain
from parity.records.inputs import InputsRecord
from parity.records.pair import Pair
from parity.records.places import Place, Status
from parity.records.policy import PolicyRecord
from parity.records.stage import FirstDivergence, StageRecord
from parity.records.tokens import Tokens

__all__ = ["Case", "decided", "pair", "parameters", "repeat", "side", "stage", "texts_again", "tokens"]

_SYMBOLS = ("text", "tokens", "input_ids", "token_type_ids", "attention_mask", "position_ids")
_TENSORS = ("embeddings", "layer.0", "layer.1", "pooled", "logits", "probabilities")
_ROWS = 10


class Case(NamedTuple):
    """A pair in words, and its evidence."""

    words: str
    evidence: Evidence


def side(**fields: Any) -> Description:
    """A small encoder as it describes itself, with these fields of a `Description`."""
    values: dict[str, Any] = {"framework": "toy", "versions": {}, "stages": [], "can": Abilities(), **fields}
    return Description(**values)


def parameters(**digests: str) -> list[Parameter]:
    """Parameters by name, each with its digest."""
    return [Parameter(name, [2, 3], "float32", digest) for name, digest in digests.items()]


def tokens(padding: Sequence[str] = ("right", "right"), /, **differences: int) -> Tokens:
    """How ten encodings compare: rows that differ, by kind."""
    return Tokens(
        rows=_ROWS,
        rows_equal=_ROWS - max(differences.values(), default=0),
        differences=differences,
        padding_side=dict(zip(Pair._fields, padding, strict=True)),
    )


def repeat(kind: Literal["same_batch", "other_order", "alone"], **fields: Any) -> Repeat:
    """The candidate's rows run again, two of four of which differ from the embeddings on."""
    values: dict[str, Any] = {"rows": (0, 2), "of": 4, "batch": 4, **fields}
    return Repeat(kind, "candidate", "embeddings", 0.1, 1.9e-6, **values)


def texts_again(way: Literal["cache", "batch", "streamed"], differing: int = 2, **fields: Any) -> AfterResult:
    """Texts that are equal on both sides, of which the candidate's first ones are others when they are generated again in this way."""
    position = None if way == "streamed" else 3
    found = [
        FirstDifference(row=row, position=position, reference="a", candidate="b", explained_by_noise=False)
        for row in range(differing)
    ]
    again = TextsAgain(
        way=way, side="candidate", rows=8, equal=8 - differing, first_differences=found, **fields
    )
    return AfterResult(
        generation=Generation(
            rows=8, equal=8, settings=[], first_differences=[], new_tokens=20, again=[again]
        )
    )


def stage(name: str, status: Status = "divergent", pass_: str = "own", **fields: Any) -> StageRecord:
    """A stage's record; where it is divergent it differs by far more than rounding explains."""
    beyond = status in ("divergent", "within_limit")
    values: dict[str, Any] = {
        "relative_l2": 0.025 if beyond else 5e-8,
        "max_abs": Place(value=8.0, at=None),
        "noise_floor": 6e-8,
        "times_floor": 4e5 if beyond else 0.8,
        "float64_relative_l2": None,
        "compared": 30,
        "allowed": 3e-7,
        "rows": _ROWS,
        "rows_beyond": _ROWS if beyond else 0,
    }
    if name in _SYMBOLS or name == "label":
        values.update(dict.fromkeys(("relative_l2", "noise_floor", "times_floor", "allowed")))
    return StageRecord(stage=name, pass_=pass_, status=status, **{**values, **fields})


def decided(value: float | None = None, r2: float | None = None, **fields: Any) -> Decisions:
    """Decisions that agree, with the temperature that the logits imply."""
    values: dict[str, Any] = {
        "examples": _ROWS,
        "agree": _ROWS,
        "flips": [],
        "flip_rate": FlipRate(value=0.0, low=0.0, high=0.3, confidence=0.95),
        "temperatures": [],
        "implied_temperature": ImpliedTemperature(value=value, r2=r2),
        **fields,
    }
    return Decisions(**values)


def pair(
    reference: Description | None = None,
    candidate: Description | None = None,
    *,
    first: str | FirstDivergence | None = None,
    **groups: Any,
) -> Evidence:
    """The evidence of a pair that differs from the stage `first` on (None: nowhere); `groups` are other fields of the evidence."""
    start = FirstDivergence(stage=first, pass_="own") if isinstance(first, str) else first
    plain = Evidence(
        described=Pair(reference or side(), candidate or side()),
        policy=PolicyRecord(name="faithful", floor_factor=5.0, float64_limit=1e-12, check_float64=True),
        inputs=InputsSeen(InputsRecord(count=_ROWS, digest="", source="by hand")),
        tokens=TokensSeen(tokens()),
        feeds=Feeds(),
        stages=_path(start),
        first=start,
        decisions=None,
        outputs=Outputs(),
        lost=Lost(),
    )
    return plain._replace(**groups)


def _path(start: FirstDivergence | None) -> list[StageRecord]:
    """The stages of an encoder with two layers, from `start` on divergent in the pass that it names."""
    names = (*_SYMBOLS, *_TENSORS, "label")
    at = len(names) if start is None or start.stage not in names else names.index(start.stage)
    return [
        stage(name, "divergent" if place >= at and name not in _SYMBOLS[at + 1 :] else "equal")
        for place, name in enumerate(names)
    ]
