"""Metrics over runs: each run as a mark, the mean with its interval, the SD, and what a new run would have."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from parity.records.seed_audit import SeedAudit
from parity_reports.blocks import Block, Column, Figure, Row, Section, Table
from parity_reports.figures.drawings import Lane, Strip
from parity_reports.seeds.parts import ArmParts, Metric, Parts
from parity_reports.seeds.run_names import factors_said
from parity_reports.seeds.without import why_no_metric
from parity_reports.text import units, wording

__all__ = ["build_metrics"]


def build_metrics(audit: SeedAudit, parts: Parts, most_runs: int) -> Section:
    """The section, with at most so many runs listed."""
    return Section(
        anchor="metrics",
        title="Metrics over runs",
        short="Metrics",
        lede=_lede(audit, parts),
        blocks=tuple(_blocks(audit, parts, most_runs)),
    )


def _lede(audit: SeedAudit, parts: Parts) -> str:
    why = why_no_metric(audit, parts)
    if why is not None:
        return f"{why}: no metric can be measured."
    return (
        "Each mark is one run; the band is the interval of the mean over new runs, the line the mean. A new run is where the "
        "next run of the recipe falls. Flip noise is what so many examples would make a metric vary by with no seed effect."
    )


def _blocks(audit: SeedAudit, parts: Parts, most_runs: int) -> Iterator[Block]:
    names = list(dict.fromkeys(name for arm in parts.arms for name in arm.metrics))
    primary = audit.margins.primary
    for name in sorted(names, key=lambda name: name != primary):
        strip = _strip(name, parts.arms)
        if strip is not None:
            yield Figure(f"{units.metric_name(name)} over runs", "", strip)
    rows = [
        Row((_of_arm(name, arm, several=len(parts.arms) > 1), *_cells(name, metric)))
        for name in names
        for arm in parts.arms
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
    yield from _slices(audit, parts)
    runs = tuple(
        Row(
            (
                run.name,
                run.arm,
                factors_said(run),
                *(units.short(name, run.metrics.get(name)) for name in names),
                run.standing.replace("_", " "),
            ),
            "" if run.standing == "kept" else "dim",
        )
        for run in audit.runs[:most_runs]
    )
    columns = (Column("Run"), Column("Arm"), Column("Seeds"))
    yield Table(
        "All runs",
        (*columns, *(Column(_with_unit(name), "number") for name in names), Column("Standing")),
        runs,
        heading=f"All {wording.count(len(audit.runs))} runs",
        left_out=len(audit.runs) - len(runs),
        collapsed=True,
    )


def _slices(audit: SeedAudit, parts: Parts) -> Iterator[Block]:
    """The primary metric in each slice of the examples."""
    primary = audit.margins.primary
    several = len(parts.arms) > 1
    rows = [
        Row(
            (
                f"{item.slice}, {arm.name}" if several else item.slice,
                wording.count(item.examples),
                *_few(primary, item.metric),
            )
        )
        for arm in parts.arms
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


def _few(name: str, metric: Metric | None) -> tuple[str, ...]:
    if metric is None:
        return (wording.NOTHING,) * 4
    spread = metric.spread
    return (
        units.value(name, spread.mean),
        units.interval(name, spread.mean_interval),
        units.size(name, spread.sd),
        units.interval(name, spread.new_run),
    )


def _cells(name: str, metric: Metric) -> tuple[str, ...]:
    spread, seed = metric.spread, metric.seed
    return (
        units.value(name, spread.mean),
        units.interval(name, spread.mean_interval),
        units.interval(name, None if metric.overall is None else metric.overall.interval),
        units.size(name, spread.sd),
        units.interval(name, spread.sd_interval),
        units.interval(name, spread.new_run),
        units.size(name, None if seed is None else seed.seed_sd),
        units.size(name, None if seed is None else seed.flip_sd),
        units.p_value(None if seed is None else seed.p),
    )


def _strip(name: str, arms: list[ArmParts]) -> Strip | None:
    found = [(arm, arm.metrics[name]) for arm in arms if name in arm.metrics]
    lanes = tuple(
        Lane(
            name=arm.name if len(arms) > 1 else wording.plural(metric.runs, "run"),
            tone="candidate" if arm.name == "candidate" and len(arms) > 1 else "reference",
            values=tuple(value for value in metric.spread.values if value is not None),
            mean=metric.spread.mean,
            low=None if metric.spread.mean_interval is None else metric.spread.mean_interval.low,
            high=None if metric.spread.mean_interval is None else metric.spread.mean_interval.high,
            said=_mean_and_sd(name, metric),
        )
        for arm, metric in found
    )
    return Strip(_with_unit(name), lanes, partial(units.short, name)) if lanes else None


def _mean_and_sd(name: str, metric: Metric) -> str:
    mean = units.short(name, metric.spread.mean)
    return mean if metric.spread.sd is None else f"{mean}, SD {units.short(name, metric.spread.sd)}"


def _with_unit(name: str) -> str:
    unit = units.value(name, 0.0).partition(" ")[2]
    return f"{units.metric_name(name)}, {unit}" if unit else units.metric_name(name)


def _of_arm(name: str, arm: ArmParts, *, several: bool) -> str:
    return f"{units.metric_name(name)}, {arm.name}" if several else units.metric_name(name)
