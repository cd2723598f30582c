"""What the verdict is based on: value and permission in one sentence each."""

from __future__ import annotations

from parity.records.metric_form import MetricForm
from parity.records.seed_audit import NeededRecord, ReasonRecord
from parity_reports.text import units, wording

__all__ = ["needed_sentence", "reason_sentence", "result_word"]

_TESTS = {"difference", "permutation", "tost"}
_OF_TESTS = {
    "difference": "The t test of no difference gives p = {value} (a difference is shown at {limit} or less).",
    "permutation": "The permutation test of excess churn gives p = {value} (shown at {limit} or less).",
    "tost": "The test of equivalence gives p = {value} (shown at {limit} or less).",
}
_OF_SIZES = {
    "new_run": "A new run falls within ±{value} (up to {limit}).",
    "new_run_low": "Even by the lower bound of the SD a new run falls within ±{value} (up to {limit}).",
}
_OF_SHARES = {
    "churn_high": "Mean churn is at most {value} (up to {limit}).",
    "churn_low": "Mean churn is at least {value} (up to {limit}).",
    "excess_high": "Excess churn is at most {value} (up to {limit}).",
    "labels_not_classes": "{value} of the labels are not classes (up to {limit}).",
    "labels_too_few": "So few examples have a label that {value} of such examples could differ without being seen (up to {limit}).",
}
_PLAIN = {
    "seed_without_effect": "A seed changed nothing.",
    "init_seed_fixed": "The seed of the initial weights never varied: the figures hold for that value only.",
    "order_seed_fixed": "The seed of the order never varied: the figures hold for that value only.",
    "dropout_seed_fixed": "The seed of dropout never varied: the figures hold for that value only.",
    "seed_fixed": "A seed never varied: the figures hold for that value only.",
    "no_labels": "There is no primary metric: the inputs have no labels.",
    "metric_not_measured": "The primary metric could not be measured.",
}


def reason_sentence(reason: ReasonRecord, primary: MetricForm) -> str:
    """One reason in words, a size in the form of the metric that decides; one that this version does not know is named as the record has it."""
    about = reason.about
    if about in _PLAIN:
        return _PLAIN[about]
    if about in ("failed_runs", "missing_runs"):
        phrase = "failed" if about == "failed_runs" else "could not be counted"
        return f"{_runs(reason.value)} {phrase} (up to {_whole(reason.limit)})."
    if about == "few_runs":
        return f"{_runs(reason.value)} kept (at least {_whole(reason.limit)} are needed)."
    if about == "shared_seeds":
        return f"{_runs(reason.value)} share no seed (at least {_whole(reason.limit)} are needed)."
    if about == "slices_not_measured":
        count = "Slices" if reason.value is None else wording.plural(round(reason.value), "slice")
        return f"{count} could not be measured (up to {_whole(reason.limit)})."
    if about == "slices_apart":
        return (
            f"A slice differs by itself, beyond the margin (p = {units.p_value(reason.value)} after Holm), although the arms as a "
            "whole are not shown to."
        )
    if about in _OF_TESTS and reason.limit == 0:
        return f"{_OF_TESTS[about].partition(' (')[0].format(value=units.p_value(reason.value))} and is not used: so few runs cannot reach a lower p."
    if about in _OF_TESTS:
        return _OF_TESTS[about].format(value=units.p_value(reason.value), limit=units.p_value(reason.limit))
    if about in _OF_SIZES:
        value, limit = (
            units.size(primary, reason.value),
            units.limit(primary, reason.limit),
        )
        return _OF_SIZES[about].format(value=value, limit=limit)
    if about in _OF_SHARES:
        return _OF_SHARES[about].format(value=wording.share(reason.value), limit=wording.share(reason.limit))
    return f"{about}: {wording.number(reason.value)} (limit {wording.number(reason.limit)})."


def result_word(reason: ReasonRecord) -> str:
    """Whether it holds; of a test, whether it is shown."""
    if reason.about in ("no_labels", "metric_not_measured", "slices_not_measured"):
        return "not measured"
    if reason.about in _TESTS:
        return "shown" if reason.holds else "not shown"
    return "holds" if reason.holds else "does not hold"


def needed_sentence(needed: NeededRecord, *, arms: bool) -> str:
    """How many runs would settle it."""
    each = " an arm" if arms else ""
    if needed.kind == "enough":
        return "No more runs are needed."
    if needed.kind == "examples":
        return (
            "No seed effect is seen: the spread is what so many examples produce by themselves. More seeds would not change the "
            "choice of a release; more examples would narrow it."
        )
    if needed.kind == "not_measured":
        return "More runs would not settle it: what was requested has to be measured."
    if needed.kind == "dead_seed":
        return "More runs would not settle it: a seed changed nothing."
    if needed.kind == "every_seed" and needed.runs is not None:
        phrase = f"At least {wording.plural(needed.runs, 'run')}{each} that share none would settle it: --seeds {needed.runs}."
        return f"These runs share seeds. {phrase}"
    if needed.runs is None:
        return "No number of runs up to 1,000 would settle it: it is too close to the limit, or depends on the number of examples."
    least = "At least" if needed.kind == "at_least" else "About"
    if needed.lacking is not None and needed.given is not None:
        do = "does" if needed.counted == 1 else "do"
        return (
            f"{least} {wording.plural(needed.runs, 'run')}{each} that count would settle it; of the "
            f"{wording.count(needed.given)} given{each} {needed.counted or 'none'} {do}."
        )
    return f"{least} {wording.plural(needed.runs, 'run')}{each} would settle it."


def _runs(number: float | None) -> str:
    return "Runs" if number is None else wording.plural(round(number), "run")


def _whole(number: float | None) -> str:
    return wording.NOTHING if number is None else wording.count(round(number))
