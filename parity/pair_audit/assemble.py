"""The conclusion: from what was added up to the audit. No subject is run here any more, and nothing is decided elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from parity.align.changed_parameters import changed_parameters, changed_parameters_note
from parity.align.changed_settings import changed_settings_note
from parity.align.exclusions import not_counting
from parity.align.known import within_rounding
from parity.align.plan import Plan
from parity.align.texts import unlike_algorithms
from parity.border.description import Description
from parity.causes.evidence import Evidence, Feeds, InputsSeen, Lost, Outputs, TokensSeen
from parity.causes.findings import findings, open_settings
from parity.measure.noise import Floor
from parity.measure.stage_difference import Difference, Measurement
from parity.pair_audit.decision_ledger import DecisionTally
from parity.pair_audit.headline import float64_note
from parity.pair_audit.judge import (
    Measured,
    discrete_record,
    first_divergence,
    judge_stage,
    nan_on_both,
    reach_verdict,
)
from parity.pair_audit.ledger import Heap, Ledger
from parity.pair_audit.sample import NoiseSample
from parity.records.audit import Audit
from parity.records.decisions import Decisions
from parity.records.inputs import InputsRecord
from parity.records.pair import Pair
from parity.records.policy import PolicyRecord
from parity.records.stage import Noise, NotCompared, Pass, StageRecord
from parity.records.stage_patterns import ignored_by
from parity.records.subject import SubjectRecord
from parity.records.tokens import Tokens

__all__ = ["conclude"]

_OWN_WORSE = 3.0
_HEAPS: tuple[tuple[Pass, tuple[Heap, Heap]], ...] = (
    ("own", ("both", "own")),
    ("same_ids", ("both", "given")),
)
_INPUT_KINDS: dict[str, tuple[str, ...]] = {
    "text": ("text",),
    "tokens": ("text", "pieces"),
    "input_ids": ("text", "pieces", "ids", "special_tokens", "truncation"),
    "token_type_ids": ("token_type_ids",),
}


class _Soft(NamedTuple):
    """An input that need not change what a model computes: it diverges only if what follows does because of it."""

    stage: str
    rows: int
    differing: list[int]
    differing_rows: int
    said: str


def conclude(
    *,
    described: Pair[Description],
    records: Pair[SubjectRecord],
    plan: Plan,
    sample: NoiseSample,
    ledger: Ledger,
    floors: Callable[[str], Floor],
    policy: PolicyRecord,
    inputs: InputsRecord,
    provenance: dict[str, Any],
    command: str,
) -> Audit:
    """Judge every stage, reach the verdict, draw the findings, and write it all down."""
    tensors, missing = _tensor_stages(plan, sample, ledger, floors, policy)
    not_compared = [*plan.not_compared, *missing, *_without_float64(sample, policy)]
    symbols, silent = _symbol_stages(described, inputs, ledger, tensors)
    not_compared += [*silent, *_unpaired(ledger)]
    # What a framework raised comes first: it is why the rest is missing.
    not_compared.sort(key=lambda item: item.reason not in ledger.failures)
    not_compared = [not_counting(item, policy) for item in not_compared]
    decisions = ledger.tally.record() if ledger.tally is not None else None
    if decisions is not None and not decisions.examples:
        decisions = None
    stages = [*symbols, *tensors]
    if decisions is not None:
        stages.append(_label_stage(decisions))
    stages = [
        msgspec.structs.replace(record, ignored=True)
        if ignored_by(record.stage, policy) is not None
        else record
        for record in stages
    ]
    status = _float64_status(sample)
    judgement = reach_verdict(stages, decisions, not_compared, policy)
    passed = judgement.verdict in {"parity", "equivalent"}
    if passed and (note := float64_note(policy, status, kept_unlike=sample.kept_unlike)):
        judgement = judgement._replace(headline=f"{judgement.headline.removesuffix('.')}; {note}.")
    if judgement.verdict == "parity" and (note := changed_parameters_note(changed_parameters(described))):
        judgement = judgement._replace(headline=f"{judgement.headline.removesuffix('.')}; {note}.")
    first = first_divergence(stages, policy)
    tokens = _tokens(ledger)
    evidence = Evidence(
        described=described,
        policy=policy,
        inputs=_inputs_seen(inputs, ledger.tally),
        tokens=TokensSeen(tokens, dict(ledger.text_changes)),
        feeds=Feeds(_mask_missing(ledger)),
        stages=stages,
        first=first,
        decisions=decisions,
        outputs=Outputs(plan.labels, ledger.relations.found(), ledger.relations.fits_as_it_stands),
        lost=Lost(not_compared, tuple(ledger.breakdowns.values())),
    )
    if judgement.verdict == "parity" and (note := changed_settings_note(open_settings(evidence))):
        judgement = judgement._replace(headline=f"{judgement.headline.removesuffix('.')}; {note}.")
    return Audit(
        verdict=judgement.verdict,
        exit_code=judgement.exit_code,
        headline=judgement.headline,
        policy=policy,
        reference=records.reference,
        candidate=records.candidate,
        inputs=inputs,
        first_divergence=first,
        stages=stages,
        rows_needed=judgement.rows_needed,
        tokens=tokens,
        decisions=decisions,
        findings=findings(evidence),
        not_compared=not_compared,
        noise=Noise(
            sample=sample.rows,
            method=sample.method,
            reference_float64=status.reference,
            candidate_float64=status.candidate,
            rows=sample.chosen.rows if sample.chosen is not None else [],
            drawn=sample.chosen.drawn if sample.chosen is not None else "",
        ),
        provenance=provenance,
        command=command,
    )


def _tensor_stages(
    plan: Plan,
    sample: NoiseSample,
    ledger: Ledger,
    floors: Callable[[str], Floor],
    policy: PolicyRecord,
) -> tuple[list[StageRecord], list[NotCompared]]:
    records: list[StageRecord] = []
    missing: list[NotCompared] = []
    for stage in _derived(plan):
        for name, heaps in _HEAPS:
            seen = _merged([ledger.heaps[heap].get(stage) for heap in heaps])
            reason = ledger.unfit.get((stage, name))
            if reason is not None:
                missing.append(
                    NotCompared(stage=stage, pass_=name, reason=reason, counts=_counts(name, reason, ledger))
                )
            if seen is None:
                continue
            exact = sample.between.get(stage) if name == "same_ids" or sample.own_feed_equal else None
            asked = policy.check_float64 and (sample.between or sample.failure) and not any(sample.impossible)
            if name == "same_ids" and asked and exact is None:
                undefined = "it is NaN on both sides in float64, and NaN equals nothing"
                absent = (
                    undefined if stage in sample.undefined else "it was not seen on both sides in float64"
                )
                why = sample.failure or absent
                missing.append(NotCompared(stage=stage, pass_=name, reason=why))
            centred = _merged([ledger.centred.get(heap) for heap in heaps]) if stage == "logits" else None
            shifted = None if centred is None else centred.relative_l2
            whole = stage in ledger.whole
            record = judge_stage(Measured(stage, name, seen, floors(stage), exact, shifted, whole), policy)
            if stage == "logits" and plan.known is not None and plan.known.only_probabilities:
                # Their probabilities are judged in their place: nothing is lost but what the file does not hold.
                why = f"{plan.known.said}, and is compared as such"
                missing.append(NotCompared(stage=stage, pass_=name, reason=why, counts=False))
                continue
            if stage == "probabilities" and plan.known is not None:
                record = within_rounding(record, plan.known)
            records.append(record)
            if records[-1].status == "not_comparable":
                missing.append(NotCompared(stage=stage, pass_=name, reason=records[-1].reason))
            elif note := nan_on_both(seen):
                missing.append(NotCompared(stage=stage, pass_=name, reason=note))
    return records, missing


def _float64_status(sample: NoiseSample) -> Pair[str]:
    """What became of float64 on each side; a run that failed says so even if other batches went well."""
    return Pair(
        *(
            f"not possible: {reason}" if reason else status
            for status, reason in zip(sample.float64, sample.impossible, strict=True)
        )
    )


def _without_float64(sample: NoiseSample, policy: PolicyRecord) -> list[NotCompared]:
    """A side that was to be run in float64 and could not be: what only float64 shows was not compared, which counts."""
    if not policy.check_float64:
        return []
    lost = "a difference that only float64 shows would not be seen"
    here, there = sample.impossible
    found = [NotCompared(stage="float64", side="reference", reason=f"{here}; {lost}")] if here else []
    if there:
        found.append(NotCompared(stage="float64", side="candidate", reason=f"{there}; {lost}"))
    return found


def _derived(plan: Plan) -> list[str]:
    """The stages in forward order, with the probabilities that follow from the logits."""
    order: list[str] = []
    for stage in plan.stages:
        order.append(stage)
        if stage == "logits" and plan.classed:
            order.append("probabilities")
    return order


def _counts(pass_: Pass, reason: str, ledger: Ledger) -> bool:
    """The same-ids pass explains a divergence; where tokens already differ its absence hides nothing more.

    A runner that failed in it counts all the same: that is a finding of its own.
    """
    return reason in ledger.failures or not (pass_ == "same_ids" and ledger.rows_equal < ledger.rows)


def _merged(parts: list[Difference | None]) -> Measurement | None:
    known = [part for part in parts if part is not None]
    if not known:
        return None
    return Difference.merged(known).measurement()


def _symbol_stages(
    described: Pair[Description], inputs: InputsRecord, ledger: Ledger, tensors: list[StageRecord]
) -> tuple[list[StageRecord], list[NotCompared]]:
    """Text, tokens, ids, types, mask and positions, in the own pass."""
    if ledger.rows == 0:
        who = (
            "a side has outputs only"
            if "outputs" in {side.scope for side in described}
            else "a side has no tokens"
        )
        counts = all(side.can.tokens and side.scope == "full" for side in described)
        return [], [
            NotCompared(stage=stage, reason=who, counts=counts) for stage in ("text", "tokens", "input_ids")
        ]
    records: list[StageRecord] = []
    silent: list[NotCompared] = []
    if ledger.rows < inputs.count:
        untold = f"a side shows no tokens for {inputs.count - ledger.rows} of {inputs.count} rows"
        silent.append(NotCompared(stage="tokens", reason=untold))
    for stage, kinds in _INPUT_KINDS.items():
        if stage == "text" and not ledger.texts_known:
            reason = unlike_algorithms(*(side.tokenizer for side in described))
            reason = reason or "a tokenizer does not tell its normalised text"
            silent.append(NotCompared(stage="text", reason=reason, counts=False))
            continue
        rows = ledger.texts_known if stage == "text" else ledger.rows
        count = sum(times for together, times in ledger.kinds_together.items() if set(together) & set(kinds))
        named = sorted({row for kind in kinds for row in ledger.kind_rows.get(kind, [])})
        compared = rows if stage == "text" else ledger.token_count
        records.append(
            discrete_record(stage, "own", compared=compared, rows=rows, differing=named, count=count)
        )
    followed = _changed_by_inputs(tensors)
    statuses = {record.status for record in tensors}
    for soft in _soft(ledger):
        reason = soft.said
        if soft.differing_rows and "divergent" not in statuses:
            effect = (
                "what follows stays within its limits"
                if "within_limit" in statuses
                else "the model does not mind"
            )
            reason = f"{soft.said}; {effect}"
        records.append(
            discrete_record(
                soft.stage,
                "own",
                compared=ledger.token_count,
                rows=soft.rows,
                differing=soft.differing,
                count=soft.differing_rows if followed else 0,
                reason=reason,
            )
        )
    return records, silent


def _soft(ledger: Ledger) -> list[_Soft]:
    sides = {side: _side(counts) for side, counts in zip(Pair._fields, ledger.padding, strict=True)}
    other_side = len(set(sides.values()) - {"none"}) > 1
    said: list[str] = []
    count, named = ledger.mask_differing, list(ledger.mask_rows)
    if other_side:
        said.append(f"padded on the {sides['reference']} and on the {sides['candidate']}")
        count = max(count, min(ledger.padded_rows))
        named = sorted({*named, *ledger.padded_named})
    if ledger.mask_differing:
        said.append("padding is attended to on one side")
    found = [_Soft("attention_mask", ledger.rows, named, count, ", ".join(said))]
    if ledger.positions_known:
        count = ledger.position_differing
        found.append(
            _Soft(
                "position_ids",
                ledger.positions_known,
                ledger.position_rows,
                count,
                _shift(ledger.shifts) if count else "",
            )
        )
    return found


def _shift(shifts: set[int]) -> str:
    """How the positions differ: by one number throughout where they index tables that begin at different rows."""
    if len(shifts) != 1:
        return "other positions"
    (shift,) = shifts
    return f"other positions: the reference's are {abs(shift)} {'more' if shift > 0 else 'less'} throughout"


def _changed_by_inputs(tensors: list[StageRecord]) -> bool:
    """Whether the own pass diverges where the same-ids pass does not, or clearly more: then the inputs are the reason."""
    given = {record.stage: record for record in tensors if record.pass_ == "same_ids"}
    for record in tensors:
        if record.pass_ != "own" or record.status != "divergent":
            continue
        other = given.get(record.stage)
        if other is None or other.status != "divergent":
            return True
        if (record.relative_l2 or 0.0) > _OWN_WORSE * (other.relative_l2 or 0.0):
            return True
    return False


def _unpaired(ledger: Ledger) -> list[NotCompared]:
    """Tokens without a counterpart. Where each token is decided they are decisions that nobody compared, which counts."""
    if not ledger.unpaired_rows:
        return []
    here, there = ledger.unpaired
    reason = (
        f"{here} tokens of the reference and {there} of the candidate, in {ledger.unpaired_rows} of {ledger.rows} rows, "
        "have no counterpart"
    )
    by_token = ledger.decided_by_token
    # Elsewhere they are no more than what makes the stage `tokens` or `input_ids` differ.
    return [NotCompared(stage="label" if by_token else "tokens", pass_="own", reason=reason, counts=by_token)]


def _label_stage(decisions: Decisions) -> StageRecord:
    real = [flip.row for flip in decisions.flips if not flip.explained_by_noise]
    # Where the logits are no numbers on both sides alike, neither has a label: that is not a flip, and not agreement.
    silent = decisions.undefined_both
    unexplained = decisions.flips_total - decisions.flips_explained - silent
    reason = ""
    if silent:
        reason = f"in {silent} of {decisions.examples} rows no label can be told: their logits are no numbers on either side"
    elif decisions.flips_total and not unexplained:
        reason = f"{decisions.flips_total} flips lie within the noise"
    return discrete_record(
        "label",
        "own",
        compared=decisions.examples - silent,
        rows=decisions.examples - silent,
        differing=real,
        count=unexplained,
        reason=reason,
    )


def _tokens(ledger: Ledger) -> Tokens:
    differences = dict(sorted(ledger.kinds.items()))
    sides = {side: _side(counts) for side, counts in zip(Pair._fields, ledger.padding, strict=True)}
    if len(set(sides.values()) - {"none"}) > 1:
        differences["padding_side"] = min(ledger.padded_rows)
    if ledger.mask_differing:
        differences["attention_mask"] = ledger.mask_differing
    if ledger.position_differing:
        differences["position_ids"] = ledger.position_differing
    return Tokens(
        rows=ledger.rows,
        rows_equal=ledger.rows_equal,
        differences=differences,
        examples=ledger.examples,
        padding_side=sides,
        pairs_aligned=ledger.pairs_aligned,
    )


def _inputs_seen(inputs: InputsRecord, tally: DecisionTally | None) -> InputsSeen:
    if tally is None:
        return InputsSeen(inputs)
    return InputsSeen(inputs, tuple(tally.unknown_names), tally.numbered_labels)


def _mask_missing(ledger: Ledger) -> dict[str, int]:
    return {side: counts.get(1, 0) for side, counts in zip(Pair._fields, ledger.unmasked, strict=True)}


def _side(counts: Any) -> str:
    """The side a subject pads on, over all batches: the one seen, "none" where nothing was padded, else "mixed"."""
    seen = {side for side in counts if side != "none"}
    return seen.pop() if len(seen) == 1 else "mixed" if seen else "none"
