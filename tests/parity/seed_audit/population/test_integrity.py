"""Integrity by what runs recorded of their seeds, and by seeds that are known in part."""

from __future__ import annotations

from parity.seed_audit.population.integrity import Fault, check_seeds
from parity.seed_audit.population.population import Population
from tests.seed_runs import population

SEEDS: tuple[str, ...] = ("init_seed", "order_seed", "dropout_seed")


def moved(runs: int) -> Population:
    """Runs with every seed moved at once, as `--seeds` makes them."""
    made = population(runs, 20)
    return Population(made.logits, made.labels, tuple(dict.fromkeys(SEEDS, run) for run in range(runs)))


def made(**same: tuple[str, ...]) -> list[dict[str, tuple[str, ...]]]:
    """What three runs recorded of each seed; `same` is what did not move."""
    return [{**{name: (f"{name} {run}",) for name in SEEDS}, **same} for run in range(3)]


def test_seeds_that_moved_together_and_each_made_something_have_no_fault() -> None:
    assert () == check_seeds(moved(3), None, made()).faults


def test_a_seed_that_made_the_same_or_nothing_is_told_though_the_runs_differ() -> None:
    for same in ((), ("one head",)):
        found = check_seeds(moved(3), None, made(init_seed=same))
        assert (Fault("seed_without_effect", (0, 1, 2), ("init_seed",), hidden=True),) == found.faults
        assert (0, 1, 2) == found.keep


def test_a_seed_that_did_not_move_had_nothing_to_change() -> None:
    fixed = moved(3)
    factors = tuple({**run, "dropout_seed": 1} for run in fixed.factors)
    found = check_seeds(Population(fixed.logits, fixed.labels, factors), None, made(dropout_seed=("one",)))
    assert () == found.faults


def test_runs_of_which_one_seed_is_known_and_equal_are_no_repeats() -> None:
    some = population(4, 20)
    found = check_seeds(Population(some.logits, some.labels, tuple({"init_seed": k} for k in (1, 1, 2, 2))))
    assert ((), None, (0, 1, 2, 3)) == (found.faults, found.repeats, found.keep)
    whole = tuple(dict.fromkeys(SEEDS, k) for k in (1, 1, 2, 2))
    assert (0, 2) == check_seeds(Population(some.logits, some.labels, whole)).keep
