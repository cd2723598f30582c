"""The stages of numbers: each in each pass judged against its floor, and what of them could not be compared."""

from __future__ import annotations

from parity.align.known import within_rounding
from parity.align.plan import Plan
from parity.measure.measurement import Measurement
from parity.pair_audit.comparison import Comparison
from parity.pair_audit.judge import Measured, judge_stage, nan_on_both
from parity.pair_audit.sample import NoiseSample
from parity.records.pair import Pair
from parity.records.passes import PassRecord
from parity.records.policy import PolicyRecord
from parity.records.stage import NotCompared, StageRecord
from parity.stages import LOGIT_SUMS, MASKED_LOGITS

__all__ = ["float64_status", "tensor_stages", "without_float64"]


def tensor_stages(comparison: Comparison) -> tuple[list[StageRecord], list[NotCompared]]:
    """Every stage of the plan in every pass of the sweep, in forward order."""
    records: list[StageRecord] = []
    missing: list[NotCompared] = []
    stages = comparison.ledgers.stages
    for stage in _derived(comparison.plan):
        for one in comparison.passes:
            if one.phase != "sweep":
                continue
            seen = stages.measured(stage, one.name)
            reason = stages.unfit.get((stage, one.name))
            if reason is not None:
                counts = _counts(one, reason, comparison)
                missing.append(NotCompared(stage=stage, pass_=one.name, reason=reason, counts=counts))
            if seen is not None:
                record, lacking = _judged(stage, one, seen, comparison)
                missing += lacking
                records += [] if record is None else [record]
    return records, missing


def _judged(
    stage: str, one: PassRecord, seen: Measurement, comparison: Comparison
) -> tuple[StageRecord | None, list[NotCompared]]:
    """The record of one stage in one pass, and what of it was not compared."""
    sample, policy, plan, stages = (
        comparison.sample,
        comparison.policy,
        comparison.plan,
        comparison.ledgers.stages,
    )
    missing: list[NotCompared] = []
    # In float64 the two were run on one feed: that holds for a pass on one feed, and for the others where theirs was one.
    shared = one.feed == "shared"
    exact = sample.between.get(stage) if shared or (one.feed == "own" and sample.own_feed_equal) else None
    requested = policy.check_float64 and (sample.between or sample.failure) and not any(sample.impossible)
    if shared and requested and exact is None:
        undefined = "it is NaN on both sides in float64, and NaN equals nothing"
        absent = undefined if stage in sample.undefined else "it was not seen on both sides in float64"
        missing.append(NotCompared(stage=stage, pass_=one.name, reason=sample.failure or absent))
    in_part = bool(plan.in_part) and stage in (plan.in_part, LOGIT_SUMS)
    centres = plan.centres(stage) or in_part or stage == MASKED_LOGITS
    centred = stages.centred(one.name, stage) if centres else None
    measured = Measured(
        stage=stage,
        pass_=one.name,
        measurement=seen,
        floor=comparison.floors.of(stage),
        float64=exact,
        centred=None if centred is None else centred.relative_l2,
        whole=stage in stages.whole,
        in_part=in_part,
    )
    record = judge_stage(measured, policy)
    if stage == "logits" and plan.known is not None and plan.known.only_probabilities:
        # Their probabilities are judged instead: only what the file does not hold is lost.
        why = f"{plan.known.words}, and is compared as such"
        return None, [*missing, NotCompared(stage=stage, pass_=one.name, reason=why, counts=False)]
    if stage == "probabilities" and plan.known is not None:
        record = within_rounding(record, plan.known)
    if record.status == "not_comparable":
        missing.append(NotCompared(stage=stage, pass_=one.name, reason=record.reason))
    elif note := nan_on_both(seen):
        missing.append(NotCompared(stage=stage, pass_=one.name, reason=note))
    return record, missing


def float64_status(sample: NoiseSample) -> Pair[str]:
    """The state of float64 on each side; a failed run is reported even if other batches went well."""
    return Pair(
        *(
            f"not possible: {reason}" if reason else status
            for status, reason in zip(sample.float64, sample.impossible, strict=True)
        )
    )


def without_float64(sample: NoiseSample, policy: PolicyRecord) -> list[NotCompared]:
    """A side that was to be run in float64 and could not be: what only float64 shows was not compared, which counts."""
    if not policy.check_float64:
        return []
    lost = "a difference that only float64 shows would be missed"
    here, there = sample.impossible
    found = [NotCompared(stage="float64", side="reference", reason=f"{here}; {lost}")] if here else []
    if there:
        found.append(NotCompared(stage="float64", side="candidate", reason=f"{there}; {lost}"))
    return found


def _derived(plan: Plan) -> list[str]:
    """The stages in forward order, with what follows from the logits: probabilities, or the sums of those that a side does not keep."""
    order: list[str] = []
    for stage in plan.stages:
        order.append(stage)
        if stage == plan.in_part:
            order.append(LOGIT_SUMS)
        if plan.task is not None and plan.task.wide and stage == plan.task.outputs[0]:
            order.append(MASKED_LOGITS)
        if plan.derives(stage) is not None:
            order.append("probabilities")
    return order


def _counts(one: PassRecord, reason: str, comparison: Comparison) -> bool:
    """A pass on one feed explains a divergence; where tokens already differ its absence hides nothing more.

    A runner that failed in it counts all the same: that is a finding of its own.
    """
    tokens = comparison.ledgers.tokens
    explains = one.feed == "shared" and tokens.rows_equal < tokens.rows
    return reason in comparison.ledgers.stages.failures or not explains
