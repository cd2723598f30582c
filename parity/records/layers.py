"""The error that each layer has of its own, beside what it has with all that it inherits; and the modules that have one."""

from __future__ import annotations

from parity.records.places import Record

__all__ = ["LayerRecord", "ModulePair", "OriginRecord"]


class ModulePair(Record, frozen=True, kw_only=True):
    """One module on both sides: its dotted path as `named_modules()` gives it (empty: the model itself)."""

    reference: str
    candidate: str


class LayerRecord(Record, frozen=True, kw_only=True):
    """One stage: the relative L2 that is its own, on the reference's input, and the total on the same rows, with what it inherited.

    `isolated_relative_l2` is null where the stage could not be given the reference's input; `reason` then says why. Elsewhere it says
    what the stage was not given. `noise_floor` is the rounding of the stage alone, `allowed` what is taken for it at most, both in `precision`.
    `own` says that its own error is beyond that.
    """

    stage: str
    isolated_relative_l2: float | None
    total_relative_l2: float | None
    noise_floor: float | None
    allowed: float | None = None
    precision: str = ""
    own: bool = False
    reason: str = ""


class OriginRecord(Record, frozen=True, kw_only=True):
    """A module with an error of its own: the stages in which it runs, its largest own error, the total there, the floor, and the rows that show it.

    `paired_by` says how a module inside a layer was found to be the other's; empty for a layer and what stands beside layers. `reason` says
    why it is not a smaller module, or what it was not given.
    """

    module: ModulePair
    stages: list[str]
    isolated_relative_l2: float | None
    total_relative_l2: float | None
    noise_floor: float | None
    times_floor: float | None
    rows: list[int]
    paired_by: str = ""
    reason: str = ""
