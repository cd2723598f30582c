"""The plan of a comparison: which stages and classes are paired, made once from the two descriptions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, NamedTuple

from parity.align.batch_sizes import BatchSizes, batch_sizes_of
from parity.align.by_words import WORDS, by_words, word_stages
from parity.align.kept import not_kept, partly_kept
from parity.align.known import Known, known_of
from parity.align.labels import LabelAlignment, align_labels
from parity.align.not_run import not_run
from parity.align.selecting import Selecting, selecting_of
from parity.align.stages import StageSpec, align_stages
from parity.align.tasks import alone, task_of_pair
from parity.border.description import Description
from parity.measure.activation import Activation
from parity.records.pair import Pair
from parity.records.stage import NotCompared
from parity.stages import group_of, is_detail, is_output
from parity.tasks.task import Task

__all__ = ["Plan", "plan_of"]

_OUTPUTS = ("logits", WORDS)


class Plan(NamedTuple):
    """What will be compared.

    `stages` are the float stages common to both in the reference's forward order (without `probabilities`, which the host
    derives from `logits`); `known` says what is known of the logits where a side holds probabilities; `labels` how the columns of the logits are paired, None where neither side names them; `task`
    is the one by which both sides decide, None where they decide nothing that could be compared; `temperatures` each side's own,
    and `sizes` how many rows each is run with. `selecting` says how what a side selects is held against the other side; None where none selects.
    `in_part` is the stage of which a side keeps a part only, empty where none is.
    """

    stages: tuple[str, ...]
    labels: LabelAlignment | None
    task: Task | None
    temperatures: Pair[float]
    not_compared: tuple[NotCompared, ...]
    known: Known | None = None
    sizes: BatchSizes = BatchSizes()
    in_part: str = ""
    selecting: Selecting | None = None

    def wanted(self, number: int) -> tuple[str, ...]:
        """The stages to request from a side (0, 1): those of both, and those that the other side's selection is held against."""
        return self.stages if self.selecting is None else (*self.stages, *self.selecting.needed(number))

    def decides(self, stage: str, columns: int) -> bool:
        """Whether so many columns of a stage are what both sides decide by: one of several classes takes two of them."""
        task = self.task
        if task is None or task.rule is None:
            return False
        return stage == task.outputs[0] and columns >= task.rule.least

    def derives(self, stage: str) -> Activation | None:
        """What makes probabilities of a stage; None where nothing does."""
        if self.task is None or self.task.wide or stage != self.task.outputs[0]:
            return None
        return self.task.activation

    def centres(self, stage: str) -> bool:
        """Whether a stage is compared less each row's mean as well: a constant added to a row moves no probability of it."""
        task = self.task
        if task is None or task.activation is None or stage != task.outputs[0]:
            return False
        return task.activation.per_row

    def one_sided(self, number: int) -> Plan:
        """The plan of a side (0, 1) against itself: no classes to permute, one temperature."""
        own, known = self.temperatures[number], self.known
        if known is not None:
            known = known._replace(sides=Pair._fields if Pair._fields[number] in known.sides else ())
        stages = self.wanted(number)
        return self._replace(
            stages=stages, labels=None, temperatures=Pair(own, own), known=known, selecting=None
        )

    def without(self, stages: Collection[str]) -> Plan:
        """The same but for these stages."""
        return self._replace(stages=tuple(name for name in self.stages if name not in stages))

    def outputs_only(self) -> Plan:
        """The same for rows of which a side holds outputs only."""
        kept = (name for name in self.stages if is_output(name))
        return self._replace(stages=tuple(kept))

    def held_until(self, row: int) -> Plan:
        """The same, saying that the stages before the outputs were compared for the rows before `row` only."""
        kept = self.outputs_only().stages
        reason = f"the trace holds it only for the first {row} rows"
        partly = [
            NotCompared(stage=name, reason=reason, counts=False) for name in self.stages if name not in kept
        ]
        return self._replace(not_compared=(*self.not_compared, *partly))


def plan_of(sides: Pair[Description], *, words: bool = False) -> Plan:
    """Pair what can be paired; what cannot is listed with its reason, and counts unless a side never offered it.

    `words` says that the inputs are lists of words: a side that decides per word where it is told the words then does so.
    """
    sides = by_words(sides, given=words)
    specs = Pair(*(tuple(StageSpec(seen.name, tuple(seen.axes)) for seen in side.stages) for side in sides))
    aligned = align_stages(specs.reference, specs.candidate)
    selecting, missing = selecting_of(sides, words=words)
    for name, reason in aligned.reasons.items():
        if is_detail(name) or any(name in side.excluded for side in sides):
            continue
        side: Literal["reference", "candidate", "both"] = "both"
        counts = True
        if name in aligned.only_reference or name in aligned.only_candidate:
            lacking = sides.candidate if name in aligned.only_reference else sides.reference
            side = "reference" if name in aligned.only_reference else "candidate"
            if selecting is not None and name in selecting.covered:
                continue
            if is_output(name) and lacking.can.texts_only:
                reason, counts = (
                    f"The {'candidate' if side == 'reference' else 'reference'} gives texts alone",
                    False,
                )
            elif is_output(name) and alone(lacking):
                reason, counts = f"{reason.rstrip('.')}, as ?task= requests", False
            elif WORDS in aligned.paired and (name in _OUTPUTS or name in word_stages(sides)):
                reason, counts = f"{reason.rstrip('.')}, and both decide per word", False
            elif lacking.scope != "full" and name not in _OUTPUTS and group_of(name) != "output":
                reason, counts = (
                    f"The {'candidate' if side == 'reference' else 'reference'} {_shows(lacking)}.",
                    False,
                )
        missing.append(NotCompared(stage=name, reason=reason.rstrip("."), side=side, counts=counts))
    stages = [name for name in aligned.paired if not is_detail(name)]
    labels = None
    of_classes = [name for name in _OUTPUTS if name in stages]
    if of_classes and any(side.labels is not None for side in sides):
        labels = align_labels(sides.reference.labels, sides.candidate.labels)
        for name in of_classes if labels.kind == "not_comparable" else ():
            stages.remove(name)
            missing.append(
                NotCompared(stage=name, reason=labels.sentence.rstrip("."), side="both", counts=True)
            )
    read = task_of_pair(sides)
    if any(output in aligned.paired for output in read.outputs):
        missing.append(NotCompared(stage=read.derived, reason=read.reason))
    task = read.task
    if task is not None and (task.rule is None or task.outputs[0] not in stages):
        task = None
    in_part = next((name for side in sides if (name := partly_kept(side)) in stages), "")
    if in_part:
        missing.append(NotCompared(stage=in_part, reason=not_kept(), counts=False))
    needed = () if selecting is None else (*selecting.needed(0), *selecting.needed(1))
    wide = any(
        seen.name in (*stages, *needed) and seen.axes[-1:] == ["vocabulary"]
        for side in sides
        for seen in side.stages
    )
    columns = max((side.vocabulary_rows or 1 for side in sides), default=1)
    return Plan(
        stages=tuple(stages),
        labels=labels,
        task=task,
        temperatures=Pair(sides.reference.temperature, sides.candidate.temperature),
        not_compared=(*missing, *not_run(sides)),
        known=None if task is None or task.activation is None else known_of(sides, task.activation),
        sizes=batch_sizes_of(sides) if not wide else batch_sizes_of(sides).of_wide(columns),
        selecting=selecting,
        in_part=in_part,
    )


def _shows(side: Description) -> str:
    """What a side without all of its stages has."""
    if side.scope == "part":
        return "shows only some of its inner stages"
    outputs = all(is_output(seen.name) for seen in side.stages)
    return "holds outputs only" if outputs else "shows its outputs and top modules only"
