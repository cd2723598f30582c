"""The arms of a seed audit: their runs with the outcome of each, and the population of those that may be averaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.seed_audit.population.classes import Classes
from parity.seed_audit.population.decided import Decided, Truth
from parity.seed_audit.population.failed import FailedRuns
from parity.seed_audit.population.held import Held
from parity.seed_audit.population.integrity import SeedCheck
from parity.seed_audit.population.population import Population
from parity.seed_audit.runs.requested import Arm, RequestedRun
from parity.seed_audit.runs.run_inputs import Collected

__all__ = ["ArmRuns", "Ground", "Member", "NamedFault", "population_of"]

Standing = Literal["kept", "failed", "left_out", "lost"]


class Ground(NamedTuple):
    """What all runs stand on: the inputs' digest, the classes, [examples] the class of each (None: no labels), how sure the
    intervals are, and by arm the digest of the recipe as it was when the audit began (none where runs exist). truth: how examples are
    decided, and what the inputs say of that.
    """

    digest: str
    classes: Classes
    labels: NDArray[np.int64] | None
    confidence: float
    recipes: Mapping[Arm, str] = {}
    truth: Truth = Truth()


class Member(NamedTuple):
    """One run of an arm: what was requested, its outcome, and whether it counts.

    `missed`: it was requested and is not there: it was lost, ran on other data, or has a seed that changed nothing. A repeat,
    or the same run named twice, is not missed.
    """

    requested: RequestedRun
    collected: Collected | None
    standing: Standing
    reason: str = ""
    missed: bool = False


class NamedFault(NamedTuple):
    """A fault of the runs' integrity: the names of the runs, and the seeds in question. `detail` says where it shows;
    `hidden`, that the runs differ all the same.
    """

    kind: str
    runs: tuple[str, ...]
    factors: tuple[str, ...] = ()
    detail: str = ""
    hidden: bool = False


class ArmRuns(NamedTuple):
    """One arm: all its runs, the population of those that are kept, and what was found on the way.

    `population` is None where no run is kept; `members` are in the order requested; `kept` are indices into them.
    """

    arm: Arm
    members: tuple[Member, ...]
    kept: tuple[int, ...]
    population: Population | None
    failed: FailedRuns | None
    check: SeedCheck | None
    faults: tuple[NamedFault, ...]

    @property
    def missing(self) -> int:
        """How many runs were requested and are not there."""
        return sum(member.missed for member in self.members)


def population_of(
    members: Sequence[Member],
    logits: Sequence[NDArray[np.float64]],
    factors: Sequence[Mapping[str, int]],
    ground: Ground,
) -> Population:
    """The population of these runs of one arm; logits and factors: of each of them, the columns in the order of the classes."""
    whole, truth = np.stack(list(logits)), ground.truth
    decided: Decided | Held | None = None
    if truth.counted == "words":
        decided = truth.of_words(whole, ground.classes.names)
    elif truth.counted == "answers":
        answers = [member.collected.answers or [] for member in members if member.collected is not None]
        decided = truth.of_answers(answers)
    elif truth.counted != "classes":
        tokens = [None if one.collected is None else one.collected.tokens for one in members]
        picked = None if None in tokens else np.stack([one.picked for one in tokens if one is not None])
        decided = truth.of_held(whole, picked)
    names = tuple(member.requested.name for member in members)
    return Population(whole, ground.labels, tuple(factors), members[0].requested.arm, names, decided)
