"""Which runs share a seed, and which pairs of runs tell how far two new runs differ."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from parity.seed_audit.measures.churn import churn, disagreement
from parity.seed_audit.population.design import design_of, shared_seeds
from parity.seed_audit.population.population import Population
from parity.statistics.pairing import every_pair, grid_pairs
from tests.seed_runs import population


def seeded(*points: tuple[int, int], dropout: int | None = None) -> Population:
    """Runs with these seeds of initial weights and of order."""
    factors = tuple({"init_seed": init, "order_seed": order} for init, order in points)
    if dropout is not None:
        factors = tuple({**run, "dropout_seed": dropout} for run in factors)
    made = population(len(points), 40, noise=1.5)
    return Population(made.logits, made.labels, factors)


def test_runs_whose_seeds_all_move_together_share_none() -> None:
    found = design_of(seeded((1, 1), (2, 2), (3, 3)))
    assert ("apart", (0, 1, 2), (), None) == found


def test_runs_of_which_nothing_is_known_are_taken_as_apart() -> None:
    assert ("apart", (0, 1, 2)) == design_of(population(3))[:2]


def test_a_seed_that_stands_still_while_another_moves_is_named() -> None:
    found = design_of(seeded((1, 1), (1, 2), (1, 3)))
    assert ("apart", (0, 1, 2), ("init_seed",)) == found[:3]
    assert ("dropout_seed",) == design_of(seeded((1, 1), (2, 2), dropout=1)).fixed


def test_a_grid_has_as_many_runs_apart_as_its_shorter_side() -> None:
    made = seeded(*product((1, 2, 3), (1, 2, 3, 4)))
    found = design_of(made)
    assert "grid" == found.kind and found.grid is not None
    assert (3, 4, 1) == found.grid.cells.shape
    assert 3 == len(found.alone)
    for one, other in combinations(found.alone, 2):
        assert not set(made.factors[one].items()) & set(made.factors[other].items())


def test_a_dropout_seed_that_no_two_runs_share_leaves_the_grid_a_grid() -> None:
    made = seeded(*product((1, 2), (1, 2)))
    factors = tuple({**run, "dropout_seed": place} for place, run in enumerate(made.factors))
    found = design_of(Population(made.logits, made.labels, factors))
    assert ("grid", ()) == (found.kind, found.fixed)


def test_a_grid_with_a_hole_leaves_runs_that_share_no_seed() -> None:
    points = [point for point in product((1, 2, 3), (1, 2, 3)) if point != (1, 1)]
    made = seeded(*points)
    found = design_of(made)
    assert ("mixed", 3, None) == (found.kind, len(found.alone), found.grid)
    for one, other in combinations(found.alone, 2):
        assert points[one][0] != points[other][0] and points[one][1] != points[other][1]


def test_runs_of_two_arms_with_the_same_seeds_are_matched_and_a_seed_that_never_moves_matches_none() -> None:
    one = seeded((1, 1), (2, 2), (3, 3), dropout=1)
    assert (np.eye(3, dtype=bool) == shared_seeds(one, one)).all()
    assert not shared_seeds(one, population(3)).any()


def test_the_pairs_of_a_grid_share_neither_row_nor_column() -> None:
    cells = np.random.default_rng(0).permutation(12).reshape(3, 4)
    found = grid_pairs(cells)
    place = {int(run): (i, j) for (i, j), run in np.ndenumerate(cells)}
    for one, other in product(range(12), repeat=2):
        apart = place[one][0] != place[other][0] and place[one][1] != place[other][1]
        assert apart == found.used[one, other]
    assert [3, 4] == [len(axis) for axis in found.axes]


def test_churn_of_a_grid_is_over_its_pairs_and_leaves_out_rows_and_columns() -> None:
    made = seeded(*product((1, 2, 3), (1, 2, 3)))
    picked, cells = made.predictions, np.arange(9).reshape(3, 3)
    pairing = grid_pairs(cells)

    def mean(runs: list[int]) -> float:
        return float(
            np.mean(
                [
                    (picked[one] != picked[other]).mean()
                    for one, other in combinations(runs, 2)
                    if one // 3 != other // 3 and one % 3 != other % 3
                ]
            )
        )

    found = churn(picked, pairing=pairing)
    assert pytest.approx(mean(list(range(9)))) == found.estimate.value
    assert pytest.approx(found.estimate.value) == disagreement(picked, pairing).mean()
    expected = 0.0
    for side in ([0, 0, 0, 1, 1, 1, 2, 2, 2], [0, 1, 2, 0, 1, 2, 0, 1, 2]):
        deleted = np.array([mean([run for run in range(9) if side[run] != gone]) for gone in range(3)])
        expected += 2 / 3 * ((deleted - deleted.mean()) ** 2).sum()
    assert pytest.approx(expected) == found.estimate.run_variance


def test_all_pairs_are_what_runs_that_share_nothing_have() -> None:
    picked = population(5, 60).predictions
    assert churn(picked) == churn(picked, pairing=every_pair(5))
    assert pytest.approx(disagreement(picked)) == disagreement(picked, every_pair(5))
