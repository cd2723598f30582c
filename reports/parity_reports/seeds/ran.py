"""What was run: each run with its weights, the recipe as it was settled, the inputs, and where it ran."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parity.records.runs import RunRecord, TrainingRecord
from parity.records.seed_audit import SeedAudit
from parity_reports.blocks import Block, Column, Facts, Row, Table
from parity_reports.pages import Section
from parity_reports.seeds.without import nothing_decided
from parity_reports.text import units, wording

__all__ = ["build_ran"]

_DIGEST = 20


def build_ran(audit: SeedAudit, most_runs: int) -> Section:
    """The section, with at most so many runs listed."""
    return Section(
        anchor="ran",
        title="What was run",
        short="What was run",
        lede=f"{wording.plural(len(audit.runs), 'run')} on {wording.plural(audit.inputs.count, 'example')}.",
        blocks=tuple(_blocks(audit, most_runs)),
    )


def _blocks(audit: SeedAudit, most_runs: int) -> Iterator[Block]:
    yield Table(
        "Runs",
        (
            Column("Run"),
            Column("Subject", "code"),
            Column("Weights", "code"),
            Column("Steps", "number"),
            Column("Final loss", "number"),
        ),
        tuple(_run(run) for run in audit.runs[:most_runs]),
        left_out=max(0, len(audit.runs) - most_runs),
    )
    inputs, margins = audit.inputs, audit.margins
    yield Facts(
        "Inputs",
        (
            ("Source", inputs.source + (" (built in)" if inputs.built_in else "")),
            ("Examples", wording.count(inputs.count)),
            ("With a label", wording.count(inputs.labelled)),
            ("Text pairs", wording.count(inputs.pairs)),
            ("Digest", inputs.digest),
            ("Classes", wording.as_text(audit.classes)),
        ),
        heading="Inputs",
    )
    excess = margins.metric if margins.excess is None else margins.excess
    unjudged = "not judged: nothing is decided" if nothing_decided(audit) else ""
    yield Facts(
        "Set before the runs",
        (
            ("Primary metric", units.metric_name(units.form_of(audit))),
            ("Its allowed change", units.limit(units.form_of(audit), margins.metric)),
            ("Churn allowed", unjudged or wording.share(margins.churn)),
            ("Excess churn allowed between the arms", unjudged or wording.share(excess)),
            ("α of every test and interval", f"{margins.alpha:g}"),
        ),
        heading="Set before the runs",
    )
    if audit.recipe is not None:
        yield Facts("Recipe", tuple(_flat(audit.recipe)), heading="The recipe as resolved", collapsed=True)
    rows = tuple(_flat(audit.provenance.facts()))
    if rows:
        yield Facts("Provenance", rows, heading="Provenance of this audit", collapsed=True)


def _run(run: RunRecord) -> Row:
    training = run.training or TrainingRecord()
    loss = training.final_loss
    return Row(
        (
            run.name,
            run.spec,
            wording.NOTHING if run.weights_digest is None else run.weights_digest[:_DIGEST],
            wording.as_text(training.steps),
            wording.NOTHING if loss is None else wording.number(loss),
        ),
        "" if run.standing == "kept" else "dim",
    )


def _flat(found: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}: ")  # pyright: ignore[reportUnknownArgumentType]
        else:
            yield f"{prefix}{name}", wording.as_text(value)
