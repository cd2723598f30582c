"""What each layer would have decided: either side's own head applied to what its layers return, and how far the probabilities are apart."""

from __future__ import annotations

from parity.records.places import Record

__all__ = ["LensRecord", "LensTemperature"]


class LensTemperature(Record, frozen=True, kw_only=True):
    """Distances of the probabilities after one layer at one temperature: JS in nats, TV as a share, the largest difference of one probability.

    They are null where no row has any. `agree` counts the decisions that are the same.
    """

    temperature: float
    js_mean: float | None
    tv_mean: float | None
    max_abs_probability: float | None
    agree: int


class LensRecord(Record, frozen=True, kw_only=True):
    """One layer: `decided` are the decisions that were compared, `undefined` those that a side had no numbers for.

    `over` is the number of columns of a vocabulary that the probabilities are of, the likeliest at the reference's last layer (null: all classes).
    """

    stage: str
    decided: int
    undefined: int
    temperatures: list[LensTemperature]
    over: int | None = None
