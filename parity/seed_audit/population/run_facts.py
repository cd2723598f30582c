"""The facts in a run's description that decide whether it counts: its classes, its final loss, and what each seed made."""

from __future__ import annotations

import math

from parity.errors import TrainingDiverged
from parity.seed_audit.population.arms import Member
from parity.seed_audit.population.classes import RunClasses
from parity.seed_audit.runs.requested import RequestedRun
from parity.seed_audit.runs.run_inputs import Collected, Outcome
from parity.subjects.training import known_factors

__all__ = ["classes_of_run", "final_loss", "made_by_seeds", "member_gone"]


def classes_of_run(run: Collected) -> RunClasses:
    """The classes of a run."""
    names = run.description.labels
    return RunClasses(None if names is None else tuple(names), run.logits.shape[1])


def final_loss(run: Collected) -> float | None:
    """The final loss of a run that describes its training; NaN where it was not a number."""
    training = run.description.training
    if training is None or (training.final_loss is None and not training.losses):
        return None
    return math.nan if training.final_loss is None else training.final_loss


def made_by_seeds(run: Collected) -> dict[str, tuple[str, ...]]:
    """What each seed made in a run, as digests; empty where the run did not record it."""
    training = run.description.training
    if training is None:
        return {}
    head, dropout = (() if one is None else (one,) for one in (training.head_digest, training.dropout_digest))
    digests = {"weights": head, "order": tuple(training.order_digests), "dropout": dropout}
    return {
        name: tuple(digest for part in factor.makes for digest in digests[part])
        for name, factor in known_factors().items()
        if factor.makes
    }


def member_gone(run: RequestedRun, outcome: Outcome) -> Member:
    """A run that could not be run on the inputs: it failed where its training diverged, and is lost otherwise."""
    if outcome.slug == TrainingDiverged.slug:
        return Member(run, None, "failed", outcome.sentence.rstrip("."))
    return Member(run, None, "lost", f"{outcome.sentence} {outcome.next_step}".strip(), missed=True)
