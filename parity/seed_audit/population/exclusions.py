"""Both arms of collected runs, mapped to one set of classes and labels; and which of them may be averaged.

A run that was lost, saw other rows, has other classes, appears twice or in both arms, or learnt nothing is reported, and
excluded from every mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from parity.border.description import Training
from parity.seed_audit.population.aligned import aligned, numbers, usual_width
from parity.seed_audit.population.arms import ArmRuns, Ground, Member, NamedFault, population_of
from parity.seed_audit.population.failed import diverged_runs, failed_runs
from parity.seed_audit.population.integrity import SeedCheck, check_rows, check_seeds
from parity.seed_audit.population.population import Population
from parity.seed_audit.population.run_facts import final_loss, made_by_seeds, member_gone
from parity.seed_audit.runs.requested import Arm, RequestedRun
from parity.seed_audit.runs.run_inputs import Collected, Outcome

__all__ = ["gather_arms"]

_ARMS: tuple[Arm, ...] = ("candidate", "baseline")
_Rows = Literal["other_data", "row_order", "other_recipe"]


def gather_arms(
    requested: Sequence[RequestedRun],
    outcomes: Sequence[Outcome],
    collected: Mapping[int, Collected],
    ground: Ground,
) -> list[ArmRuns]:
    """Put the arms together, the candidate's first; `collected` holds the runs that were read, by their index."""
    arms: list[_Gathering] = []
    for arm in _ARMS:
        places = [place for place, run in enumerate(requested) if run.arm == arm]
        runs = {index: collected[place] for index, place in enumerate(places) if place in collected}
        if places:
            arms.append(
                _Gathering(
                    arm,
                    [requested[place] for place in places],
                    [outcomes[place] for place in places],
                    runs,
                    ground,
                )
            )
    for one in arms:
        one.other_inputs(ground.digest)
        one.other_training(ground.recipes.get(one.arm))
        one.aligned(ground)
    if len(arms) == 2:
        _in_both(arms[0], arms[1])
    return [one.whole(ground) for one in arms]


def _in_both(candidate: _Gathering, baseline: _Gathering) -> None:
    """Runs that are equal bit for bit in both arms are excluded from the means of both: one run shows nothing about two recipes."""
    sides = [{one.bits(index): index for index in one.sound()} for one in (candidate, baseline)]
    both = sides[0].keys() & sides[1].keys()
    candidate.left_in_both(both, "baseline", {bits: baseline.named(sides[1][bits]) for bits in both})
    baseline.left_in_both(both, "candidate", {bits: candidate.named(sides[0][bits]) for bits in both})
    trained = [one.trained() for one in (candidate, baseline)]
    shared = sorted(set(trained[0].values()) & set(trained[1].values()))
    if shared:
        for one, digests in zip((candidate, baseline), trained, strict=True):
            one.shares(digests, shared)


class _Gathering:
    """The members of an arm while the exclusions are found, step by step; each step reports what it found."""

    def __init__(
        self,
        arm: Arm,
        requested: Sequence[RequestedRun],
        outcomes: Sequence[Outcome],
        collected: Mapping[int, Collected],
        ground: Ground,
    ) -> None:
        self.arm: Arm = arm
        self.members = [
            Member(run, collected[index], "kept") if index in collected else member_gone(run, outcomes[index])
            for index, run in enumerate(requested)
        ]
        self.faults: list[NamedFault] = []
        self.logits: dict[int, NDArray[np.float64]] = {}
        self._weights: dict[int, dict[str, int]] = {}
        self._ground = ground
        self._other_rows(outcomes)

    def present(self) -> list[int]:
        return [index for index, member in enumerate(self.members) if member.standing == "kept"]

    def sound(self) -> list[int]:
        """Runs with logits that are numbers: runs with none are equal bit for bit without being copies of one another."""
        return [index for index in self.present() if numbers(self.logits[index], self._ground)]

    def named(self, index: int) -> str:
        return self.members[index].requested.name

    def trained(self) -> dict[int, str]:
        """The digest of each run's weights, of those that are known."""
        digests = {index: run.description.weights_digest for index, run in self._runs()}
        return {index: digest for index, digest in digests.items() if digest is not None}

    def shares(self, digests: Mapping[int, str], shared: Sequence[str]) -> None:
        """Report which runs have the weights of a run of the other arm. Where their seeds are unknown, the shared weights count
        as a shared seed: one training is in both arms, and its two runs are more alike than two trainings are.
        """
        both = [index for index, digest in digests.items() if digest in shared]
        detail = ""
        if len(both) == len(self._runs()) and not any(member.requested.factors for member in self.members):
            self._weights = {index: {"weights": shared.index(digests[index])} for index in both}
            detail = "Runs of the same weights are taken as pairs."
        names = tuple(self.named(index) for index in both)
        self.faults.append(NamedFault("weights_in_both_arms", names, (), detail))

    def bits(self, index: int) -> bytes:
        return self.logits[index].tobytes()

    def whole(self, ground: Ground) -> ArmRuns:
        """The arm, after the steps that need both arms."""
        present, members = self.present(), self.members
        diverged = sum(member.standing == "failed" for member in members)
        if not present:
            failed = diverged_runs(diverged, ground.confidence)
            return ArmRuns(self.arm, tuple(members), (), None, failed, None, tuple(self.faults))
        check = None
        if sound := self.sound():
            runs = dict(self._runs())
            weights = [runs[index].description.weights_digest for index in sound]
            made = [made_by_seeds(runs[index]) for index in sound]
            check = check_seeds(self._population(sound, ground), weights, made)
            self._seeds_did(check, sound)
        present = self.present()
        losses = [final_loss(run) for _, run in self._runs()]
        failed = failed_runs(self._population(present, ground), losses, ground.confidence)
        for run in failed.failed:
            place = present[run.run]
            members[place] = members[place]._replace(standing="failed", reason=failed.sentence(run))
        failed = failed.and_diverged(diverged, ground.confidence)
        kept = tuple(present[place] for place in failed.keep)
        population = self._population(kept, ground, self._weights) if kept else None
        return ArmRuns(self.arm, tuple(members), kept, population, failed, check, tuple(self.faults))

    def _other_rows(self, outcomes: Sequence[Outcome]) -> None:
        """Runs whose own rows are not those of the inputs; or, where the inputs have no labels, not those of most runs."""
        for index, outcome in enumerate(outcomes):
            if outcome.fault is not None:
                self._part(index, outcome.fault, outcome.sentence)
        labels = {index: run.own_labels for index, run in self._runs() if run.own_labels is not None}
        for fault in check_rows(list(labels.values())).faults:
            self._part(
                list(labels)[fault.runs[0]], "row_order" if fault.kind == "row_order" else "other_data"
            )

    def other_training(self, recipe: str | None) -> None:
        """Runs that were trained by another recipe, on other rows or from another base model than the audit's.

        recipe: the digest of the recipe when the audit began (None: the runs exist, or only what trains can tell). What the audit
        does not know is taken from most runs.
        """
        for index, run in self._runs():
            training = run.description.training
            if recipe is not None and training is not None and training.recipe_digest != recipe:
                self._part(index, "other_recipe", "The recipe or its rows were changed while the audit ran.")
        whats: tuple[tuple[Callable[[Training], str | None], _Rows, str], ...] = (
            (lambda run: run.data_digest, "other_data", "It was trained on other rows."),
            (lambda run: run.recipe_digest, "other_recipe", "It followed another recipe than most runs."),
            (lambda run: run.base_digest, "other_recipe", "It began with another base model than most runs."),
        )
        for digest_of, kind, detail in whats:
            trained = {index: run.description.training for index, run in self._runs()}
            digests = {
                index: [digest]
                for index, run in trained.items()
                if run is not None and (digest := digest_of(run)) is not None
            }
            for fault in check_rows(list(digests.values())).faults:
                self._part(list(digests)[fault.runs[0]], kind, detail)

    def other_inputs(self, digest: str) -> None:
        """Runs that ran on other inputs than those of the audit, because the file changed meanwhile."""
        for index, run in self._runs():
            if run.inputs_digest != digest:
                self._part(index, "other_data", "The inputs were different when it was run.")

    def aligned(self, ground: Ground) -> None:
        """Each run's logits with the classes in one order; runs of other classes, or that decide something else, are excluded."""
        classes, unnamed = ground.classes, list[str]()
        width = usual_width([run for _, run in self._runs()])
        for index, run in self._runs():
            found = aligned(run, ground, width)
            if found.logits is None:
                self._leave_out(index, found.sentence, missed=True)
                continue
            self.logits[index] = found.logits
            if found.by_index:
                unnamed.append(self.named(index))
        if unnamed:
            detail = f"column 0 is matched to {classes.names[0]!r}, and so on by index"
            detail = detail if classes.named else "columns are taken by index"
            self.faults.append(NamedFault("classes_by_index", tuple(unnamed), (), detail))

    def left_in_both(self, both: AbstractSet[bytes], where: Arm, names: Mapping[bytes, str]) -> None:
        """Exclude the runs that the other arm has as well, bit for bit; names: their names there."""
        found = [index for index in self.sound() if self.bits(index) in both]
        for index in found:
            reason = f"It is equal bit for bit to {names[self.bits(index)]} of the {where}."
            self._leave_out(index, reason, missed=True)
        if found:
            self.faults.append(NamedFault("in_both_arms", tuple(self.named(index) for index in found)))

    def _seeds_did(self, check: SeedCheck, present: Sequence[int]) -> None:
        """The effect of the seeds: one run of each set of seeds stays, and one of each set of equal outputs."""
        for fault in check.faults:
            runs = tuple(self.members[present[place]].requested.name for place in fault.runs)
            detail = ""
            if fault.kind == "duplicate_run" and self._other_weights(
                [present[place] for place in fault.runs]
            ):
                detail = "Their weights differ only where it does not reach the outputs."
            self.faults.append(NamedFault(fault.kind, runs, fault.factors, detail, fault.hidden))
        stay = [present[place] for place in check.keep]
        for index in present:
            if index in stay:
                continue
            twin = next((kept for kept in stay if self.bits(kept) == self.bits(index)), None)
            requested = self.members[index].requested
            weights = next((kept for kept in stay if self._same_weights(kept, index)), None)
            if twin is None and weights is not None and not self._repeated(weights, index):
                reason = f"It has the weights of {self.named(weights)} and other outputs: it is not a separate run."
                self._leave_out(index, reason, missed=True)
                continue
            if twin is None:
                first = next(
                    kept for kept in stay if _seeds(self.members[kept].requested) == _seeds(requested)
                )
                name = self.members[first].requested.name
                reason = f"The same seeds gave another result than {name}, which counts."
                self._leave_out(index, reason, missed=False)
                continue
            other = self.members[twin].requested
            moved = bool(_seeds(requested)) and bool(_seeds(other)) and _seeds(requested) != _seeds(other)
            reason = f"It is equal bit for bit to {other.name}" + (
                ", though it has other seeds." if moved else "."
            )
            self._leave_out(index, reason, missed=moved)

    def _same_weights(self, one: int, other: int) -> bool:
        known = self.trained()
        return one in known and known[one] == known.get(other)

    def _other_weights(self, indices: Sequence[int]) -> bool:
        known = self.trained()
        digests = [known.get(index) for index in indices]
        return None not in digests and len(set(digests)) > 1

    def _repeated(self, one: int, other: int) -> bool:
        """Whether the runs were made with the same seeds, so that the difference is noise that no seed explains."""
        seeds = [_seeds(self.members[index].requested) for index in (one, other)]
        return bool(seeds[0]) and seeds[0] == seeds[1]

    def _runs(self) -> list[tuple[int, Collected]]:
        return [
            (index, member.collected)
            for index, member in enumerate(self.members)
            if member.standing == "kept" and member.collected is not None
        ]

    def _population(
        self, indices: Sequence[int], ground: Ground, known: Mapping[int, Mapping[str, int]] = {}
    ) -> Population:
        members = [self.members[index] for index in indices]
        factors = [known.get(index, self.members[index].requested.factors) for index in indices]
        return population_of(members, [self.logits[index] for index in indices], factors, ground)

    def _part(self, index: int, kind: _Rows, detail: str = "") -> None:
        self.faults.append(NamedFault(kind, (self.members[index].requested.name,), (), detail))
        words = {
            "other_data": "It was run on other data.",
            "row_order": "Its rows are in another order.",
            "other_recipe": "It followed another recipe.",
        }
        self._leave_out(index, detail or words[kind], missed=True)

    def _leave_out(self, index: int, reason: str, *, missed: bool) -> None:
        self.members[index] = self.members[index]._replace(standing="left_out", reason=reason, missed=missed)


def _seeds(run: RequestedRun) -> dict[str, int]:
    return {name: seed for name, seed in run.factors.items() if name != "repeat"}
