"""The probabilities of both sides, added up while batches of logits go by, and how decisions are counted at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.align.plan import Plan
from parity.measure.activation import Activation
from parity.measure.decision_rule import DecisionRule
from parity.measure.distributions import TemperatureSums
from parity.measure.temperature import ImpliedTemperature as TemperatureOfLogits
from parity.pair_audit.choices import Choices
from parity.records.decisions import ImpliedTemperature, Temperature

__all__ = ["Deciding", "ProbabilityLedger", "finite"]


class Deciding(NamedTuple):
    """How decisions are counted.

    `classes` are the reference's; `temperatures` those at which probabilities are compared. The plan has the task by which both
    decide, and each side's own temperature, by which its logits are divided before anything is stated about probabilities. `noise`
    is the largest difference of an output that rounding explains (None: not measured), `mask` the piece of a masked token. `decided`
    says which tokens decide, as the task has it, or "masks alone" where the others are masked in turn.
    """

    classes: Sequence[str]
    temperatures: Sequence[float]
    plan: Plan
    noise: float | None
    confidence: float
    mask: str = ""
    decided: str = "text"


class ProbabilityLedger:
    """What accumulates over the probabilities of both sides."""

    def __init__(self, deciding: Deciding, activation: Activation, rule: DecisionRule) -> None:
        self._own = own = deciding.plan.temperatures
        self._distances = TemperatureSums(
            deciding.temperatures,
            activation=activation,
            rule=rule,
            reference_temperature=own.reference,
            candidate_temperature=own.candidate,
        )
        self._implied = TemperatureOfLogits(activation=activation)

    def add(self, choices: Choices, places: NDArray[np.int64] | None = None) -> None:
        """Logits [n, classes] of both sides; `places` [n, 2] are the row and the position of each, where a row has several."""
        self._distances.add(choices.logits.reference, choices.logits.candidate, places)
        here, there = (np.asarray(side, dtype=np.float64) for side in choices.values)
        self._implied.add(here / self._own.reference, there / self._own.candidate)

    def temperatures(self) -> list[Temperature]:
        """The distances at each temperature."""
        return [
            Temperature(
                temperature=item.temperature,
                js_mean=item.js_mean,
                tv_mean=item.tv_mean,
                kl_mean=finite(item.kl_mean),
                max_abs_probability=item.max_abs_probability,
                js_max=item.js_max,
                tv_max=item.tv_max,
                kl_max=finite(item.kl_max),
                agree=item.agree,
                kl_at=None if item.kl_at is None else list(item.kl_at),
            )
            for item in self._distances.measurements()
            if item.rows
        ]

    def implied(self) -> ImpliedTemperature:
        """The temperature that the logits imply."""
        fit = self._implied.fit()
        return ImpliedTemperature(value=fit.value, r2=fit.r2, reverse=fit.reverse)


def finite(value: float) -> float | None:
    """JSON has no infinity: an infinite distance or margin is kept as null."""
    return value if math.isfinite(value) else None
