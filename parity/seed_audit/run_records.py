"""The runs of a seed audit as they are in its record: each run, what its seeds did, and the examples runs disagree on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from parity.inputs.example import Example
from parity.inputs.inputs import Inputs
from parity.metrics.registry import runs_metric
from parity.records.runs import (
    ContestedRecord,
    FactorRecord,
    FaultRecord,
    IntegrityRecord,
    RepeatsRecord,
    RunRecord,
    TrainingRecord,
)
from parity.seed_audit.measures.agreement import Agreement
from parity.seed_audit.measures.arm import calibration_of
from parity.seed_audit.population.arms import ArmRuns, Member
from parity.seed_audit.population.decided import local_codes
from parity.seed_audit.population.held import Held
from parity.seed_audit.population.population import Population
from parity.seed_audit.recorded import finite, recorded

__all__ = ["contested_examples", "integrity_record", "run_records"]

_LONGEST_TEXT = 400


def run_records(arm: ArmRuns, labels: NDArray[np.int64] | None) -> list[RunRecord]:
    """A record for each requested run, whatever its outcome."""
    metrics = _metrics(arm)
    records: list[RunRecord] = []
    for place, member in enumerate(arm.members):
        described = member.collected.description if member.collected is not None else None
        calibration = None
        single = arm.population is not None and arm.population.has_probabilities
        if place in arm.kept and labels is not None and arm.population is not None and single:
            calibration = calibration_of(arm.population.logits[arm.kept.index(place)], labels)
        records.append(
            RunRecord(
                name=member.requested.name,
                spec=member.requested.subject,
                arm=arm.arm,
                factors=member.requested.factors,
                standing=member.standing,
                reason=member.reason,
                weights_digest=None if described is None else described.weights_digest,
                metrics=metrics.get(place, {}),
                calibration=calibration,
                training=_training(member),
            )
        )
    return records


def integrity_record(arms: Sequence[ArmRuns]) -> dict[str, IntegrityRecord]:
    """What was found about the runs before anything was averaged, by arm."""
    return {
        arm.arm: IntegrityRecord(
            missing=arm.missing,
            faults=[recorded(fault, FaultRecord) for fault in arm.faults],
            factors=[] if arm.check is None else [recorded(item, FactorRecord) for item in arm.check.factors],
            repeats=None
            if arm.check is None or arm.check.repeats is None
            else recorded(arm.check.repeats, RepeatsRecord),
        )
        for arm in arms
    }


def contested_examples(
    found: Agreement | None, inputs: Inputs, names: Sequence[str], population: Population | None
) -> list[ContestedRecord]:
    """The examples that runs of this population disagree on most, with their texts."""
    if found is None:
        return []
    shown = partial(_shown, population, names)
    wanted = {item.example for item in found.contested}
    texts = {
        example.row: example for window in inputs.windows() for example in window if example.row in wanted
    }
    return [
        ContestedRecord(
            row=item.example,
            id=texts[item.example].id,
            text=texts[item.example].text[:_LONGEST_TEXT],
            label=_right(texts[item.example]),
            entropy=item.entropy,
            votes=[(shown(item.example, index), count) for index, count in item.votes],
        )
        for item in found.contested
    ]


def _right(example: Example) -> str | None:
    """The right decision as it is shown: a label, the tags of the words, or the first right answer."""
    if example.tags is not None:
        return " ".join(example.tags)
    if example.choices is not None:
        return None if example.choices.label is None else f"choice {example.choices.label}"
    return example.answers[0] if example.answers else example.label


def _shown(population: Population | None, names: Sequence[str], example: int, index: int) -> str | None:
    """A vote: the name of a class, or the text of the decision that is meant in this example."""
    if population is None or population.decided is None:
        return names[index] if index >= 0 else None
    if isinstance(population.decided, Held):
        return f"choice {index}" if index >= 0 else None
    run = int((local_codes(population.decided.codes)[:, example] == index).argmax())
    return population.decided.texts[run][example][:_LONGEST_TEXT]


def _metrics(arm: ArmRuns) -> dict[int, dict[str, float | None]]:
    """Each kept run's own metrics, by its place."""
    values: dict[int, dict[str, float | None]] = {}
    if arm.population is None or arm.population.labels is None:
        return values
    outputs = arm.population.outputs()
    for metric in arm.population.metrics:
        for place, value in zip(arm.kept, runs_metric(metric).values(outputs).tolist(), strict=True):
            values.setdefault(place, {})[metric] = finite(value)
    return values


def _training(member: Member) -> TrainingRecord | None:
    training = None if member.collected is None else member.collected.description.training
    return None if training is None else recorded(training, TrainingRecord)
