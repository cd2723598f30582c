"""The first sentence of every report: where a pair first differs, how close to the floor it stays, or why nothing was compared.

Nothing is decided here: parity.pair_audit.verdict decides. Each number comes with its place and what is allowed there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from parity.passes import pass_named
from parity.records.decisions import Decisions
from parity.records.pair import Pair
from parity.records.policy import PolicyRecord
from parity.records.stage import FirstDivergence, NotCompared, StageRecord
from parity.records.stage_patterns import ignored_by
from parity.stages import is_text

__all__ = [
    "divergent_sentence",
    "equivalent_sentence",
    "float64_note",
    "not_compared_sentence",
    "over_limit_sentence",
    "parity_sentence",
    "why_nothing",
]


def divergent_sentence(stages: Sequence[StageRecord], first: FirstDivergence) -> str:
    """Where the two differ first, by how much and what is allowed; or the reason, where no distance shows it."""
    record = next(item for item in stages if item.stage == first.stage and item.pass_ == first.pass_)
    if record.noise_floor is None:
        # The reason of the labels is about those that do not count as flips.
        how = f"{record.reason}, in " if record.reason and record.stage not in ("label", "next_token") else ""
        return f"Divergent from {first.stage} on: {how}{record.rows_beyond} of {record.rows} rows{'' if how else ' differ'}."
    if first.float64_only and record.float64_relative_l2 is not None:
        permission = "is rounding" if record.limit is None else "is allowed"
        return (
            f"Divergent from {first.stage} on, {record.reason.partition(';')[0]}: in float64 the two differ by a relative L2 of "
            f"{record.float64_relative_l2:.1e} (up to {record.float64_allowed:.1e} {permission})."
        )
    one = pass_named(first.pass_)
    by = f"{one.condition}, " if one is not None and one.condition else ""
    return f"Divergent from {first.stage} on: {by}{_size(record)}."


def over_limit_sentence(record: StageRecord) -> str:
    """A stage that is over the limit set for it, where the policy judges the decisions otherwise."""
    return f"Divergent: {record.stage} is over the limit that was set for it: {_size(record)}."


def _size(record: StageRecord) -> str:
    """By how much a stage differs and what is allowed; or the reason, where no distance shows it."""
    beyond = record.relative_l2 is None or record.allowed is None or record.relative_l2 > record.allowed
    if record.relative_l2 is None or record.times_floor is None or not beyond:
        return record.reason
    word = "is noise" if record.limit is None else "is allowed"
    more = f"; {record.reason}" if record.reason and record.limit is not None else ""
    return (
        f"relative L2 {record.relative_l2:.1e} (up to {record.allowed:.1e} {word}), "
        f"{_times(record.times_floor)} times the noise floor{more}"
    )


def not_compared_sentence(counting: Sequence[NotCompared]) -> str:
    """What prevents the verdict `parity` although everything agrees: a part that was not run before a stage that was not compared."""
    item = next((one for one in counting if one.not_run), counting[0])
    more = f" (and {len(counting) - 1} more)" if len(counting) > 1 else ""
    if item.not_run:
        return f"What was run agrees, but the {item.stage} was not run: {item.reason}{more}."
    return f"What could be compared agrees, but {item.stage} was not compared: {item.reason}{more}."


def parity_sentence(stages: Sequence[StageRecord], decisions: Decisions | None, policy: PolicyRecord) -> str:
    """How close to the noise floor the stages are, and how many labels agree; where there are no numbers, what agrees without."""
    labels = _labels(decisions)
    tensors = [record for record in stages if record.noise_floor is not None]
    if not tensors:
        texts = [f"{record.rows} generated texts agree" for record in stages if is_text(record.stage)]
        agreeing = " and ".join([*([labels.removeprefix(", and ")] if labels else []), *texts])
        return f"Parity: {agreeing}; no numbers were compared."
    if all(record.status == "equal" for record in tensors):
        return f"Parity: {_stages(tensors)} bitwise equal{labels}."
    return f"Parity: {_stages(tensors)} {_within_floor(tensors, policy)}{labels}."


def equivalent_sentence(
    tensors: Sequence[StageRecord], decisions: Decisions | None, policy: PolicyRecord
) -> str:
    """Which stages rounding does not explain, how close they are to their limits, and what the others do."""
    limited = [record for record in tensors if record.status == "within_limit"]
    names = {record.stage for record in limited}
    others = [record for record in tensors if record.stage not in names]
    rest = f"; {_stages(others)} {_within_floor(others, policy)}" if others else ""
    return f"Equivalent: {_within_limits(limited)}{rest}{_labels(decisions)}."


def _labels(decisions: Decisions | None) -> str:
    if decisions is None or not decisions.examples:
        return ""
    noun = decisions.noun if decisions.unit in ("answer", "next_token") else "label"
    return f", and {decisions.agree} of {decisions.examples} {noun}s agree"


def _stages(records: Sequence[StageRecord]) -> str:
    count = len({record.stage for record in records})
    return f"{count} stage is" if count == 1 else f"{count} stages are"


def float64_note(policy: PolicyRecord, status: Pair[str], *, kept_unlike: bool = False) -> str:
    """What a parity does not show in float64, as a clause; empty where both sides were in float64 throughout."""
    if not policy.check_float64:
        # Where the same bits are required everywhere, float64 does not matter.
        bitwise = policy.floor_factor == 0 and not policy.stages
        return "" if bitwise else "not compared in float64, which the policy does not check"
    absent = [side for side, state in zip(Pair._fields, status, strict=True) if not state]
    if absent:
        who = "neither side" if len(absent) == 2 else f"the {absent[0]} cannot be"
        return f"not compared in float64, in which {who}{' can be' if len(absent) == 2 else ''} run"
    mixed = [
        f"the {side} computes {what} in less"
        if not what.startswith("the rounding")
        else f"{what} does not count"
        for side, state in zip(Pair._fields, status, strict=True)
        for what in [state.partition(": ")[2]]
        if state.startswith("mixed")
    ]
    if mixed:
        return f"compared in float64 only in part ({', '.join(mixed)})"
    without = [
        f"the {side} ran {state}"
        for side, state in zip(Pair._fields, status, strict=True)
        if state.startswith("without ")
    ]
    if without:
        return f"in float64 {' and '.join(without)}"
    if kept_unlike:
        return "float64 is judged by the float32 floor, because versions differ in the constants that they round to float32"
    return ""


def _within_floor(records: Sequence[StageRecord], policy: PolicyRecord) -> str:
    if all(record.status == "equal" for record in records):
        return "bitwise equal"
    worst = max(records, key=lambda record: record.times_floor or 0.0)
    factor = min(policy.floor_factor, 5.0) or 5.0
    return (
        f"within {factor:g} times the noise floor "
        f"(the largest, {worst.stage}, is {worst.times_floor or 0.0:.1f} times it)"
    )


def _within_limits(records: Sequence[StageRecord]) -> str:
    """How close the stages that rounding does not explain are to their limits; stated by the limit and by the floor."""
    nearest = max(records, key=_share_of_limit)
    count = len({record.stage for record in records})
    subject = "1 stage differs" if count == 1 else f"{count} stages differ"
    limits = "the limit that was set" if count == 1 else "the limits that were set"
    name = nearest.stage if count == 1 else f"the nearest, {nearest.stage}, differs"
    return f"{subject} by more than rounding explains, within {limits} ({name} {_distance(nearest)})"


def _distance(record: StageRecord) -> str:
    """The distance that is over its noise: in the precision of the sides, or in float64 where rounding explains what that shows."""
    if _only_in_float64(record):
        return f"in float64 by a relative L2 of {record.float64_relative_l2:.1e}, up to {record.float64_allowed:.2g}"
    return (
        f"by a relative L2 of {record.relative_l2:.1e}, up to {record.allowed:.2g}, "
        f"{_times(record.times_floor)} times the noise floor"
    )


def _only_in_float64(record: StageRecord) -> bool:
    return record.reason.startswith("rounding explains it in ")


def _share_of_limit(record: StageRecord) -> float:
    if _only_in_float64(record):
        return _share(record.float64_relative_l2, record.float64_allowed)
    return _share(record.relative_l2, record.allowed)


def _share(value: float | None, allowed: float | None) -> float:
    return (value or 0.0) / allowed if allowed else math.inf if value else 0.0


def _times(value: float | None) -> str:
    return f"{value or 0.0:,.0f}" if (value or 0.0) >= 10 else f"{value or 0.0:.1f}"


def why_nothing(
    stages: Sequence[StageRecord], not_compared: Sequence[NotCompared], policy: PolicyRecord
) -> str:
    """The first reason for which nothing was compared."""
    measured = [record for record in stages if record.noise_floor is not None and record.compared]
    if measured and all(ignored_by(record.stage, policy) is not None for record in measured):
        return "every stage that could be compared was excluded."
    reason = next((item.reason for item in not_compared if item.counts and not item.not_run), None)
    reason = reason or next(
        (record.reason for record in stages if record.reason), "no stage is common to both"
    )
    return reason if reason.endswith(".") else f"{reason}."
