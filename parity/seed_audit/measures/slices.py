"""Slices: the same statistics for each value of a column of the inputs. Runs that agree on average can differ on slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from parity.metrics import METRICS
from parity.seed_audit.measures.difference import Difference, difference
from parity.seed_audit.measures.metric_spread import MetricSpread, metric_spread
from parity.seed_audit.population.population import Population
from parity.statistics.holm import holm

__all__ = ["SliceDifference", "SliceSpread", "slice_differences", "slice_spreads"]


class SliceDifference(NamedTuple):
    """One slice of two arms. `p` is Holm's over all slices that could be tested; None where this one could not (no label in
    it, one labelled example, or one run an arm).
    """

    name: str
    examples: int
    difference: Difference | None
    p: float | None


class SliceSpread(NamedTuple):
    """One slice of one population; `spread` is None where it has no labelled example."""

    name: str
    examples: int
    spread: MetricSpread | None


def slice_differences(
    baseline: Population,
    candidate: Population,
    slices: Sequence[str],
    metric: str = METRICS[0],
    *,
    paired: bool = False,
    confidence: float = 0.95,
) -> tuple[SliceDifference, ...]:
    """Candidate minus baseline in every slice, by name; slices: [examples] the slice of each."""
    names = np.asarray(slices)
    found: list[SliceDifference] = []
    for name in np.unique(names):
        inside = names == name
        one, other = baseline.of_examples(inside), candidate.of_examples(inside)
        apart = None
        if one.labels is not None and other.labels is not None:
            apart = difference(one, other, metric, paired=paired, confidence=confidence)
        found.append(SliceDifference(str(name), int(inside.sum()), apart, None))
    tested = [
        k for k, part in enumerate(found) if part.difference is not None and part.difference.p is not None
    ]
    seen = [
        part.difference.p for part in found if part.difference is not None and part.difference.p is not None
    ]
    for k, p in zip(tested, holm(seen), strict=True):
        found[k] = found[k]._replace(p=p)
    return tuple(found)


def slice_spreads(
    population: Population, slices: Sequence[str], metric: str = METRICS[0], *, confidence: float = 0.95
) -> tuple[SliceSpread, ...]:
    """A metric over runs in every slice, by name."""
    names = np.asarray(slices)
    found: list[SliceSpread] = []
    for name in np.unique(names):
        inside = names == name
        part = population.of_examples(inside)
        spread = None if part.labels is None else metric_spread(part, metric, confidence=confidence)
        found.append(SliceSpread(str(name), int(inside.sum()), spread))
    return tuple(found)
