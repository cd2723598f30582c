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
from parity.seeds.integrity import SeedCheck, check_rows, check_seeds
from parity.seeds.population import Population

__all__ = ["ArmRuns", "Member", "NamedFault", "gather_arm"]

Standing = Literal["kept", "failed", "left_out", "lost"]
_Rows = Literal["other_data", "row_order"]


class Member(NamedTuple):
    """One run of an arm: what was asked, what became of it, and whether it counts.

    `missed` is said of one that was wanted and is not there: lost, on other data, or a seed's that changed nothing. A repeat,
    or the same run named twice, is not missed.
    """

    asked: RunAsked
    collected: Collected | None
    standing: Standing
    reason: str = ""
    missed: bool = False


class NamedFault(NamedTuple):
    """A fault of the runs' integrity: the names of the runs, and the seeds in question. `detail` says where it shows."""

    kind: str
    runs: tuple[str, ...]
    factors: tuple[str, ...] = ()
    detail: str = ""


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
    faults: tuple[NamedFault, ...]

    @property
    def missing(self) -> int:
        """How many runs were wanted and are not there."""
        return sum(member.missed for member in self.members)


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
    gathering = _Gathering(asked, outcomes, collected)
    gathering.other_rows(outcomes)
    gathering.other_training()
    logits = gathering.aligned(names)
    gathering.other_shapes(logits)
    members = gathering.members
    present = gathering.present()
    if not present:
        return ArmRuns(arm, tuple(members), (), None, None, None, tuple(gathering.faults))
    # Two runs whose logits are no numbers are alike to the bit, and no copies of one another: they failed.
    sound = [index for index in present if np.isfinite(logits[index]).all()]
    check = None
    if sound:
        weights = [collected[index].description.weights_digest for index in sound]
        check = check_seeds(_population(arm, sound, members, logits, labels), weights)
        gathering.seeds(check, sound, logits)
    present = gathering.present()
    single = _population(arm, present, members, logits, labels)
    failed = failed_runs(single, [_loss(collected[index]) for index in present], confidence)
    for run in failed.failed:
        place = present[run.run]
        members[place] = members[place]._replace(standing="failed", reason=_how(run.reasons))
    kept = tuple(present[place] for place in failed.keep)
    population = _population(arm, kept, members, logits, labels) if kept else None
    return ArmRuns(arm, tuple(members), kept, population, failed, check, tuple(gathering.faults))


class _Gathering:
    """The members of an arm while it is found out, step by step, who of them may stay; each step says what it found."""

    def __init__(
        self, asked: Sequence[RunAsked], outcomes: Sequence[Outcome], collected: Mapping[int, Collected]
    ) -> None:
        self.members = [
            Member(run, collected[index], "kept")
            if index in collected
            else Member(run, None, "lost", _said(outcomes[index]), missed=True)
            for index, run in enumerate(asked)
        ]
        self.faults: list[NamedFault] = []

    def present(self) -> list[int]:
        return [index for index, member in enumerate(self.members) if member.standing == "kept"]

    def other_rows(self, outcomes: Sequence[Outcome]) -> None:
        """Runs whose own rows are not those of the inputs; or, where the inputs have no labels, not those of most runs."""
        for index, outcome in enumerate(outcomes):
            if outcome.fault is not None:
                self._part(index, outcome.fault, outcome.sentence)
        labels = {index: run.own_labels for index, run in self._runs() if run.own_labels is not None}
        for fault in check_rows(list(labels.values())).faults:
            self._part(
                list(labels)[fault.runs[0]], "row_order" if fault.kind == "row_order" else "other_data"
            )

    def other_training(self) -> None:
        """Runs that were trained on other rows than most."""
        digests = {
            index: [run.description.training.data_digest]
            for index, run in self._runs()
            if run.description.training is not None
        }
        for fault in check_rows(list(digests.values())).faults:
            self._part(list(digests)[fault.runs[0]], "other_data", "It was trained on other rows.")

    def aligned(self, names: Sequence[str] | None) -> dict[int, NDArray[np.float64]]:
        """Each run's logits with the classes in one order; runs of other classes are left out."""
        logits: dict[int, NDArray[np.float64]] = {}
        for index, run in self._runs():
            order = align_labels(names, run.description.labels)
            if order.kind == "not_comparable":
                self._leave_out(index, order.sentence, missed=True)
            elif order.permutation is None:
                logits[index] = run.logits
            else:
                logits[index] = run.logits[:, list(order.permutation)]
        return logits

    def other_shapes(self, logits: Mapping[int, NDArray[np.float64]]) -> None:
        shapes = [logits[index].shape for index in self.present()]
        for index in self.present():
            usual = max(shapes, key=shapes.count)
            if logits[index].shape != usual:
                reason = f"Its logits have the shape {list(logits[index].shape)}, those of the others {list(usual)}."
                self._leave_out(index, reason, missed=True)

    def seeds(
        self, check: SeedCheck, present: Sequence[int], logits: Mapping[int, NDArray[np.float64]]
    ) -> None:
        """What the seeds did: one run of each set of seeds stays, and one of each set of bits."""
        for fault in check.faults:
            runs = tuple(self.members[present[place]].asked.name for place in fault.runs)
            self.faults.append(NamedFault(fault.kind, runs, fault.factors))
        stay = [present[place] for place in check.keep]
        for index in present:
            if index in stay:
                continue
            twin = next((kept for kept in stay if self._same(kept, index, logits)), None)
            asked = self.members[index].asked
            if twin is None:
                first = next(kept for kept in stay if _seeds(self.members[kept].asked) == _seeds(asked))
                name = self.members[first].asked.name
                reason = f"The same seeds gave another result than {name}, which counts."
                self._leave_out(index, reason, missed=False)
                continue
            other = self.members[twin].asked
            moved = bool(_seeds(asked)) and bool(_seeds(other)) and _seeds(asked) != _seeds(other)
            reason = f"It is the same to the bit as {other.name}" + (
                ", though its seeds are others." if moved else "."
            )
            self._leave_out(index, reason, missed=moved)

    def _same(self, one: int, other: int, logits: Mapping[int, NDArray[np.float64]]) -> bool:
        digests = [dict(self._runs())[index].description.weights_digest for index in (one, other)]
        return (digests[0] is not None and digests[0] == digests[1]) or (
            logits[one].tobytes() == logits[other].tobytes()
        )

    def _runs(self) -> list[tuple[int, Collected]]:
        return [
            (index, member.collected)
            for index, member in enumerate(self.members)
            if member.standing == "kept" and member.collected is not None
        ]

    def _part(self, index: int, kind: _Rows, detail: str = "") -> None:
        self.faults.append(NamedFault(kind, (self.members[index].asked.name,), (), detail))
        words = {"other_data": "It was run on other data.", "row_order": "Its rows stand in another order."}
        self._leave_out(index, detail or words[kind], missed=True)

    def _leave_out(self, index: int, reason: str, *, missed: bool) -> None:
        self.members[index] = self.members[index]._replace(standing="left_out", reason=reason, missed=missed)


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


def _seeds(run: RunAsked) -> dict[str, int]:
    return {name: seed for name, seed in run.factors.items() if name != "repeat"}


def _temperature(member: Member) -> float:
    return 1.0 if member.collected is None else member.collected.description.temperature


def _loss(run: Collected) -> float | None:
    return None if run.description.training is None else run.description.training.final_loss


def _how(reasons: Sequence[str]) -> str:
    words = {
        "metric": "it is right no more often than the largest class",
        "loss": "its loss ended where guessing begins",
        "not_finite": "some of its logits are no numbers",
    }
    return ", ".join(words[reason] for reason in reasons)


def _said(outcome: Outcome) -> str:
    return f"{outcome.sentence} {outcome.next_step}".strip()
