"""Two arms of collected runs, brought onto one set of classes and labels; and who of them may be averaged.

Classes are aligned by name to the first run's. A run that was lost, saw other rows, stands there twice or learnt nothing
is said, and is in no mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.align.labels import align_labels
from parity.seeds.asked import Arm, RunAsked
from parity.seeds.collect import Collected, Outcome
from parity.seeds.failed import FailedRuns, failed_runs
from parity.seeds.integrity import Fault, SeedCheck, check_rows, check_seeds
from parity.seeds.population import Population

__all__ = ["ArmRuns", "Member", "gather_arm"]

Standing = Literal["kept", "failed", "left_out", "lost"]

_WORDS = {
    "other_data": "it was run on other data",
    "row_order": "its rows stand in another order",
    "duplicate_run": "it is the same run as {first}",
    "seed_without_effect": "{factors} changed nothing: the same weights as {first}",
    "repeat_differs": "the same seeds gave another result than {first}",
}


class Member(NamedTuple):
    """One run of an arm: what was asked, what became of it, and whether it counts."""

    asked: RunAsked
    collected: Collected | None
    standing: Standing
    reason: str


class ArmRuns(NamedTuple):
    """One arm: all its runs, the population of those that are kept, and what was found on the way.

    `population` is None where no run is kept; `members` stand in the order asked; `kept` are indices into them.
    """

    arm: Arm
    members: tuple[Member, ...]
    kept: tuple[int, ...]
    population: Population | None
    failed: FailedRuns | None
    check: SeedCheck | None
    faults: tuple[tuple[Fault, tuple[str, ...]], ...]


def gather_arm(
    arm: Arm,
    asked: Sequence[RunAsked],
    outcomes: Sequence[Outcome],
    collected: Mapping[int, Collected],
    labels: NDArray[np.int64] | None,
    names: Sequence[str] | None,
    confidence: float,
) -> ArmRuns:
    """Put an arm together; `collected` holds the runs that were read, by their index; `names` the classes in their order."""
    members = [
        Member(run, collected.get(index), "kept" if index in collected else "lost", outcomes[index].sentence)
        for index, run in enumerate(asked)
    ]
    faults: list[tuple[Fault, tuple[str, ...]]] = []
    logits: dict[int, NDArray[np.float64]] = {}
    for index, run in collected.items():
        order = align_labels(names, run.description.labels)
        if order.kind == "not_comparable":
            members[index] = members[index]._replace(standing="left_out", reason=order.sentence)
        elif order.permutation is None:
            logits[index] = run.logits
        else:
            logits[index] = run.logits[:, list(order.permutation)]
    _same_rows(members, logits, collected, faults)
    _same_classes(members, logits)
    present = [index for index, member in enumerate(members) if member.standing == "kept"]
    if not present:
        return ArmRuns(arm, tuple(members), (), None, None, None, tuple(faults))
    everyone = _population(arm, present, members, logits, labels)
    weights = [_weights(collected[index]) for index in present]
    check = check_seeds(everyone, weights)
    for fault in check.faults:
        faults.append((fault, tuple(members[present[place]].asked.name for place in fault.runs)))
    for place, index in enumerate(present):
        if place not in check.keep:
            members[index] = members[index]._replace(
                standing="left_out", reason=_why_left(check, place, present, members)
            )
    present = [index for index in present if members[index].standing == "kept"]
    single = _population(arm, present, members, logits, labels)
    losses = [_loss(collected[index]) for index in present]
    failed = failed_runs(single, losses, confidence)
    for lost in failed.failed:
        place = present[lost.run]
        members[place] = members[place]._replace(standing="failed", reason=", ".join(lost.reasons))
    kept = tuple(present[place] for place in failed.keep)
    population = _population(arm, kept, members, logits, labels) if kept else None
    return ArmRuns(arm, tuple(members), kept, population, failed, check, tuple(faults))


def _same_rows(
    members: list[Member],
    logits: dict[int, NDArray[np.float64]],
    collected: Mapping[int, Collected],
    faults: list[tuple[Fault, tuple[str, ...]]],
) -> None:
    """Leave out runs whose own rows (labels or ids that came with them) are not those of the others."""
    known = [index for index in logits if collected[index].row_digests is not None]
    if not known:
        return
    found = check_rows([collected[index].row_digests or [] for index in known])
    for fault in found.faults:
        index = known[fault.runs[0]]
        faults.append((fault, (members[index].asked.name,)))
        members[index] = members[index]._replace(standing="left_out", reason=_WORDS[fault.kind])
        del logits[index]


def _same_classes(members: list[Member], logits: dict[int, NDArray[np.float64]]) -> None:
    widths = [values.shape for values in logits.values()]
    for index in list(logits):
        usual = max(set(widths), key=widths.count)
        if logits[index].shape != usual:
            shape, other = list(logits[index].shape), list(usual)
            reason = f"its logits have the shape {shape}, those of the others {other}"
            members[index] = members[index]._replace(standing="left_out", reason=reason)
            del logits[index]


def _population(
    arm: Arm,
    indices: Sequence[int],
    members: Sequence[Member],
    logits: Mapping[int, NDArray[np.float64]],
    labels: NDArray[np.int64] | None,
) -> Population:
    # Each side's own temperature divides its logits before anything is said about probabilities.
    stacked = [logits[index] / _temperature(members[index]) for index in indices]
    return Population(
        np.stack(stacked),
        labels,
        tuple(members[index].asked.factors for index in indices),
        arm,
        tuple(members[index].asked.name for index in indices),
    )


def _temperature(member: Member) -> float:
    return 1.0 if member.collected is None else member.collected.description.temperature


def _why_left(check: SeedCheck, place: int, present: Sequence[int], members: Sequence[Member]) -> str:
    for fault in check.faults:
        if place in fault.runs[1:]:
            first = members[present[fault.runs[0]]].asked.name
            return _WORDS[fault.kind].format(first=first, factors=" and ".join(fault.factors) or "its seeds")
    return "it repeats the seeds of another run"


def _weights(run: Collected) -> str | None:
    return run.description.weights_digest


def _loss(run: Collected) -> float | None:
    return None if run.description.training is None else run.description.training.final_loss
