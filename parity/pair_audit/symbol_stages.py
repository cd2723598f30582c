"""The stages of symbols, from the text to the positions and the label: equal, or different in some rows."""

from __future__ import annotations

from typing import NamedTuple

from parity.align.texts import unlike_algorithms
from parity.measure.spans import AnswersSeen
from parity.pair_audit.comparison import Comparison
from parity.pair_audit.feed_ledger import FeedLedger
from parity.pair_audit.judge import Symbols, discrete_record
from parity.pair_audit.ledgers import Ledgers
from parity.passes import FIRST
from parity.records.decisions import Decisions
from parity.records.inputs import InputsRecord
from parity.records.pair import Pair
from parity.records.stage import NotCompared, StageRecord

__all__ = ["label_stage", "refused", "symbol_stages", "unpaired"]

_OWN_WORSE = 3.0
_INPUT_KINDS: dict[str, tuple[str, ...]] = {
    "text": ("text",),
    "tokens": ("text", "pieces"),
    "input_ids": ("text", "pieces", "ids", "special_tokens", "truncation"),
    "token_type_ids": ("token_type_ids",),
}


class _InputDifference(NamedTuple):
    """An input difference that need not change what a model computes: it is divergent only if later stages diverge because of it."""

    stage: str
    rows: int
    differing: list[int]
    differing_rows: int
    words: str


def symbol_stages(
    comparison: Comparison, tensors: list[StageRecord]
) -> tuple[list[StageRecord], list[NotCompared]]:
    """Text, tokens, ids, types, mask and positions, in the first pass."""
    described, inputs, ledger = comparison.described, comparison.inputs, comparison.ledgers.tokens
    if ledger.rows == 0:
        who = (
            "one side has only outputs"
            if "outputs" in {side.scope for side in described}
            else "one side has no tokens"
        )
        counts = all(side.can.tokens and side.scope != "outputs" for side in described)
        return [], [
            NotCompared(stage=stage, reason=who, counts=counts) for stage in ("text", "tokens", "input_ids")
        ]
    records: list[StageRecord] = []
    silent: list[NotCompared] = []
    lacking = inputs.count - ledger.rows - len({item.row for item in ledger.refused})
    if lacking > 0:
        missing = f"one side has no tokens for {lacking} of {inputs.count} rows"
        silent.append(NotCompared(stage="tokens", reason=missing))
    for stage, kinds in _INPUT_KINDS.items():
        if stage == "text" and not ledger.texts_known:
            reason = unlike_algorithms(*(side.tokenizer for side in described))
            reason = reason or "a tokenizer does not report its normalised text"
            silent.append(NotCompared(stage="text", reason=reason, counts=False))
            continue
        rows = ledger.texts_known if stage == "text" else ledger.rows
        compared = rows if stage == "text" else ledger.token_count
        symbols = Symbols(compared, rows, ledger.named(kinds), ledger.count_of(kinds))
        records.append(discrete_record(stage, FIRST.name, symbols))
    followed = _changed_by_inputs(comparison, tensors)
    statuses = {record.status for record in tensors}
    for found in _input_differences(ledger.rows, comparison.ledgers.feeds):
        reason = found.words
        if found.differing_rows and "divergent" not in statuses:
            effect = (
                "what follows stays within its limits"
                if "within_limit" in statuses
                else "the model's output does not change"
            )
            reason = f"{found.words}; {effect}"
        records.append(
            discrete_record(
                found.stage,
                FIRST.name,
                Symbols(
                    ledger.token_count, found.rows, found.differing, found.differing_rows if followed else 0
                ),
                reason,
            )
        )
    if comparison.ledgers.targets is not None:
        records.append(comparison.ledgers.targets.stage())
    return records, silent


def _input_differences(rows: int, feeds: FeedLedger) -> list[_InputDifference]:
    sides = feeds.padding_sides
    words: list[str] = []
    count, named = feeds.mask.count, list(feeds.mask.rows)
    if feeds.padded_unlike:
        words.append(f"padded on the {sides['reference']} and on the {sides['candidate']}")
        count = max(count, min(feeds.padded))
        named = sorted({*named, *feeds.padding.rows})
    if feeds.mask.count:
        words.append("padding is attended to on one side")
    found = [_InputDifference("attention_mask", rows, named, count, ", ".join(words))]
    positions = feeds.positions
    if positions.of:
        how = _shift(feeds.shifts) if positions.count else ""
        found.append(_InputDifference("position_ids", positions.of, positions.rows, positions.count, how))
    return found


def _shift(shifts: set[int]) -> str:
    """How the positions differ: by one number throughout where they index tables that begin at different rows."""
    if len(shifts) != 1:
        return "other positions"
    (shift,) = shifts
    return f"other positions: the reference's are {abs(shift)} {'more' if shift > 0 else 'less'} throughout"


def _changed_by_inputs(comparison: Comparison, tensors: list[StageRecord]) -> bool:
    """Whether the passes on each side's own feed diverge where one on a shared feed does not, or clearly more."""
    fed = {one.name: one.feed for one in comparison.passes}
    given = {record.stage: record for record in tensors if fed[record.pass_] == "shared"}
    for record in tensors:
        if fed[record.pass_] != "own" or record.status != "divergent":
            continue
        other = given.get(record.stage)
        if other is None or other.status != "divergent":
            return True
        if (record.relative_l2 or 0.0) > _OWN_WORSE * (other.relative_l2 or 0.0):
            return True
    return False


def unpaired(ledgers: Ledgers) -> list[NotCompared]:
    """Tokens without a counterpart. Where each token has a decision, these are decisions that were not compared, which counts."""
    ledger, decisions = ledgers.tokens, ledgers.decisions
    words = _unpaired_words(ledgers)
    words += [] if ledgers.targets is None else ledgers.targets.not_compared()
    if not ledger.unpaired_rows:
        return words
    here, there = ledger.unpaired
    reason = (
        f"{here} tokens of the reference and {there} of the candidate, in {ledger.unpaired_rows} of {ledger.rows} rows, "
        "have no counterpart"
    )
    by_token = decisions is not None and decisions.per == "token" and ledgers.targets is None
    # Elsewhere they are only what makes the stage `tokens` or `input_ids` differ.
    stage = "label" if by_token else "tokens"
    return [*words, NotCompared(stage=stage, pass_=FIRST.name, reason=reason, counts=by_token)]


def _unpaired_words(ledgers: Ledgers) -> list[NotCompared]:
    """Words that one side alone decides, which counts, and words that neither does."""
    ledger, decisions = ledgers.tokens, ledgers.decisions
    if decisions is None or decisions.per != "word":
        return []
    found: list[NotCompared] = []
    for count, where, counts in (
        (ledger.words_alone, "on one side only", True),
        (ledger.words_lost, "on neither side", False),
    ):
        if count:
            reason = f"{count} words have pieces {where}: they were truncated, or the tokenizer produces no tokens for them"
            found.append(NotCompared(stage="label", pass_=FIRST.name, reason=reason, counts=counts))
    return found


def refused(ledgers: Ledgers, inputs: InputsRecord) -> list[NotCompared]:
    """Rows that a side cannot run, which count unless they are built-in probes, which nobody chose."""
    found: list[NotCompared] = []
    for side in Pair._fields:
        mine = [item for item in ledgers.tokens.refused if item.side == side]
        if mine:
            rows = "1 row" if len(mine) == 1 else f"{len(mine)} rows"
            reason = f"the {side} cannot run {rows} of {inputs.count} as its library does (row {mine[0].row}: {mine[0].reason})"
            found.append(
                NotCompared(
                    stage="tokens",
                    reason=reason,
                    side="reference" if side == "reference" else "candidate",
                    counts=not inputs.built_in,
                )
            )
    return found


def label_stage(decisions: Decisions, answers: AnswersSeen) -> StageRecord:
    """The labels (or answers) that the two decide for, as a stage."""
    real = [flip.row for flip in decisions.flips if not flip.explained_by_noise]
    # Where the logits are not finite on both sides, neither has a label: that is neither a flip nor agreement.
    silent = decisions.undefined_both
    unexplained = decisions.flips_total - decisions.flips_explained - silent
    reason = ""
    if silent:
        reason = f"in {silent} of {decisions.examples} rows there is no {decisions.noun}: their logits are not finite on either side"
    elif decisions.flips_total and not unexplained:
        reason = f"{decisions.flips_total} flips are explained by noise"
    decided = decisions.examples - silent
    name = "answer" if decisions.unit == "answer" else decisions.stage
    if answers.apart and not unexplained:
        # A user who masks nothing gets other answers there, whatever the best span of the context is.
        reason = "taken over all positions, the answer lies in padding on one side only"
        real, unexplained = list(answers.rows_apart), answers.apart
    return discrete_record(name, FIRST.name, Symbols(decided, decided, real, unexplained), reason)
