"""What an adapter that trains declares: the seeds of its runs, and how its recipes are recognised.

A seed audit knows no seed by name. It moves the factors that an adapter declares, names runs by them, and reads from the record
of a training what each of them made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from parity.subjects.subject import Subject

__all__ = ["Factor", "Trains"]

Makes = Literal["weights", "order", "dropout"]


@dataclass(frozen=True)
class Factor:
    """One seed: the option of a subject that sets it, and what it moves, in words.

    `default` is its value where the subject does not give it, None where the artifact itself has one, which is not known here.
    `makes`: what of a training it decides, of the parts whose digests a training records. `unmoved` is a sentence on what runs have in common where
    it changed nothing ("… began with the same weights"), and `reason` is the name of the verdict's reason where it never moved.

    >>> Factor("order_seed", "the order of the training rows", makes=("order",)).short
    'order'
    """

    name: str
    title: str
    default: int | None = 0
    makes: tuple[Makes, ...] = ()
    unmoved: str = ""
    reason: str = "seed_fixed"

    @property
    def short(self) -> str:
        """Its name in the name of a run, and after `--factor`."""
        return self.name.removesuffix("_seed")


@dataclass(frozen=True)
class Trains:
    """How the runs of an adapter are trained.

    `factors` are its seeds, in the order in which they are crossed. `every` is the option that sets all of them. `moved` are the options
    that are moved where every seed moves (none: the factors themselves). `together` is empty where each factor can be moved alone, else the
    sentence that says why not, and `instead` what to do. `grid`: the two factors whose crossing splits the variance. `recipes`: endings of the names of
    files that are a recipe by themselves, without a scheme before them. `settled` reads what a recipe says, None where only the runner can.
    """

    factors: tuple[Factor, ...]
    every: str = "seed"
    moved: tuple[str, ...] = ()
    together: str = ""
    instead: str = ""
    grid: tuple[str, str] | None = None
    recipes: tuple[str, ...] = ()
    settled: Callable[[Subject], dict[str, Any]] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its factors."""
        return tuple(factor.name for factor in self.factors)
