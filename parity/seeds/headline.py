"""The sentences of a seed audit: every number in them comes from the statistics, and what bars a reading comes first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.seed_audit import SeedFinding
from parity.seeds.arms import ArmRuns, NamedFault
from parity.seeds.gate import Comparison, Margins, Stability
from parity.seeds.statistics import ArmStatistics

__all__ = ["LabelsRead", "findings_of", "headline"]

_UNITS = {
    "accuracy": ("points", 100.0),
    "macro_f1": ("points", 100.0),
    "nll": ("nats", 1.0),
    "brier": ("", 1.0),
}
_FAULTS = {
    "other_data": "{runs} was run on other data, and is in no mean.",
    "row_order": "The rows of {runs} stand in another order; it is in no mean.",
    "duplicate_run": "{runs} are the same run; it counts once.",
    "seed_without_effect": "{factors} changed nothing: {runs} are the same to the bit. A seed that is not wired varies nothing.",
    "repeat_differs": "The same seeds gave two results ({runs}): beneath the seeds there is noise of its own.",
}
_MOVED = "{runs} are the same to the bit, though {factors} moved: a seed that is not wired, or one run named twice. It counts once."
_BARRED = {"seed_without_effect", "other_data", "row_order"}


class LabelsRead(NamedTuple):
    """The labels of the inputs: [examples] the class of each, -1 for one without (None: no example has one), how many inputs
    have a label at all, and those labels that are no class.
    """

    classes: NDArray[np.int64] | None
    given: int
    strange: list[str]


def headline(
    verdict: Stability | Comparison,
    margins: Margins,
    primary: str,
    first: ArmStatistics,
    between: dict[str, Any] | None,
) -> str:
    """The sentence that heads every report."""
    unit, scale = _UNITS[primary]
    margin = f"{margins.metric * scale:g} {unit}".strip()
    if isinstance(verdict, Comparison):
        seen = between["differences"].get(primary) if between is not None else None
        said = "There are no labels to measure by."
        if seen is not None:
            said = _difference(seen, primary, unit, scale)
        elif between is None:
            said = "There are no runs of both arms that can be compared."
        word = verdict.verdict.capitalize()
        if verdict.inside_margin:
            word = "Different, but inside the margin"
        return f"{word}. {said} The margin is {margin}.{_needed(verdict)}"
    spread = first.primary.spread if first.primary is not None else None
    parts: list[str] = []
    if spread is not None and spread.sd is not None and spread.new_run is not None:
        parts.append(
            f"{primary} {spread.mean * scale:.1f} with an SD of {spread.sd * scale:.1f} {unit} over "
            f"{len(spread.values)} runs; a new run falls within ±{(spread.new_run_half_width or 0.0) * scale:.1f} "
            f"(up to {margin} is stable)."
        )
    if first.churn is not None:
        churn = first.churn.estimate
        # The interval of two runs is of that pair: of others it says nothing.
        pair = first.churn.over != "runs and examples"
        upper = f", at most {churn.interval.high:.1%}" if churn.interval is not None and not pair else ""
        parts.append(
            f"{'These two' if pair else 'Two'} runs decide {churn.value:.1%} of examples differently{upper} (up to {margins.churn:.0%})."
        )
    said = " ".join(parts) or "There is too little to say how far runs differ."
    return f"{verdict.verdict.capitalize()}. {said}{_needed(verdict)}"


def findings_of(arms: Sequence[ArmRuns], labels: LabelsRead) -> list[SeedFinding]:
    """What must be known before the figures are read, in the order of the arms."""
    found: list[SeedFinding] = []
    for arm in arms:
        of_arm = f" of the {arm.arm}" if len(arms) > 1 else ""
        found += [_fault(fault, of_arm) for fault in arm.faults]
        found += _members(arm, of_arm)
        found += _counts(arm)
    found += _in_both(arms)
    return found + _labels(labels)


def _fault(fault: NamedFault, of_arm: str) -> SeedFinding:
    moved = fault.kind == "duplicate_run" and fault.factors
    sentence = (_MOVED if moved else _FAULTS[fault.kind]).format(
        runs=_listed(fault.runs) + of_arm, factors=" and ".join(fault.factors) or "Its seeds"
    )
    sentence = sentence[0].upper() + sentence[1:]
    if fault.detail:
        sentence += f" {fault.detail}"
    return SeedFinding(
        kind=fault.kind,
        sentence=sentence,
        runs=list(fault.runs),
        severity="bars" if moved or fault.kind in _BARRED else "notice",
    )


def _members(arm: ArmRuns, of_arm: str) -> list[SeedFinding]:
    """Runs that failed or were lost, and those that are left out for a reason that no fault of their rows or seeds tells."""
    told = {name for fault in arm.faults for name in fault.runs}
    found: list[SeedFinding] = []
    for member in arm.members:
        name = f"{member.asked.name}{of_arm}"
        if member.standing == "failed":
            kind, sentence = (
                "failed_run",
                f"{name} learnt nothing: {member.reason}. It is counted, and in no mean.",
            )
        elif member.standing == "lost":
            kind, sentence = (
                "lost_run",
                f"{name} could not be made or asked, and is in no mean: {member.reason}",
            )
        elif member.missed and member.asked.name not in told:
            kind, sentence = "left_out", f"{name} is in no mean: {member.reason}"
        else:
            continue
        sentence = sentence[0].upper() + sentence[1:]
        found.append(SeedFinding(kind=kind, sentence=sentence, runs=[member.asked.name], severity="bars"))
    return found


def _counts(arm: ArmRuns) -> list[SeedFinding]:
    found: list[SeedFinding] = []
    repeats = arm.check.repeats if arm.check is not None else None
    if repeats is not None:
        of = f"{repeats.bitwise} of {repeats.pairs} pairs of runs"
        sentence = f"The same seeds again gave the same bits in {of}."
        if repeats.bitwise < repeats.pairs:
            sentence += (
                f" Elsewhere logits differ by up to {repeats.max_abs:.1e}; {repeats.churn:.1%} of examples are decided "
                "differently: no seed explains that."
            )
        found.append(SeedFinding(kind="repeats", sentence=sentence, runs=[]))
    kept = len(arm.kept)
    if kept < 3:
        who = "1 run" if kept == 1 else f"{kept} runs" if kept else "No run"
        sentence = f"{who} of the {arm.arm} can be averaged: how far runs spread shows in three or more."
        found.append(SeedFinding(kind="few_runs", sentence=sentence, runs=[]))
    return found


def _in_both(arms: Sequence[ArmRuns]) -> list[SeedFinding]:
    """Runs that stand in both arms, to the bit."""
    if len(arms) != 2 or arms[0].population is None or arms[1].population is None:
        return []
    sides = [
        {run.tobytes(): name for run, name in zip(arm.population.logits, arm.population.names, strict=True)}
        for arm in arms
        if arm.population is not None
    ]
    both = [name for bits, name in sides[0].items() if bits in sides[1]]
    if not both:
        return []
    sentence = f"{_listed(both)} of the candidate said the same as a run of the baseline, to the bit."
    sentence = sentence[0].upper() + sentence[1:]
    return [SeedFinding(kind="in_both_arms", sentence=sentence, runs=both)]


def _labels(labels: LabelsRead) -> list[SeedFinding]:
    measured = "churn and agreement are measured, metrics are not."
    kind, sentence = "", ""
    if not labels.given:
        kind, sentence = "no_labels", f"The inputs have no labels: {measured}"
    elif labels.classes is None:
        kind = "no_labels"
        sentence = (
            f"None of the {labels.given:,} labels is a class ({labels.strange[0]!r}, for one): {measured}"
        )
    elif labels.strange:
        kind = "strange_labels"
        sentence = (
            f"{len(labels.strange):,} of {labels.given:,} labels are no class ({labels.strange[0]!r}, for one); metrics are of "
            "the other examples."
        )
    elif len(set(labels.classes[labels.classes >= 0].tolist())) == 1:
        kind = "one_class"
        sentence = "All labels are of one class: whoever always says it is right, so no failed run shows by its accuracy."
    return [SeedFinding(kind=kind, sentence=sentence, runs=[])] if kind else []


def _difference(seen: dict[str, Any], primary: str, unit: str, scale: float) -> str:
    estimate = seen["estimate"]
    interval = estimate["interval"]
    value = f"{estimate['value'] * scale:+.2f} {unit}".strip()
    where = ""
    if interval is not None and interval["low"] is not None and interval["high"] is not None:
        where = f" ({estimate['confidence']:.0%} interval {interval['low'] * scale:+.2f} to {interval['high'] * scale:+.2f})"
    runs = seen["runs"]
    return (
        f"The candidate's {primary} is {value} from the baseline's{where}, over {runs[0]} and {runs[1]} runs."
    )


def _needed(verdict: Stability | Comparison) -> str:
    needed = verdict.runs_needed
    arms = " an arm" if isinstance(verdict, Comparison) else ""
    if needed.kind == "examples":
        return (
            " No seed effect is seen: the spread is what so many examples produce by themselves. More seeds would not change "
            "the choice of a release; more examples would narrow it."
        )
    if needed.kind == "every_seed":
        return f" At least {needed.runs} runs{arms} that move every seed would settle it."
    if needed.runs is None:
        return " No number of runs up to 1,000 would settle it: it lies too near the limit, or hangs on the examples."
    if needed.kind == "enough":
        return f" {needed.runs} runs{arms} settle it."
    least = "At least" if needed.kind == "at_least" else "About"
    return f" {least} {needed.runs} runs{arms} would settle it."


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:4])
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(shown) + more
