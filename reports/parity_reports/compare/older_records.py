"""What records of earlier versions leave to the report: the standing of a finding, its cause in words with what undoes it,
and how decisions are taken.

Records have had these since in fields of their own. The table is closed: it holds the causes that those versions knew, and no new
cause is added to it.
"""

from __future__ import annotations

from typing import NamedTuple

from parity.records.audit import Audit
from parity.records.decisions import Decisions
from parity.records.finding import Finding

__all__ = ["decided_by", "next_step", "noun", "standing_of", "suspected", "title_of", "unused_step"]


class _Remedy(NamedTuple):
    """A cause in a few words, and the next step that would undo it."""

    title: str
    step: str


_OF_NUMBERS = ("runtime.dtype", "runtime.library_default")
_OTHER_WEIGHTS = ("weights.changed", "weights.retrained")
_REMEDIES = {
    "text.lowercase": _Remedy(
        "Case is handled differently", "Give the candidate the reference's lower-casing rule."
    ),
    "text.accents": _Remedy(
        "Accents are handled differently", "Give the candidate the reference's strip_accents."
    ),
    "text.unicode": _Remedy("Another Unicode normal form", "Normalise the text as the reference does."),
    "text.whitespace": _Remedy(
        "White space is handled differently", "Normalise white space as the reference does."
    ),
    "tokenizer.algorithm": _Remedy(
        "Another tokenizer algorithm", "Load the reference's tokenizer on both sides."
    ),
    "tokenizer.vocabulary": _Remedy(
        "Another vocabulary order", "Use the vocabulary the weights were trained with."
    ),
    "tokenizer.unknown": _Remedy(
        "Words unknown to one side", "Use the vocabulary the weights were trained with."
    ),
    "tokenizer.added_tokens": _Remedy("Added tokens differ", "Add the same tokens to both tokenizers."),
    "tokenizer.special_tokens": _Remedy(
        "Special tokens differ", "Add or remove special tokens as the reference does."
    ),
    "tokenizer.truncation": _Remedy(
        "Texts are truncated differently", "Set the reference's maximum length and side."
    ),
    "tokenizer.out_of_vocabulary": _Remedy(
        "Ids beyond the embedding", "Use the tokenizer that belongs to the weights."
    ),
    "batch.padding_side": _Remedy("Padded on the other side", "Pad on the reference's side."),
    "batch.padding_id": _Remedy("Another padding id", "Use the reference's padding id."),
    "batch.attention_mask": _Remedy("The attention mask differs", "Feed the same mask as the reference."),
    "batch.token_type_ids": _Remedy(
        "Token type ids differ", "Feed the same token type ids as the reference."
    ),
    "batch.position_ids": _Remedy("Positions differ", "Count positions as the reference does."),
    "config.layer_norm_eps": _Remedy("Another layer-norm epsilon", "Set the reference's epsilon."),
    "config.activation": _Remedy("Another activation", "Set the reference's activation."),
    "config.attention_heads": _Remedy(
        "Another attention layout", "Set the reference's heads, scale and mask kind."
    ),
    "config.position_embedding": _Remedy(
        "Another position embedding", "Set the reference's position embedding."
    ),
    "config.num_layers": _Remedy("Another number of layers", "Use a checkpoint with the same layers."),
    "weights.head_not_loaded": _Remedy(
        "The head was not loaded", "Load the trained head; check the names of the keys."
    ),
    "weights.pooler_not_loaded": _Remedy(
        "The pooler was not loaded", "Load the trained pooler; check the names of the keys."
    ),
    "weights.missing": _Remedy("Weights reached no parameter", "Map the keys of the file to the parameters."),
    "weights.tied": _Remedy(
        "Weights tied on one side only", "Tie, or untie, the same weights on both sides."
    ),
    "weights.changed": _Remedy("Weights were changed", "Restore the reference's weights there."),
    "weights.permuted": _Remedy(
        "Weights stand under other names", "Correct the name mapping in the conversion."
    ),
    "weights.transposed": _Remedy("A matrix is transposed", "Transpose it in the conversion."),
    "weights.rounded": _Remedy("Weights were rounded", "Convert from the weights in full precision."),
    "weights.retrained": _Remedy("Another training run", "Compare with the checkpoint of the same run."),
    "runtime.dropout": _Remedy("Dropout is on", "Put the model in evaluation mode."),
    "runtime.dtype": _Remedy("Another number format", "Run both in the same dtype."),
    "runtime.attention": _Remedy(
        "Another attention implementation", "Run both with the same implementation."
    ),
    "runtime.batch_composition": _Remedy("The batch changes the result", "Run both with batches of one."),
    "runtime.cache": _Remedy("The key-value cache", "Run both without the cache."),
    "runtime.nondeterminism": _Remedy("A side differs from itself", "Make that side deterministic first."),
    "output.pooling": _Remedy("Another pooling", "Pool the way the reference does."),
    "output.label_order": _Remedy(
        "Classes in another order", "List the classes in the order of the head's rows."
    ),
    "output.temperature": _Remedy("Another temperature", "Set the reference's temperature."),
    "output.activation": _Remedy("Softmax against sigmoid", "Apply the reference's output activation."),
    "output.probabilities": _Remedy(
        "Probabilities, not logits", "Write the logits, or the probabilities of both sides."
    ),
    "output.constant": _Remedy("Every input gets the same answer", "Check the tokenizer first."),
}


def title_of(finding: Finding) -> str:
    """The cause of a finding in a few words; one that is not known is shown by its name, never as the nearest guess."""
    return finding.title or _remedy(finding.cause or "").title


def suspected(finding: Finding) -> bool:
    """Whether a finding is the reason of what differs, as far as is known."""
    return standing_of(finding) in ("suspected", "confirmed")


def next_step(finding: Finding, audit: Audit) -> str:
    """What would undo the cause of a finding."""
    if finding.remedy:
        return finding.remedy
    step = _remedy(finding.cause or "").step
    if finding.cause in _OF_NUMBERS and audit.policy.flip_rate is None:
        step = f"{step} Or use --policy decisions, which judges the labels and probabilities."
    return step


def unused_step(audit: Audit) -> str:
    """In a parity: what to do about a difference between the sides that the inputs do not show; empty where there is none."""
    for finding in audit.findings:
        if finding.could_hide and finding.remedy and (finding.cause is None or suspected(finding)):
            return finding.remedy
        if not finding.remedy and finding.cause in _OTHER_WEIGHTS:
            return "Parameters differ that these inputs do not use: give inputs that do, or explain the difference."
    return ""


def standing_of(finding: Finding) -> str:
    """Whether a cause was observed, suspected, confirmed or refuted; empty where the record does not say."""
    return finding.standing or str(finding.evidence.get("standing", ""))


def _remedy(cause: str) -> _Remedy:
    return _REMEDIES.get(cause, _Remedy(cause, "Look at the evidence below."))


def noun(decisions: Decisions) -> str:
    """What is decided."""
    return "label set" if _each(decisions) else decisions.noun


def decided_by(decisions: Decisions) -> str:
    """How it is decided, where that is not obvious."""
    return "each class is decided by itself, with a sigmoid" if _each(decisions) else decisions.decided_by


def _each(decisions: Decisions) -> bool:
    """Whether a record of an earlier version, which had no words for it, decides each class by itself."""
    return decisions.multi_label and not decisions.decided_by
