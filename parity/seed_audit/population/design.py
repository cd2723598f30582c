"""The design of a population: which of its seeds moved, which runs share one, and so what its runs represent.

Runs that share a seed are more alike than by chance: sixteen runs over 4 x 4 seeds sample initial weights only as well as four
runs do, and runs over orders alone sample one set of initial weights.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from parity.seed_audit.measures.variance import Grid, grid_of
from parity.seed_audit.population.population import Population
from parity.statistics.pairing import Pairing, grid_pairs

__all__ = ["Design", "design_of", "shared_seeds"]


class Design(NamedTuple):
    """kind: "apart" (no two runs share a seed that moved, or nothing is known of them), "grid" (a full grid of two seeds), or
    "mixed" (some runs share a seed, and they are no full grid).

    `alone` are runs of which no two share a seed that moved, as many as were found; all of them where kind is "apart", a
    diagonal of a grid. `fixed` are the seeds that did not move while others did: every interval is conditional on them.
    `grid` is None unless kind is "grid".
    """

    kind: Literal["apart", "grid", "mixed"]
    alone: tuple[int, ...]
    fixed: tuple[str, ...]
    grid: Grid | None

    @property
    def pairing(self) -> Pairing | None:
        """The pairs of a grid that share no seed; None without a grid of three by three, where `alone` is what is left."""
        if self.grid is None or min(self.grid.cells.shape[:2]) < 3 or self.grid.cells.shape[2] > 1:
            return None
        return grid_pairs(self.grid.cells[:, :, 0])


def design_of(population: Population) -> Design:
    """The design of its runs, by their factors."""
    names = sorted({name for run in population.factors for name in run} - {"repeat"})
    values = {name: {run.get(name) for run in population.factors} for name in names}
    moved = tuple(name for name in names if len(values[name]) > 1)
    fixed = tuple(name for name in names if len(values[name]) == 1 and population.runs > 1)
    shares = _shares(population, population, moved)
    np.fill_diagonal(shares, False)
    everyone = tuple(range(population.runs))
    if not shares.any():
        return Design("apart", everyone, fixed, None)
    # A seed that no two runs share (dropout's, moved with every run) crosses nothing.
    crossed = [name for name in moved if _shares(population, population, (name,)).sum() > population.runs]
    grid = grid_of(population, crossed[0], crossed[1]) if len(crossed) == 2 else None
    if grid is not None:
        diagonal = np.diagonal(grid.cells[:, :, 0])
        return Design("grid", tuple(sorted(int(run) for run in diagonal)), fixed, grid)
    return Design("mixed", _alone(shares), fixed, None)


def shared_seeds(one: Population, other: Population) -> npt.NDArray[np.bool_]:
    """[runs of one, runs of other] whether two runs of two arms share a seed that moves in either arm."""
    factors = (*one.factors, *other.factors)
    names = {name for run in factors for name in run} - {"repeat"}
    moved = tuple(
        name
        for name in sorted(names)
        if any(len({run.get(name) for run in arm.factors}) > 1 for arm in (one, other))
    )
    return _shares(one, other, moved)


def _shares(one: Population, other: Population, names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    found = np.zeros((one.runs, other.runs), dtype=bool)
    for name in names:
        here, there = ([run.get(name) for run in arm.factors] for arm in (one, other))
        for place, value in enumerate(here):
            if value is not None:
                found[place] |= np.array([value == twin for twin in there])
    return found


def _alone(shares: npt.NDArray[np.bool_]) -> tuple[int, ...]:
    """Runs of which no two share: always the one next that shares with the fewest of those left."""
    left = set(range(len(shares)))
    found: list[int] = []
    while left:
        places = sorted(left)
        run = min(places, key=lambda place: (int(shares[place, places].sum()), place))
        found.append(run)
        left -= {run, *(other for other in places if shares[run, other])}
    return tuple(sorted(found))
