"""Metrics over runs: each run as a mark, the mean with its interval, the SD, and what a new run would have."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from parity.records.arm_statistics import ArmRecord, MetricRecord
from parity.records.metric_form import MetricForm
from parity.records.seed_audit import SeedAudit
from parity_reports.blocks import Block, Column, Figure, Row, Table
from parity_reports.figures.drawings import Lane, Strip
from parity_reports.pages import Section
from parity_reports.seeds.run_names import seeds_text
from parity_reports.seeds.without import why_no_metric
from parity_reports.text import units, wording

__all__ = ["build_metrics"]


def build_metrics(audit: SeedAudit, most_runs: int) -> Section:
    """The section, with at most so many runs listed."""
    return Section(
        anchor="metrics",
        title="Metrics over runs",
        short="Metrics",
        lede=_lede(audit),
        blocks=tuple(_blocks(audit, most_runs)),
    )


def _lede(audit: SeedAudit) -> str:
    why = why_no_metric(audit)
    if why is not None:
        return f"{why}: no metric can be measured."
    return (
        "Each mark is one run; the band is the interval of the mean over new runs, the line the mean. A new run is the interval in which the "
        "next run of the recipe is expected. Flip noise is how much a metric varies over so many examples without a seed effect."
    )


def _blocks(audit: SeedAudit, most_runs: int) -> Iterator[Block]:
    names = list(dict.fromkeys(name for arm in audit.arms for name in arm.metrics))
    primary = audit.margins.primary
    for name in sorted(names, key=lambda name: name != primary):
        strip = _strip(name, units.form_of(audit, name), audit.arms)
        if strip is not None:
            yield Figure(f"{units.metric_name(units.form_of(audit, name))} over runs", "", strip)
    rows = [
        Row(
            (
                _of_arm(units.form_of(audit, name), arm, several=len(audit.arms) > 1),
                *_cells(units.form_of(audit, name), metric),
            )
        )
        for name in names
        for arm in audit.arms
        if (metric := arm.metrics.get(name)) is not None
    ]
    if rows:
        heads = (
            "Mean",
            "over new runs",
            "over new runs and examples",
            "SD",
            "its interval",
            "a new run",
            "SD of seeds",
            "flip noise",
            "p",
        )
        yield Table(
            "Metrics over runs",
            (Column("Metric"), *(Column(head, "number") for head in heads)),
            tuple(rows),
            brief=True,
        )
    yield from _slices(audit)
    runs = tuple(
        Row(
            (
                run.name,
                run.arm,
                seeds_text(run),
                *(units.short(units.form_of(audit, name), run.metrics.get(name)) for name in names),
                run.standing.replace("_", " "),
            ),
            "" if run.standing == "kept" else "dim",
        )
        for run in audit.runs[:most_runs]
    )
    columns = (Column("Run"), Column("Arm"), Column("Seeds"))
    yield Table(
        "All runs",
        (
            *columns,
            *(Column(_with_unit(units.form_of(audit, name)), "number") for name in names),
            Column("Status"),
        ),
        runs,
        heading=f"All {wording.count(len(audit.runs))} runs",
        left_out=len(audit.runs) - len(runs),
        collapsed=True,
    )


def _slices(audit: SeedAudit) -> Iterator[Block]:
    """The primary metric in each slice of the examples."""
    primary = units.form_of(audit)
    several = len(audit.arms) > 1
    rows = [
        Row(
            (
                f"{item.slice}, {arm.arm}" if several else item.slice,
                wording.count(item.examples),
                *_few(primary, item.metric),
            )
        )
        for arm in audit.arms
        for item in arm.slices
    ]
    if rows:
        heads = ("Examples", "Mean", "over new runs", "SD", "a new run")
        yield Table(
            "Slices",
            (Column("Slice"), *(Column(head, "number") for head in heads)),
            tuple(rows),
            heading=f"{units.metric_name(primary)} by slice",
        )


def _few(form: MetricForm, metric: MetricRecord | None) -> tuple[str, ...]:
    if metric is None:
        return (wording.NOTHING,) * 4
    spread = metric.spread
    return (
        units.value(form, spread.mean),
        units.interval(form, spread.mean_interval),
        units.size(form, spread.sd),
        units.interval(form, spread.new_run),
    )


def _cells(form: MetricForm, metric: MetricRecord) -> tuple[str, ...]:
    spread, seed = metric.spread, metric.seed
    return (
        units.value(form, spread.mean),
        units.interval(form, spread.mean_interval),
        units.interval(form, None if metric.overall is None else metric.overall.interval),
        units.size(form, spread.sd),
        units.interval(form, spread.sd_interval),
        units.interval(form, spread.new_run),
        units.size(form, None if seed is None else seed.seed_sd),
        units.size(form, None if seed is None else seed.flip_sd),
        units.p_value(None if seed is None else seed.p),
    )


def _strip(name: str, form: MetricForm, arms: list[ArmRecord]) -> Strip | None:
    found = [(arm, arm.metrics[name]) for arm in arms if name in arm.metrics]
    lanes = tuple(
        Lane(
            name=arm.arm if len(arms) > 1 else wording.plural(metric.runs, "run"),
            tone="candidate" if arm.arm == "candidate" and len(arms) > 1 else "reference",
            values=tuple(value for value in metric.spread.values if value is not None),
            mean=metric.spread.mean,
            low=None if metric.spread.mean_interval is None else metric.spread.mean_interval.low,
            high=None if metric.spread.mean_interval is None else metric.spread.mean_interval.high,
            phrase=_mean_and_sd(form, metric),
        )
        for arm, metric in found
    )
    return Strip(_with_unit(form), lanes, partial(units.short, form)) if lanes else None


def _mean_and_sd(form: MetricForm, metric: MetricRecord) -> str:
    mean = units.short(form, metric.spread.mean)
    return mean if metric.spread.sd is None else f"{mean}, SD {units.short(form, metric.spread.sd)}"


def _with_unit(form: MetricForm) -> str:
    unit = units.value(form, 0.0).partition(" ")[2]
    return f"{units.metric_name(form)}, {unit}" if unit else units.metric_name(form)


def _of_arm(form: MetricForm, arm: ArmRecord, *, several: bool) -> str:
    return f"{units.metric_name(form)}, {arm.arm}" if several else units.metric_name(form)
