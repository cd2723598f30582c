"""The margins of a seed audit: what was stated beforehand, before anything was measured."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Margins"]


class Margins(NamedTuple):
    """What was stated beforehand: the metric's margin (its own unit), the churn budget (a share), alpha, and how far
    churn between the arms may exceed churn within them (None: as much as the metric's margin).
    """

    metric: float
    churn: float
    alpha: float = 0.05
    excess: float | None = None

    @property
    def excess_budget(self) -> float:
        """How far churn between the arms may exceed churn within them."""
        return self.metric if self.excess is None else self.excess
