"""The sentences of a seed audit: every number in them comes from the statistics, and what bars a reading comes first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from parity.seed_audit import SeedFinding
from parity.seeds.arms import ArmRuns
from parity.seeds.gate import Comparison, Margins, Stability
from parity.seeds.statistics import ArmStatistics

__all__ = ["findings_of", "headline"]

_UNITS = {
    "accuracy": ("points", 100.0),
    "macro_f1": ("points", 100.0),
    "nll": ("nats", 1.0),
    "brier": ("", 1.0),
}
_FAULTS = {
    "other_data": "{runs} was run on other data and is in no mean.",
    "row_order": "The rows of {runs} stand in another order; it is in no mean.",
    "duplicate_run": "{runs} are the same run; it counts once.",
    "seed_without_effect": "{factors} changed nothing: {runs} are the same to the bit. A seed that is not wired varies nothing.",
    "repeat_differs": "The same seeds gave two results ({runs}): beneath the seeds there is noise of its own.",
}


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
    if isinstance(verdict, Comparison) and between is not None:
        seen = between["differences"].get(primary)
        said = (
            _difference(seen, primary, unit, scale)
            if seen is not None
            else "There are no labels to measure by."
        )
        word = verdict.verdict.capitalize()
        if verdict.inside_margin:
            word = "Different, but inside the margin"
        return f"{word}. {said} The margin is {margin}.{_needed(verdict, first)}"
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
        upper = f", at most {churn.interval.high:.1%}" if churn.interval is not None else ""
        parts.append(
            f"Two runs decide {churn.value:.1%} of examples differently{upper} (up to {margins.churn:.0%})."
        )
    said = " ".join(parts) or "There is too little to say how far runs differ."
    return f"{verdict.verdict.capitalize()}. {said}{_needed(verdict, first)}"


def findings_of(arms: Sequence[ArmRuns], *, labelled: bool) -> list[SeedFinding]:
    """What must be known before the figures are read, in the order of the arms."""
    found: list[SeedFinding] = []
    for arm in arms:
        for fault, names in arm.faults:
            sentence = _FAULTS[fault.kind].format(
                runs=_listed(names), factors=" and ".join(fault.factors) or "Its seeds"
            )
            found.append(
                SeedFinding(
                    kind=fault.kind,
                    sentence=sentence,
                    runs=list(names),
                    severity="bars"
                    if fault.kind in {"seed_without_effect", "other_data", "row_order"}
                    else "notice",
                )
            )
        for standing, kind, words in (
            ("failed", "failed_run", "learnt nothing ({reason}); it is counted, and in no mean."),
            ("lost", "lost_run", "could not be made or asked: {reason}"),
        ):
            for member in arm.members:
                if member.standing == standing:
                    said = words.format(reason=member.reason)
                    found.append(
                        SeedFinding(
                            kind=kind,
                            sentence=f"{member.asked.name} {said}",
                            runs=[member.asked.name],
                            severity="bars",
                        )
                    )
        check = arm.check
        if check is not None and check.repeats is not None:
            repeats = check.repeats
            same = repeats.bitwise == repeats.pairs
            sentence = (
                f"The same seeds again gave the same bits in {repeats.bitwise} of {repeats.pairs} pairs of runs."
                if same
                else f"The same seeds again gave other logits (up to {repeats.max_abs:.1e}) and decided {repeats.churn:.1%} "
                "of examples differently."
            )
            found.append(SeedFinding(kind="repeats", sentence=sentence, runs=[]))
        if len(arm.kept) < 3:
            found.append(
                SeedFinding(
                    kind="few_runs",
                    sentence=f"{len(arm.kept)} runs of the {arm.arm} are kept: spread and churn of recipes need three or more.",
                    runs=[],
                )
            )
    if not labelled:
        sentence = (
            "The inputs have no labels that are classes: churn and agreement are measured, metrics are not."
        )
        found.append(SeedFinding(kind="no_labels", sentence=sentence, runs=[]))
    return found


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


def _needed(verdict: Stability | Comparison, first: ArmStatistics) -> str:
    needed = verdict.runs_needed
    if needed.kind == "enough":
        return ""
    arms = "an arm" if isinstance(verdict, Comparison) else ""
    if needed.runs is None:
        return " No number of runs up to 1,000 would settle it: it lies too near the limit, or hangs on the examples."
    least = "at least " if needed.kind == "at_least" else "about "
    return f" {least.capitalize()}{needed.runs} runs {arms}".rstrip() + " would settle it."


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:4])
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(shown) + more
