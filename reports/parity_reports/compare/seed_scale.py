"""The pair's differences in the scale of seeds: beside what two runs of one recipe differ by, where a seed audit was given."""

from __future__ import annotations

from collections.abc import Iterator

from parity.records.audit import Audit
from parity.records.passes_shown import PassesShown, passes_shown
from parity.records.seed_scale import SeedScale
from parity.stages import stage_title
from parity_reports.blocks import Block, Column, Facts, Row, Table
from parity_reports.pages import Section
from parity_reports.text import wording

__all__ = ["build_scale"]


def build_scale(audit: Audit) -> Section | None:
    """The section; None where no seed audit was given."""
    scale = audit.seed_scale
    if scale is None:
        return None
    return Section(
        anchor="scale",
        title="Compared with the spread over seeds",
        short="Spread over seeds",
        lede=scale.sentence,
        blocks=tuple(_blocks(scale, passes_shown(audit))),
    )


def _blocks(scale: SeedScale, passes: PassesShown) -> Iterator[Block]:
    if scale.stages:
        heads = ("This pair", "Two seeds, mean", "Two seeds, furthest apart", "Pair over seeds")
        yield Table(
            "Stages beside seeds",
            (Column("Stage"), Column("Pass"), *(Column(head, "number") for head in heads)),
            tuple(
                Row(
                    (
                        stage_title(item.stage),
                        passes.title(item.pass_),
                        wording.number(item.relative_l2),
                        wording.number(item.seeds_relative_l2),
                        wording.number(item.seeds_relative_l2_most),
                        wording.times(item.ratio),
                    )
                )
                for item in scale.stages
            ),
            note="Relative L2 over real tokens. Above 1 the pair differs by more than two runs of one recipe do.",
            brief=True,
        )
    rows = (*_decisions(scale), *_metrics(scale), ("Seed audit", _named(scale)))
    yield Facts("Decisions beside seeds", rows, brief=True)


def _decisions(scale: SeedScale) -> Iterator[tuple[str, str]]:
    if scale.flip_rate is not None:
        yield "Decisions that differ in this pair", wording.share(scale.flip_rate)
    if scale.seeds_churn is not None:
        ends = ""
        if scale.seeds_churn_low is not None and scale.seeds_churn_high is not None:
            ends = f" ({wording.share(scale.seeds_churn_low)} to {wording.share(scale.seeds_churn_high)})"
        yield "Decisions that differ between two seeds", f"{wording.share(scale.seeds_churn)}{ends}"
    if scale.flip_ratio is not None:
        yield "Pair over seeds", wording.times(scale.flip_ratio)


def _metrics(scale: SeedScale) -> Iterator[tuple[str, str]]:
    for item in scale.metrics:
        yield (
            f"{item.metric}: candidate minus reference, and the SD over seeds",
            f"{item.difference:+.4f}, {item.seeds_sd:.4f} ({wording.times(item.ratio)} times)",
        )


def _named(scale: SeedScale) -> str:
    return f"{scale.audit}: {scale.verdict}, {wording.plural(scale.runs, 'run')}"
