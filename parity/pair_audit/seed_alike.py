"""Whether a pair can be set beside a seed audit: the same inputs, the same classes, a model of as many layers.

The difference of two seeds is a scale only for the same inputs; a seed audit of other inputs is refused before
anything is run.
"""

from __future__ import annotations

import re

from parity.border.description import Description
from parity.errors import RecordError
from parity.inputs.inputs import Inputs
from parity.records.pair import Pair
from parity.records.seed_audit import SeedAudit

__all__ = ["check_alike"]

_LAYER = re.compile(r"layer\.\d+")
_COUNTED = re.compile(r"LABEL_\d+")


def check_alike(described: Pair[Description], inputs: Inputs, seeds: SeedAudit, named: str) -> None:
    """Raise RecordError with what differs between the pair and the seed audit `named`."""
    if inputs.as_given != seeds.inputs.as_given:
        raise RecordError(
            f"The seed audit {named} was made on other inputs: {seeds.inputs.count:,} from {seeds.inputs.source} "
            f"({_short(seeds.inputs.digest)}), and these are {inputs.count:,} from {inputs.source} ({_short(inputs.digest)}).",
            next_step="Compare on the inputs of the seed audit, or make one on these.",
        )
    for side, one in zip(Pair._fields, described, strict=True):
        _check_classes(side, one.labels or [], seeds.classes, named)
        _check_layers(side, one, seeds, named)


def _check_classes(side: str, names: list[str], classes: list[str], named: str) -> None:
    if not names or not classes or set(names) == set(classes):
        return
    unnamed = any(all(map(_COUNTED.fullmatch, known)) for known in (names, classes))
    if unnamed and len(names) == len(classes):
        return
    raise RecordError(
        f"The seed audit {named} decides between other classes: {_listed(classes)}, and the {side} between {_listed(names)}.",
        next_step="Name a seed audit of a model with these classes.",
    )


def _check_layers(side: str, one: Description, seeds: SeedAudit, named: str) -> None:
    ours = {stage.name for stage in one.stages if _LAYER.fullmatch(stage.name)}
    theirs = {item.stage for item in seeds.cka if _LAYER.fullmatch(item.stage)}
    if not ours or not theirs or ours == theirs:
        return
    raise RecordError(
        f"The seed audit {named} is of another model: its runs have {len(theirs)} layers, and the {side} has {len(ours)}.",
        next_step="Name a seed audit of runs of this model's recipe.",
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:8]))
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown


def _short(digest: str) -> str:
    return digest[:19]
