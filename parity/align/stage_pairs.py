"""Why a stage of one side is that of the other: by name and axes, with the modules of both and what their parameters say to it."""

from __future__ import annotations

from collections.abc import Sequence

from parity.align.parameters import Pairing
from parity.align.stage_joins import StageJoin
from parity.border.description import Description
from parity.records.pair import Pair

__all__ = ["why_paired"]


def why_paired(
    stage: str, described: Pair[Description], pairing: Pairing, joins: Sequence[StageJoin] = ()
) -> str:
    """The reason in words; `pairing` says which parameter is which, `joins` which stages of unlike names were joined."""
    why = next((one.by for one in joins if one.reference == stage), "name and axes")
    modules = [next((seen.module for seen in side.stages if seen.name == stage), None) for side in described]
    known = " and ".join(module for module in modules if module)
    if not known:
        return why
    if modules[0] is None or modules[1] is None:
        return f"{why}; {known}"
    return f"{why}; {known}{_by_parameters(Pair(modules[0], modules[1]), pairing)}"


def _by_parameters(modules: Pair[str], pairing: Pairing) -> str:
    """What the parameters in two modules say, as the end of a clause; empty where there are none."""
    pairs = list(enumerate(pairing.sides))
    ours = {at for at, one in pairs if one.reference.name.startswith(modules.reference + ".")}
    theirs = {at for at, one in pairs if one.candidate.name.startswith(modules.candidate + ".")}
    if not ours or not theirs:
        return ""
    if ours == theirs:
        return ", whose parameters are one another's"
    shared = len(ours & theirs)
    return f", of whose parameters {shared} of {len(ours | theirs)} are one another's"
