"""A pair's differences next to those of seeds: the difference of two runs of one recipe is the scale for any other difference.

Stages by relative L2, ||other - one|| / ||one|| over real positions: the pair's beside the mean over pairs of runs. Stages are
matched by name, and only where both have the same layers: layer 3 of four is not layer 3 of twelve.
"""

from __future__ import annotations

from typing import Any

import msgspec

from parity.records.audit import Audit
from parity.records.finding import Finding
from parity.records.passes_shown import passes_shown
from parity.records.seed_audit import SeedAudit
from parity.records.seed_scale import MetricScale, SeedScale, StageScale
from parity.records.stage import StageRecord
from parity.stages import group_of

__all__ = ["beside_seeds", "seed_scale"]


def beside_seeds(audit: Audit, seeds: SeedAudit, named: str) -> Audit:
    """The audit with its differences in the scale of seeds, and a finding with them; `named` is the seed audit as given."""
    scale = seed_scale(audit, seeds, named)
    place = _chief(audit, scale)
    evidence: dict[str, Any] = {"seed audit": named, "runs": scale.runs}
    if place is not None:
        evidence |= {"relative L2": place.relative_l2, "relative L2 of two seeds": place.seeds_relative_l2}
    if scale.seeds_churn is not None:
        evidence |= {"flip rate": scale.flip_rate, "churn of two seeds": scale.seeds_churn}
    finding = Finding(
        stage="decisions" if place is None else place.stage, sentence=scale.sentence, evidence=evidence
    )
    return msgspec.structs.replace(audit, seed_scale=scale, findings=[*audit.findings, finding])


def seed_scale(audit: Audit, seeds: SeedAudit, named: str) -> SeedScale:
    """The pair's differences beside the spread of the candidate arm of a seed audit."""
    stages, notes = _stages(audit, seeds)
    if audit.inputs.as_given != seeds.inputs.as_given:
        notes.append("The seed audit ran on other inputs: its spread is that of its own inputs.")
    rate, churn, bounds = _decisions(audit, seeds, notes)
    runs = next((arm.runs for arm in seeds.arms if arm.arm == "candidate"), 0)
    scale = SeedScale(
        audit=named,
        verdict=seeds.verdict,
        runs=runs,
        stages=stages,
        flip_rate=rate,
        seeds_churn=churn,
        seeds_churn_low=bounds[0],
        seeds_churn_high=bounds[1],
        flip_ratio=_ratio(rate, churn),
        metrics=_metrics(audit, seeds),
        notes=notes,
    )
    return msgspec.structs.replace(scale, sentence=_sentence(audit, scale))


def _stages(audit: Audit, seeds: SeedAudit) -> tuple[list[StageScale], list[str]]:
    """Each stage of the encoder once: on a shared feed where that was measured, for runs of one recipe share theirs."""
    measured: dict[str, StageRecord] = {}
    passes = passes_shown(audit)
    for record in audit.stages:
        if group_of(record.stage) == "encoder" and (
            record.stage not in measured or passes.shared(record.pass_)
        ):
            measured[record.stage] = record
    of_seeds = {item.stage: item for item in seeds.cka if group_of(item.stage) == "encoder"}
    if not of_seeds:
        return [], ["The seed audit has no stage of two runs: its layers cannot be compared with the pair's."]
    if not measured:
        return [], ["No stage of the pair's encoder was compared."]
    if _layers(measured) != _layers(of_seeds):
        counts = f"it has {_counted(of_seeds)}, and this pair {_counted(measured)}"
        return [], [f"The seed audit is of another architecture: {counts}. Their stages are not compared."]
    return [
        StageScale(
            stage=name,
            pass_=record.pass_,
            relative_l2=record.relative_l2,
            seeds_relative_l2=of_seeds[name].relative_l2,
            seeds_relative_l2_most=of_seeds[name].relative_l2_most,
            ratio=_ratio(record.relative_l2, of_seeds[name].relative_l2),
        )
        for name, record in measured.items()
        if name in of_seeds
    ], []


def _decisions(
    audit: Audit, seeds: SeedAudit, notes: list[str]
) -> tuple[float | None, float | None, tuple[float | None, float | None]]:
    """The pair's flip rate, the seeds' mean churn, and that one's interval."""
    found = audit.decisions
    # An example of runs is a row, whatever decides in it; but churn of tokens is of tokens.
    of_tokens = seeds.churn is not None and seeds.churn.of == "tokens"
    of_rows = None if found is None else (None if of_tokens else found.row_flip_rate) or found.flip_rate
    rate = of_rows.value if found is not None and of_rows is not None and found.examples else None
    if seeds.counted in ("scores", "vectors"):
        notes.append("The runs of the seed audit decide nothing: its metric alone is beside the pair's.")
        return rate, None, (None, None)
    if seeds.churn is None:
        notes.append("The seed audit has no two runs whose decisions could be compared.")
        return rate, None, (None, None)
    if found is not None and found.classes and set(found.classes) != set(seeds.classes):
        notes.append("The seed audit decides between other classes: the decisions are not compared.")
        return rate, None, (None, None)
    estimate = seeds.churn.estimate
    bounds = estimate.interval
    return rate, estimate.value, (None, None) if bounds is None else (bounds.low, bounds.high)


def _metrics(audit: Audit, seeds: SeedAudit) -> list[MetricScale]:
    found: list[MetricScale] = []
    measured = [] if audit.decisions is None else audit.decisions.metrics
    for metric in [*measured, *([] if audit.embeddings is None else audit.embeddings.metrics)]:
        known = seeds.metrics.get(metric.metric)
        sd = None if known is None else known.spread.sd
        if sd is not None:
            found.append(
                MetricScale(
                    metric=metric.metric,
                    difference=metric.difference,
                    seeds_sd=sd,
                    ratio=_ratio(abs(metric.difference), sd),
                )
            )
    return found


def _chief(audit: Audit, scale: SeedScale) -> StageScale | None:
    """The stage to report: where the pair first differs, else the one that exceeds seeds most."""
    first = audit.first_divergence.stage if audit.first_divergence is not None else None
    known = [item for item in scale.stages if item.ratio is not None]
    named = next((item for item in known if item.stage == first), None)
    return named or max(known, key=lambda item: item.ratio or 0.0, default=None)


def _sentence(audit: Audit, scale: SeedScale) -> str:
    sentences: list[str] = []
    place = _chief(audit, scale)
    if place is not None:
        sentences.append(
            f"{place.stage} differs by a relative L2 of {place.relative_l2:.2g}; two seeds by {place.seeds_relative_l2:.2g}."
        )
    if scale.seeds_churn is not None and scale.flip_rate is not None:
        sentences.append(
            f"{scale.flip_rate:.2%} of decisions differ; between two seeds {scale.seeds_churn:.2%} do."
        )
    for metric in scale.metrics[:1]:
        sentences.append(
            f"The {metric.metric} differs by {metric.difference:+.4f}; its SD over seeds is {metric.seeds_sd:.4f}."
        )
    return " ".join([*sentences, *scale.notes]) or "No part of the pair can be compared with the seed audit."


def _ratio(pair: float | None, seeds: float | None) -> float | None:
    return pair / seeds if pair is not None and seeds else None


def _layers(stages: dict[str, Any]) -> set[str]:
    return {name for name in stages if name.startswith("layer.")}


def _counted(stages: dict[str, Any]) -> str:
    """Its layers by name: two models with as many layers can name them differently."""
    layers = [name for name in stages if name in _layers(stages)]
    return f"{len(layers)} layers ({layers[0]} to {layers[-1]})" if layers else "no layers"
