"""Candidate against baseline: the difference with its interval, equivalence, excess churn, and the slices."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from parity.records.comparison_statistics import (
    BaselineRecord,
    DifferenceRecord,
    EquivalenceRecord,
    ExcessChurnRecord,
    LevelsRecord,
    SliceDifferenceRecord,
)
from parity.records.metric_form import MetricForm
from parity.records.seed_audit import SeedAudit
from parity_reports.blocks import Block, Column, Facts, Figure, Row, Table
from parity_reports.figures.drawings import Interval, Intervals
from parity_reports.pages import Section
from parity_reports.text import units, wording

__all__ = ["build_baseline"]

_MOST_IN_FIGURE = 24


def build_baseline(audit: SeedAudit) -> Section:
    """The section; with one arm it says that there was none."""
    found = audit.baseline
    if found is None:
        lede = (
            "No baseline was given: there is no other recipe to compare with."
            if len(audit.arms) < 2
            else f"The arms could not be compared: no run of {_empty(audit)} is kept."
        )
        return Section("baseline", "Candidate against baseline", "Baseline", lede, ())
    paired = (
        "Runs with the same seeds are paired"
        if found.paired
        else "The arms' runs are not paired: each arm has a variance of its own"
    )
    lede = (
        f"Candidate minus baseline, over new runs and new examples. {paired}. A difference that is not shown may still "
        "exist: the test of equivalence shows whether it is inside the margin."
    )
    return Section("baseline", "Candidate against baseline", "Baseline", lede, tuple(_blocks(audit, found)))


def _empty(audit: SeedAudit) -> str:
    """The arms without a run."""
    return " and ".join(f"the {arm.arm}" for arm in audit.arms if not arm.runs) or "an arm"


def _blocks(audit: SeedAudit, found: BaselineRecord) -> Iterator[Block]:
    primary = units.form_of(audit)
    chief = found.differences.get(audit.margins.primary)
    if chief is not None:
        yield Figure("Difference of the arms", "", _figure(audit, found, chief))
    if found.differences:
        yield _differences(audit, found)
    rows = (
        *_equivalence(primary, found.tost),
        *_excess(found.excess_churn, found.levels, audit.margins.alpha),
        *_kinds(found),
    )
    if rows:
        yield Facts("Equivalence and decisions", rows, heading="Equivalence and decisions", brief=True)
    if found.slices:
        yield _slices(primary, found)


def _figure(audit: SeedAudit, found: BaselineRecord, chief: DifferenceRecord) -> Intervals:
    primary = units.form_of(audit)
    shown = any(reason.about == "difference" and reason.holds for reason in audit.reasons)
    rows = [_interval(primary, "All examples", chief, bad=shown)]
    rows += [
        _interval(primary, item.slice, item.difference, bad=bool(item.differs))
        for item in found.slices[:_MOST_IN_FIGURE]
    ]
    title = f"{units.metric_name(primary)}: candidate minus baseline; grey is the margin, a cross a difference that is shown"
    return Intervals(title, tuple(rows), partial(units.short, primary), margin=audit.margins.metric)


def _interval(primary: MetricForm, name: str, found: DifferenceRecord | None, *, bad: bool) -> Interval:
    if found is None:
        return Interval(name, None, None, None, "not measured")
    bounds = found.estimate.interval
    return Interval(
        name,
        found.estimate.value,
        # Without an interval the point stands alone; with one, an open end is drawn to the edge.
        found.estimate.value if bounds is None else bounds.low,
        found.estimate.value if bounds is None else bounds.high,
        f"{units.change(primary, found.estimate.value)} ({units.interval(primary, bounds, signed=True)})"
        if bounds is not None
        else units.change(primary, found.estimate.value),
        bad,
    )


def _differences(audit: SeedAudit, found: BaselineRecord) -> Table:
    heads = ("Baseline", "Candidate", "Difference", "its interval", "p of no difference", "p after Holm")
    return Table(
        "Differences of metrics",
        (Column("Metric"), *(Column(head, "number") for head in heads)),
        tuple(
            Row(
                (
                    units.metric_name(units.form_of(audit, name)),
                    units.value(units.form_of(audit, name), item.baseline),
                    units.value(units.form_of(audit, name), item.candidate),
                    units.change(units.form_of(audit, name), item.estimate.value),
                    units.interval(units.form_of(audit, name), item.estimate.interval, signed=True),
                    units.p_value(item.p),
                    units.p_value(item.p_holm),
                )
            )
            for name, item in found.differences.items()
        ),
        brief=True,
    )


def _equivalence(primary: MetricForm, found: EquivalenceRecord | None) -> Iterator[tuple[str, str]]:
    if found is None:
        return
    margin = units.limit(primary, found.margin)
    shown = "shown" if found.equivalent else "not shown"
    yield f"Inside the margin of ±{margin} (two one-sided tests)", f"{shown}, p = {units.p_value(found.p)}"
    confidence = wording.share(1 - 2 * found.alpha)
    yield f"Its {confidence} interval", units.interval(primary, found.interval, signed=True)


def _excess(
    found: ExcessChurnRecord | None, levels: LevelsRecord | None, alpha: float
) -> Iterator[tuple[str, str]]:
    if found is None:
        return
    baseline, candidate = found.within
    yield "Churn between the arms", wording.share(found.between)
    yield (
        "Churn within the baseline, within the candidate",
        f"{wording.share(baseline)}, {wording.share(candidate)}",
    )
    bounds = found.estimate.interval
    ends = (
        ""
        if bounds is None
        else f" ({wording.share(found.estimate.confidence)} interval {units.share_interval(bounds)})"
    )
    yield "Excess churn", f"{wording.share(found.estimate.value)}{ends}"
    kind = "all" if found.exact else "drawn"
    yield (
        f"Permutation test over {kind} {wording.count(found.labellings)} labellings",
        f"p = {units.p_value(found.p)} (the smallest so many runs can give is {units.p_value(found.least_p)})",
    )
    if found.matched:
        yield (
            "Pairs of runs that share seeds",
            f"{wording.count(found.matched)}, excluded: the test then rejects less often than its level",
        )
    if found.least_p is not None and found.least_p > (alpha if levels is None else levels.permutation + 1e-9):
        yield "What that test can show", "nothing at this α, whatever the result: there are too few runs"


def _kinds(found: BaselineRecord) -> Iterator[tuple[str, str]]:
    if found.churn_kinds is not None:
        kinds = found.churn_kinds
        yield (
            "From a run of the baseline to one of the candidate",
            f"{wording.share(kinds.win)} wrong to right, {wording.share(kinds.loss)} right to wrong, {wording.share(kinds.neutral)} wrong to another wrong",
        )
    if found.false_alarm is not None:
        yield "Largest chance of “different” for equal arms", _false_alarm(found)


def _false_alarm(found: BaselineRecord) -> str:
    """The bound, and how it is divided."""
    phrase, levels = wording.share(found.false_alarm), found.levels
    if levels is None or not levels.difference or not levels.permutation:
        return phrase
    parts = f"{wording.share(levels.difference)} for the t test, {wording.share(levels.permutation)} for the permutation test"
    return f"{phrase}: {parts}; where one rejects, the other has all of it"


def _slices(primary: MetricForm, found: BaselineRecord) -> Table:
    heads = ("Examples", "Difference", "its interval", "p", "p after Holm")
    return Table(
        "Difference by slice",
        (Column("Slice"), *(Column(head, "number") for head in heads), Column("Result")),
        tuple(
            Row(
                (
                    item.slice,
                    wording.count(item.examples),
                    units.change(
                        primary, None if item.difference is None else item.difference.estimate.value
                    ),
                    units.interval(
                        primary,
                        None if item.difference is None else item.difference.estimate.interval,
                        signed=True,
                    ),
                    units.p_value(item.p),
                    units.p_value(item.p_holm),
                    _result(item),
                ),
                "hit" if item.differs or item.apart else "",
            )
            for item in found.slices
        ),
        heading="Difference by slice",
        note="Each slice by itself; p is corrected by Holm for how many were looked at. Slices have fewer examples and show less.",
        brief=True,
    )


def _result(item: SliceDifferenceRecord) -> str:
    """A slice by itself is a test beyond those that share α: that it differs is reported only where the arms differ."""
    if item.differs is None:
        return "not measured"
    if item.differs:
        return "differs"
    return "differs by itself" if item.apart else "not shown"
