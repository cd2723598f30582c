"""What to do next after a comparison: the last of the four answers."""

from __future__ import annotations

from parity.records.audit import Audit
from parity.records.passes_shown import passes_shown
from parity.stages import INPUT_STAGES, stage_title
from parity_reports.compare.decision_words import has_copies
from parity_reports.compare.older_records import next_step, unused_step
from parity_reports.compare.why import named_finding
from parity_reports.pages import Answer
from parity_reports.text import wording

__all__ = ["answer_next"]

_STEPS = {
    "text": ("Normalise the text the same way", "Normalise the text the way the reference does."),
    "tokens": ("Use one tokenizer for both", "Load the reference's tokenizer in the candidate."),
    "input_ids": ("Use one vocabulary for both", "Load the reference's tokenizer in the candidate."),
    "token_type_ids": (
        "Feed the same token types",
        "Feed the candidate the token type ids that the reference feeds.",
    ),
    "attention_mask": (
        "Feed the same mask",
        "Feed the candidate the attention mask that the reference feeds.",
    ),
    "decoder_input_ids": (
        "Give both decoders the same tokens",
        "Use the reference's start token (decoder_start_token_id), and tokenize targets with its tokenizer.",
    ),
    "position_ids": (
        "Use the same position ids",
        "Feed the candidate the position ids that the reference uses.",
    ),
    "logits": (
        "Compare the heads",
        "Check the head's weights, its class order and its input.",
    ),
    "probabilities": (
        "Compare the last step",
        "Check the temperature, and whether one side uses softmax and the other sigmoid.",
    ),
    "label": ("Compare the classes", "Check the names of the classes and their order."),
}


def answer_next(audit: Audit) -> Answer:
    question = "What next?"
    if audit.verdict == "parity":
        if step := unused_step(audit):
            return Answer(question, "Nothing to fix on these inputs", step, "findings", "Findings")
        return Answer(
            question,
            "Nothing to fix",
            "Keep this record; run it again when either side changes.",
            "again",
            "Command",
        )
    if audit.verdict == "equivalent":
        holds = (
            "the decisions stay within what this policy allows"
            if audit.policy.flip_rate is not None
            else "all stages stay within the limits that were set"
        )
        step = f"The stages differ, but {holds}."
        return Answer(question, "Decide whether to accept", step, "limits", "Limits")
    if audit.verdict == "inconclusive":
        if audit.rows_needed is not None:
            distinct = " distinct" if has_copies(audit.decisions) else ""
            title = f"Give {wording.count(audit.rows_needed)}{distinct} rows or more"
            step = "These rows are too few to show a flip rate below the policy's limit."
        else:
            title = "Decide which flip rate matters"
            step = "If rows keep flipping this often, no number of rows can show a rate below the policy's limit."
        return Answer(question, title, step, "predictions", "Predictions")
    first = audit.first_divergence
    if first is None:
        step = (
            "Make the missing parts comparable, or list them under ignore in a policy file, and run it again."
        )
        return Answer(question, "Complete the comparison", step, "not-compared", "What is missing")
    if (named := named_finding(audit)) is not None:
        return Answer(question, "Fix it and run again", next_step(named, audit), "again", "Command")
    if first.float64_only:
        step = "A setting or a few weights differ slightly: an epsilon, an activation, an edit. Rounding does not explain it."
        return Answer(
            question, "Look for a small change of a setting", step, "compared", "What differs between the two"
        )
    title, step = _STEPS.get(
        first.stage,
        (
            f"Compare {stage_title(first.stage)}",
            "Its input agrees and its output does not: check its weights and settings.",
        ),
    )
    return Answer(
        question, title, f"{step} {_beyond_tokens(audit)}".strip(), "compared", "What differs between the two"
    )


def _beyond_tokens(audit: Audit) -> str:
    """Where the ids differ: whether the model does too, which the pass on the same ids shows."""
    first = audit.first_divergence
    assert first is not None
    passes = passes_shown(audit)
    inside = [
        record for record in audit.stages if passes.shared(record.pass_) and record.stage not in INPUT_STAGES
    ]
    if first.stage not in INPUT_STAGES or not inside:
        return ""
    differing = next((record for record in inside if record.status == "divergent"), None)
    if differing is not None:
        return f"On the same ids they still differ, from {differing.stage} on: there is more than one cause."
    if all(record.status in ("equal", "within_noise") for record in inside):
        return "On the same ids the two agree everywhere, so there is nothing else to fix."
    return ""
