"""Layers: how alike two runs are at each stage, by CKA, which ignores rotations, and by cosine, which does not."""

from __future__ import annotations

from parity.records.arm_statistics import StageSimilarity
from parity.records.seed_audit import SeedAudit
from parity.stages import stage_title
from parity_reports.blocks import Block, Column, Figure, Row, Table
from parity_reports.figures.drawings import Line, Lines
from parity_reports.pages import Section
from parity_reports.text import units, wording

__all__ = ["build_layers"]


def build_layers(audit: SeedAudit) -> Section:
    """The section; runs that were seen at their outputs only have none."""
    found = audit.cka
    lede = (
        f"Over {wording.plural(max(item.pairs for item in found), 'pair')} of runs, on real tokens. CKA of 1: the same up to rotation and scale; of 0: unrelated. "
        "Cosine and relative L2 compare unit with unit. CKA's interval is of these runs' mean, for new examples. A dash is undefined, such as at a stage where all tokens are the same."
        if found
        else "The inner stages of two runs were not seen: their layers were not compared."
    )
    return Section(
        anchor="layers",
        title="Do the runs compute the same, layer by layer?",
        short="Layers",
        lede=lede,
        blocks=_blocks(found) if found else (),
    )


def _blocks(found: list[StageSimilarity]) -> tuple[Block, ...]:
    lines = (
        Line("CKA, mean", "reference", tuple(item.cka for item in found)),
        Line("CKA, lowest", "noise", tuple(item.cka_least for item in found), "2 3"),
        Line("cosine, mean", "candidate", tuple(item.cosine for item in found), "6 3"),
    )
    heads = (
        "CKA",
        "its interval",
        "lowest pair",
        "Cosine",
        "lowest pair",
        "Relative L2",
        "largest pair",
        "Pairs without a CKA",
    )
    return (
        Figure(
            "Similarity by stage",
            "",
            Lines("CKA and cosine of two runs", tuple(_short(item.stage) for item in found), lines),
        ),
        Table(
            "Similarity by stage",
            (Column("Stage"), *(Column(head, "number") for head in heads)),
            tuple(
                Row(
                    (
                        stage_title(item.stage),
                        units.similarity(item.cka),
                        units.between(item.cka_interval, units.similarity),
                        *(
                            units.similarity(value)
                            for value in (item.cka_least, item.cosine, item.cosine_least)
                        ),
                        wording.number(item.relative_l2),
                        wording.number(item.relative_l2_most),
                        f"{item.undefined} of {item.pairs}",
                    )
                )
                for item in found
            ),
            brief=True,
        ),
    )


def _short(stage: str) -> str:
    return (
        stage.removeprefix("layer.")
        if stage.startswith("layer.")
        else {"embeddings": "emb"}.get(stage, stage)[:10]
    )
