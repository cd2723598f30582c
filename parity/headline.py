"""The sentence that heads every report: where a pair parts, how near to the floor it stays, or why nothing was compared.

Nothing is decided here; what the numbers mean was (parity.judge). Each is said with value, place and permission.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from parity.audit import Decisions, FirstDivergence, NotCompared, PolicyRecord, StageRecord

__all__ = ["divergent_sentence", "parity_sentence", "why_nothing"]


def divergent_sentence(stages: Sequence[StageRecord], first: FirstDivergence, policy: PolicyRecord) -> str:
    """Where the two part, by how much and what is allowed; or why, where no distance tells."""
    record = next(item for item in stages if item.stage == first.stage and item.pass_ == first.pass_)
    if record.noise_floor is None:
        # The reason of the labels is about those that do not count as flips.
        how = f"{record.reason}, in " if record.reason and record.stage != "label" else ""
        return f"Divergent from {first.stage} on: {how}{record.rows_beyond} of {record.rows} rows{'' if how else ' differ'}."
    if first.float64_only and record.float64_relative_l2 is not None:
        return (
            f"Divergent from {first.stage} on, invisible in float32: in float64 the two differ by a relative L2 of "
            f"{record.float64_relative_l2:.1e} (up to {record.float64_allowed:.1e} is rounding)."
        )
    beyond = record.relative_l2 is None or record.allowed is None or record.relative_l2 > record.allowed
    if record.relative_l2 is None or record.times_floor is None or not beyond:
        return f"Divergent from {first.stage} on: {record.reason}."
    by = "given the same ids, " if first.pass_ == "same_ids" else ""
    word = "allowed" if first.stage in policy.stages else "noise"
    return (
        f"Divergent from {first.stage} on: {by}relative L2 {record.relative_l2:.1e} "
        f"(up to {record.allowed:.1e} is {word}), {record.times_floor:,.0f} times the noise floor."
    )


def parity_sentence(tensors: Sequence[StageRecord], decisions: Decisions | None, policy: PolicyRecord) -> str:
    """How near to what is allowed the stages are, and how many labels agree."""
    count = len({record.stage for record in tensors})
    labels = ""
    if decisions is not None and decisions.examples:
        labels = f", and {decisions.agree} of {decisions.examples} labels agree"
    if all(record.status == "equal" for record in tensors):
        return f"Parity: {count} stages are bitwise equal{labels}."
    limited = [record for record in tensors if record.stage in policy.stages]
    others = [record for record in tensors if record.stage not in policy.stages]
    if not limited:
        return f"Parity: {count} stages are {_within_floor(others, policy)}{labels}."
    parts = [_within_limits(limited)]
    if others:
        rest = len({record.stage for record in others})
        parts.insert(0, f"{rest} {'is' if rest == 1 else 'are'} {_within_floor(others, policy)}")
    return f"Parity: {count} stages are within what the policy allows: {', and '.join(parts)}{labels}."


def _within_floor(records: Sequence[StageRecord], policy: PolicyRecord) -> str:
    if all(record.status == "equal" for record in records):
        return "bitwise equal"
    worst = max(records, key=lambda record: record.times_floor or 0.0)
    return (
        f"within {policy.floor_factor:g} times the noise floor "
        f"(the largest, {worst.stage}, is {worst.times_floor:.1f} times it)"
    )


def _within_limits(records: Sequence[StageRecord]) -> str:
    """How near the stages with limits of their own come to them; said by that limit and not by the floor."""
    nearest = max(records, key=lambda record: (record.relative_l2 or 0.0) / (record.allowed or math.inf))
    assert nearest.relative_l2 is not None and nearest.allowed is not None, (
        "what is within its limit was measured"
    )
    count = len({record.stage for record in records})
    return (
        f"{count} {'is' if count == 1 else 'are'} within {'its own limit' if count == 1 else 'limits of their own'} "
        f"(the nearest, {nearest.stage}, differs by a relative L2 of {nearest.relative_l2:.1e}, up to {nearest.allowed:g})"
    )


def why_nothing(stages: Sequence[StageRecord], not_compared: Sequence[NotCompared]) -> str:
    """The first reason for which nothing was compared."""
    reason = next((item.reason for item in not_compared if item.counts), None)
    reason = reason or next(
        (record.reason for record in stages if record.reason), "no stage is common to both"
    )
    return reason if reason.endswith(".") else f"{reason}."
