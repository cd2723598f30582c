"""Sources of variance: what initial weights, data order and the rest make of it, over a full grid of two seeds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

from parity.records.arm_statistics import ComponentRecord, SplitRecord
from parity.records.metric_form import MetricForm
from parity.records.seed_audit import SeedAudit, Variance, variance_of
from parity_reports.blocks import Block, Column, Figure, Row, Table
from parity_reports.figures.drawings import Interval, Intervals
from parity_reports.pages import Section
from parity_reports.text import units, wording

__all__ = ["build_variance"]

_SEEDS = {"init_seed": "Initial weights", "order_seed": "Order of the rows", "dropout_seed": "Dropout"}


def build_variance(audit: SeedAudit) -> Section:
    """The section; without a grid it says what would make one."""
    found = variance_of(audit)
    lede = _no_grid(audit)
    if found is not None and (split := found.metric or found.logits) is not None:
        first, second, repeats = split.shape
        each = "one run" if repeats == 1 else wording.plural(repeats, "run")
        lede = (
            f"A grid of {first} × {second} seeds with {each} a cell, two-way random effects. With so few seeds of each kind the "
            "intervals are wide and overlap: a point alone does not rank the sources."
        )
    return Section(
        anchor="variance",
        title="Where the variance comes from",
        short="Sources of variance",
        lede=lede,
        blocks=() if found is None else tuple(_blocks(audit, found)),
    )


def _no_grid(audit: SeedAudit) -> str:
    """Why there is none: none was requested, or its runs are not all kept."""
    runs = [run for run in audit.runs if run.arm == "candidate"]
    moved = all(len({run.factors.get(name) for run in runs}) > 1 for name in ("init_seed", "order_seed"))
    cells = {(run.factors.get("init_seed"), run.factors.get("order_seed")) for run in runs}
    sides = [{cell[side] for cell in cells} for side in (0, 1)]
    kept = sum(run.standing == "kept" for run in runs)
    if moved and kept < len(runs) and len(cells) == len(sides[0]) * len(sides[1]):
        return f"{kept} of the grid's {wording.plural(len(runs), 'run')} are kept, and these are not a full grid: sources cannot be separated."
    return "The runs are not a full grid of two seeds, so sources cannot be separated. Request one with --init-seeds and --order-seeds."


def _blocks(audit: SeedAudit, found: Variance) -> Iterator[Block]:
    primary = units.form_of(audit)
    if found.metric is not None:
        title = f"SD of {primary.title} by source, with {wording.share(found.metric.confidence)} intervals"
        yield Figure(
            "Sources of variance",
            "An end without a bar lies outside the figure; the table has it.",
            Intervals(
                title,
                tuple(
                    Interval(
                        name,
                        None if part.raw is None else math.sqrt(max(part.raw, 0.0)),
                        _root(None if part.interval is None else part.interval.low),
                        _root(None if part.interval is None else part.interval.high),
                        f"{units.size(primary, _root(part.raw))}, {wording.share(part.share)}",
                    )
                    for name, part in _named(found, found.metric)
                ),
                partial(units.short, primary),
            ),
        )
    for split, whose in ((found.metric, primary.title), (found.logits, "the centred logits")):
        if split is not None:
            yield _table(found, split, whose, primary if split is found.metric else None)


def _table(found: Variance, split: SplitRecord, whose: str, primary: MetricForm | None) -> Table:
    heads = ["Share", "Variance", "Degrees of freedom"]
    heads += ["its interval"] if primary is None else ["SD", "its interval"]
    rows = tuple(
        Row(
            (
                name,
                wording.share(part.share),
                wording.number(part.raw),
                wording.number(part.degrees),
                *(
                    (units.size(primary, _root(part.raw)), _root_interval(primary, part))
                    if primary is not None
                    else (units.between(part.interval, wording.number),)
                ),
            )
        )
        for name, part in _named(found, split)
    )
    return Table(
        f"Variance of {whose}",
        (Column("Source"), *(Column(head, "number") for head in heads)),
        rows,
        heading=f"Variance of {whose}",
        note="A variance near zero can come out negative; shares are of those above zero.",
        brief=primary is not None,
    )


def _named(found: Variance, split: SplitRecord) -> list[tuple[str, ComponentRecord]]:
    rest = "Rest: dropout and noise" if split.interaction is not None else "Interaction and rest"
    parts = [
        (_SEEDS.get(found.first, found.first), split.first),
        (_SEEDS.get(found.second, found.second), split.second),
        ("Their interaction", split.interaction),
        (rest, split.rest),
    ]
    return [(name, part) for name, part in parts if part is not None]


def _root(variance: float | None) -> float | None:
    return None if variance is None else math.sqrt(max(variance, 0.0))


def _root_interval(primary: MetricForm, part: ComponentRecord) -> str:
    if part.interval is None:
        return wording.NOTHING
    low, high = _root(part.interval.low), _root(part.interval.high)
    return f"{units.short(primary, low)} to {'no bound' if high is None else units.short(primary, high)}"
