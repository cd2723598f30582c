"""The first sentence of a seed audit: every number in it comes from the statistics and is written in its metric's own unit."""

from __future__ import annotations

from typing import NamedTuple

from parity.metrics.registry import runs_metric
from parity.records.comparison_statistics import BaselineRecord, DifferenceRecord
from parity.records.metric_form import MetricForm
from parity.seed_audit.margins import Margins
from parity.seed_audit.measures.arm import ArmStatistics
from parity.seed_audit.verdict.equivalence import Comparison
from parity.seed_audit.verdict.stability import Stability

__all__ = ["Reached", "headline"]


class Reached(NamedTuple):
    """What there was to judge by: sentences on what was not measured, how many runs were given (of the arm with the fewest that
    count), and how many of them count.
    """

    sentences: tuple[str, ...]
    given: int
    counted: int


class _Written(NamedTuple):
    """Numbers of a metric as the headline writes them."""

    form: MetricForm

    @property
    def step(self) -> str:
        return f" {self.form.step}" if self.form.step else ""

    def place(self, number: float) -> str:
        return f"{number * self.form.scale:.{self.form.digits}f}"

    def size(self, number: float) -> str:
        return f"{self.place(number)}{self.step}"

    def change(self, number: float) -> str:
        return f"{number * self.form.scale:+.{self.form.digits + 1}f}"

    def limit(self, number: float) -> str:
        """A limit, as it was written."""
        return f"{number * self.form.scale:g}{self.step}"


def headline(
    verdict: Stability | Comparison,
    margins: Margins,
    primary: str,
    first: ArmStatistics,
    between: BaselineRecord | None,
    reached: Reached,
) -> str:
    """The first sentence of every report; reached: what there was to judge by, where that was not all."""
    metric = _Written(runs_metric(primary).form)
    if isinstance(verdict, Comparison):
        word = "Different, but inside the margin" if verdict.inside_margin else verdict.verdict.capitalize()
        text = " ".join([*reached.sentences, *_compared(verdict, metric, primary, between)])
        return f"{word}. {text} The margin is {metric.limit(margins.metric)}.{_needed(verdict, reached)}"
    seen = _spread(margins, metric, first)
    if not seen and verdict.runs_needed.kind != "not_measured":
        seen = ["There are too few runs to show how far runs differ."]
    text = " ".join([*reached.sentences, *seen])
    return f"{verdict.verdict.capitalize()}. {text}{_needed(verdict, reached)}"


def _spread(margins: Margins, metric: _Written, first: ArmStatistics) -> list[str]:
    parts: list[str] = []
    spread = first.primary.spread if first.primary is not None else None
    if spread is not None and spread.sd is not None and spread.new_run is not None:
        name = metric.form.title[0].upper() + metric.form.title[1:]
        parts.append(
            f"{name} {metric.place(spread.mean)} with an SD of {metric.size(spread.sd)} over "
            f"{len(spread.values)} runs; a new run falls within ±{metric.size(spread.new_run_half_width or 0.0)} "
            f"(up to {metric.limit(margins.metric)} is stable)."
        )
    if first.churn is not None:
        churn = first.churn.estimate
        # The interval of two runs is of that pair: of others it says nothing.
        pair = first.churn.over != "runs and examples"
        upper = f", at most {churn.interval.high:.1%}" if churn.interval is not None and not pair else ""
        parts.append(
            f"{_which(first) if pair else 'Two runs'} decide {churn.value:.1%} of {first.churn.of} differently{upper} "
            f"(up to {_share(margins.churn)})."
        )
    return parts


def _which(first: ArmStatistics) -> str:
    """The name of a pair: all the runs, or those of a grid that share no seed."""
    return "These two runs" if first.record.runs == 2 else "The two runs that share no seed"


def _compared(
    verdict: Comparison, metric: _Written, primary: str, between: BaselineRecord | None
) -> list[str]:
    """What was seen between the arms, the test that rejects first."""
    if between is None:
        return ["There are no runs of both arms that can be compared."]
    seen, excess = between.differences.get(primary), between.excess_churn
    found = {reason.about for reason in verdict.reasons if reason.holds}
    parts: list[str] = []
    if seen is not None and seen.estimate.value is not None:
        parts.append(_difference(seen, seen.estimate.value, metric, tested="difference" in found))
    if "permutation" in found and excess is not None:
        more = (
            f"The arms decide differently by more than seeds explain: churn between them exceeds that within them by "
            f"{excess.estimate.value or 0.0:.1%} (permutation test, p = {_p(excess.p)})."
        )
        parts.insert(1 if "difference" in found else 0, more)
    elif seen is None and excess is not None:
        parts.append(
            f"Churn between the arms exceeds that within them by {excess.estimate.value or 0.0:.1%} (permutation test, "
            f"p = {_p(excess.p)})."
        )
    return parts


def _difference(seen: DifferenceRecord, value: float, metric: _Written, *, tested: bool) -> str:
    estimate = seen.estimate
    interval, test = estimate.interval, f"t test, p = {_p(seen.p)}" if tested else ""
    where = ""
    if interval is not None and interval.low is not None and interval.high is not None:
        where = f"{_share(estimate.confidence)} interval {metric.change(interval.low)} to {metric.change(interval.high)}"
    text = "; ".join(part for part in (where, test) if part)
    runs = seen.runs
    return (
        f"The candidate's {metric.form.title} is {metric.change(value)}{metric.step} from the baseline's"
        f"{f' ({text})' if text else ''}, over {runs[0]} and {runs[1]} runs."
    )


def _needed(verdict: Stability | Comparison, reached: Reached) -> str:
    needed = verdict.runs_needed
    arms = " an arm" if isinstance(verdict, Comparison) else ""
    if needed.kind == "examples":
        return (
            " No seed effect is seen: the sampling of the examples alone explains the spread. More seeds would not change "
            "the choice of a release; more examples would narrow it."
        )
    if needed.kind == "not_measured":
        return " More runs would not settle it: what was requested must be measured first."
    if needed.kind == "dead_seed":
        return " More runs would not settle it: a seed changed nothing."
    if needed.kind == "every_seed":
        return f" These runs share seeds. At least {needed.runs} runs{arms} that share none would settle it."
    if needed.runs is None:
        return " No number of runs up to 1,000 would settle it: it is too close to the limit, or depends on the examples."
    if needed.kind == "enough" and needed.runs < 2:
        return " A failed run settles it."
    if needed.kind == "enough":
        return f" {needed.runs} runs{arms} settle it."
    least = "At least" if needed.kind == "at_least" else "About"
    if needed.runs <= reached.given:
        # For a user who gave as many runs, the number alone would not help.
        do = "does" if reached.counted == 1 else "do"
        return (
            f" {least} {needed.runs} runs{arms} that count would settle it; of the {reached.given} given{arms} "
            f"{reached.counted or 'none'} {do}."
        )
    return f" {least} {needed.runs} runs{arms} would settle it."


def _share(number: float) -> str:
    """A share as it was typed: 0.5%, never 0%."""
    return f"{100 * number:g}%"


def _p(number: float | None) -> str:
    if number is None:
        return "unknown"
    return "under 0.0001" if number < 1e-4 else f"{number:.2g}"
