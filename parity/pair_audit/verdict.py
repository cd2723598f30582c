"""The verdict: from judged stages, decisions and the policy to the first divergence, the verdict and its sentence.

Rules of an auditor hold here: nothing compared is not a pass, what could not be paired counts, and equivalence is shown by a
bound, never inferred from the lack of a difference.
"""

from __future__ import annotations

from collections.abc import Sequence

from parity.align.exclusions import exclusions_sentence
from parity.pair_audit.headline import (
    divergent_sentence,
    equivalent_sentence,
    not_compared_sentence,
    over_limit_sentence,
    parity_sentence,
    why_nothing,
)
from parity.pair_audit.verdict_of_decisions import Judgement, judge_decisions
from parity.passes import pass_rank
from parity.records.decisions import Decisions
from parity.records.policy import PolicyRecord
from parity.records.stage import FirstDivergence, NotCompared, StageRecord
from parity.records.stage_patterns import excluded_by, ignored_by, limit_of
from parity.stages import beside_tokens, is_text, layer_of

__all__ = ["Judgement", "first_divergence", "reach_verdict"]

_CLEAR_CUT = 20.0


def first_divergence(stages: Sequence[StageRecord], policy: PolicyRecord) -> FirstDivergence | None:
    """The earliest divergent stage that counts; `stages` are in forward order, and the earliest pass counts of one stage.

    An example or a token is named only where a strict subset is concerned and the difference is clear-cut: at a faulty
    weight every token differs at once, and naming one would be false precision.
    """
    divergent = [record for record in _counted(stages, policy) if record.status == "divergent"]
    if not divergent:
        return None
    order = list(dict.fromkeys(record.stage for record in stages))
    first = min(divergent, key=lambda record: (order.index(record.stage), pass_rank(record.pass_)))
    example, token = _subset(first)
    return FirstDivergence(
        stage=first.stage,
        pass_=first.pass_,
        layer=layer_of(first.stage),
        example=example,
        token=token,
        float64_only=_float64_only(first),
    )


def reach_verdict(
    stages: Sequence[StageRecord],
    decisions: Decisions | None,
    not_compared: Sequence[NotCompared],
    policy: PolicyRecord,
) -> Judgement:
    """The verdict under the policy, the exit code, and the first sentence of every report."""
    found = _judged(stages, decisions, not_compared, policy)
    if found.verdict == "inconclusive" and policy.allow_inconclusive:
        found = found._replace(exit_code=0)
    excluded = exclusions_sentence(stages, not_compared, policy)
    return found._replace(headline=f"{found.headline} {excluded}") if excluded else found


def _judged(
    stages: Sequence[StageRecord],
    decisions: Decisions | None,
    not_compared: Sequence[NotCompared],
    policy: PolicyRecord,
) -> Judgement:
    first = first_divergence(stages, policy)
    counted = _counted(stages, policy)
    counting = [item for item in not_compared if item.counts and excluded_by(item, policy) is None]
    counting += _without_a_word(counted, not_compared)
    tensors = [record for record in counted if record.noise_floor is not None]
    measured = any(record.compared for record in tensors) or _of_texts(counted, decisions)
    if first is None and not measured:
        return Judgement(
            "not_comparable", 1, f"Nothing was compared: {why_nothing(stages, not_compared, policy)}"
        )
    limited = [record for record in tensors if record.status == "within_limit"]
    start = first.stage if first is not None else limited[0].stage if limited else ""
    # What is generated is what users see: no decision on something else excuses other texts, or on tokens other classes of pairs.
    of_tokens = decisions is not None and decisions.unit == "next_token"
    other = next(
        (
            one
            for one in counted
            if one.status == "divergent" and (is_text(one.stage) or (of_tokens and beside_tokens(one.stage)))
        ),
        None,
    )
    if other is not None and first is not None and policy.flip_rate is not None:
        place = FirstDivergence(stage=other.stage, pass_=other.pass_)
        return Judgement("divergent", 1, divergent_sentence(stages, place))
    # Decisions excuse a difference only beside stages that were measured.
    if start and measured and policy.flip_rate is not None and policy.probability is not None:
        over = _over_a_limit(counted, policy)
        if over is not None:
            return Judgement("divergent", 1, over_limit_sentence(over))
        return judge_decisions(start, decisions, counting, policy)
    if first is not None:
        return Judgement("divergent", 1, divergent_sentence(stages, first))
    if counting:
        return Judgement("not_comparable", 1, not_compared_sentence(counting))
    if limited:
        return Judgement("equivalent", 0, equivalent_sentence(tensors, decisions, policy))
    return Judgement("parity", 0, parity_sentence(counted, decisions, policy))


def _without_a_word(counted: Sequence[StageRecord], not_compared: Sequence[NotCompared]) -> list[NotCompared]:
    """Stages that were judged neither equal nor different, of which nothing that counts says that they were not compared: they count all the same."""
    known = {item.stage for item in not_compared if item.counts}
    return [
        NotCompared(stage=record.stage, pass_=record.pass_, reason=record.reason)
        for record in counted
        if record.status == "not_comparable" and record.stage not in known
    ]


def _of_texts(counted: Sequence[StageRecord], decisions: Decisions | None) -> bool:
    """Whether texts, or what a side selects without a score, are all that can be compared, and were."""
    texts = any(is_text(record.stage) and record.rows for record in counted)
    return texts or (decisions is not None and not decisions.probabilities and decisions.examples > 0)


def _counted(stages: Sequence[StageRecord], policy: PolicyRecord) -> list[StageRecord]:
    return [record for record in stages if ignored_by(record.stage, policy) is None]


def _over_a_limit(counted: Sequence[StageRecord], policy: PolicyRecord) -> StageRecord | None:
    """The first divergent stage with a limit of its own: that limit holds also where the decisions are what is judged."""
    return next(
        (
            record
            for record in counted
            if record.status == "divergent"
            and record.noise_floor is not None
            and limit_of(record.stage, policy) is not None
        ),
        None,
    )


def _float64_only(record: StageRecord) -> bool:
    if record.relative_l2 is None or record.allowed is None:
        return False
    return record.relative_l2 <= record.allowed and record.reason.startswith("invisible in ")


def _subset(record: StageRecord) -> tuple[int | None, int | None]:
    """The first example and token concerned, each only where others of its kind are clear of the difference."""
    if not record.first_beyond:
        return None, None
    place = record.first_beyond[0]
    example = place[0] if 0 < record.rows_beyond < record.rows else None
    if record.noise_floor is None:
        return example, None
    # A faint difference everywhere also leaves some positions below the limit: only a clear-cut one shows which have none.
    worst, allowed = record.worst_position or 0.0, record.allowed or 0.0
    numbers_missing = record.non_finite_reference + record.non_finite_candidate > 0 and worst <= allowed
    if worst <= _CLEAR_CUT * allowed and not numbers_missing:
        return None, None
    tokens = record.positions > record.rows
    return example, place[1] if tokens and 0 < record.positions_beyond < record.positions else None
