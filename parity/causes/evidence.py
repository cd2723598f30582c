"""Findings read from the evidence: what differs between two descriptions, two encodings, two sets of numbers.

Nothing is confirmed here: a finding says what was observed, and names a cause of the published list where the evidence fits
one. Its evidence carries `"standing": "observed"` (the difference itself was seen) or `"suspected"` (it would explain it).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from parity.align.labels import LabelAlignment
from parity.align.texts import unlike_algorithms
from parity.audit import (
    Decisions,
    Finding,
    FirstDivergence,
    NotCompared,
    PolicyRecord,
    StageRecord,
    Tokens,
)
from parity.description import Description
from parity.plan import ROWS_AT_ONCE

__all__ = ["Evidence", "findings"]


class Evidence(NamedTuple):
    """All that one comparison saw, from which findings are drawn.

    `unknown_label` is the first that is no class; `numbered_labels` counts those that were a class's number, `labelled` all.
    """

    reference: Description
    candidate: Description
    labels: LabelAlignment | None
    tokens: Tokens
    mask_missing: Mapping[str, int]
    padded_rows: int
    stages: list[StageRecord]
    decisions: Decisions | None
    first: FirstDivergence | None
    text_changes: Mapping[str, int]
    built_in_inputs: bool
    repeated: bool = False
    unknown_label: str = ""
    policy: PolicyRecord | None = None
    not_compared: Sequence[NotCompared] = ()
    numbered_labels: int = 0
    labelled: int = 0


_CONFIG_CAUSES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "config.layer_norm_eps",
        ("layer_norm_eps", "layer_norm_epsilon", "rms_norm_eps", "norm_eps"),
        "embeddings",
    ),
    (
        "config.activation",
        ("hidden_act", "activation_function", "hidden_activation", "activation"),
        "layer.0",
    ),
    (
        "config.attention_heads",
        ("num_attention_heads", "n_head", "num_heads", "num_key_value_heads"),
        "layer.0",
    ),
    ("config.position_embedding", ("position_embedding_type", "rope_theta", "rope_scaling"), "embeddings"),
    ("config.num_layers", ("num_hidden_layers", "n_layer", "num_layers"), "layer.0"),
)

_TOKEN_CAUSES: dict[str, tuple[str, str, str]] = {
    "pieces": ("tokenizer.algorithm", "tokens", "the same normalised text is cut into other pieces"),
    "ids": ("tokenizer.vocabulary", "input_ids", "the same pieces have other ids"),
    "special_tokens": (
        "tokenizer.special_tokens",
        "input_ids",
        "special tokens are missing, doubled or other",
    ),
    "truncation": ("tokenizer.truncation", "input_ids", "one side is cut shorter than the other"),
    "token_type_ids": ("batch.token_type_ids", "token_type_ids", "the segments differ"),
}

_TEXT_CAUSES: dict[str, tuple[str, str]] = {
    "lowercase": ("text.lowercase", "the normalised texts differ by case"),
    "accents": ("text.accents", "the normalised texts differ by accents"),
    "unicode": ("text.unicode", "the normalised texts differ by their Unicode form"),
    "whitespace": ("text.whitespace", "the normalised texts differ by white space"),
    "other": ("unknown", "the normalised texts differ"),
}


def findings(evidence: Evidence) -> list[Finding]:
    """Every finding, in the order of the stages they concern as they were drawn."""
    return [
        *_policy(evidence),
        *_inputs(evidence),
        *_rows_at_once(evidence),
        *_texts(evidence),
        *_tokens(evidence),
        *_batch(evidence),
        *_positions(evidence),
        *_configuration(evidence),
        *_weights(evidence),
        *_runtime(evidence),
        *_outputs(evidence),
    ]


def _policy(evidence: Evidence) -> Iterator[Finding]:
    """Stages that the policy names and that this comparison does not have: a misspelt one is not ignored, nor allowed more."""
    policy = evidence.policy
    if policy is None:
        return
    measured = {record.stage for record in evidence.stages if record.noise_floor is not None}
    missing = {item.stage for item in evidence.not_compared}
    every = {record.stage for record in evidence.stages}
    for what, names, known in (
        ("ignores", policy.ignore, every | missing),
        ("sets a limit for", policy.stages, measured | missing),
    ):
        for name in names:
            if name in known:
                continue
            why = "is not measured by its distance" if name in every else "is no stage of this comparison"
            near = difflib.get_close_matches(name, sorted(known - {name}), n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            yield Finding(
                stage=name,
                sentence=f"The policy {what} {name!r}, which {why}: that has no effect.{hint}",
                evidence={"standing": "observed", "policy": policy.name},
            )


def _rows_at_once(evidence: Evidence) -> Iterator[Finding]:
    """Both sides are asked in the same batches, so that a side's own batch size, if smaller, is the other's too."""
    asked = {"reference": evidence.reference.max_rows, "candidate": evidence.candidate.max_rows}
    known = {side: rows for side, rows in asked.items() if rows is not None}
    side = min(known, key=known.__getitem__, default=None)
    if side is None or known[side] >= ROWS_AT_ONCE or len(set(asked.values())) == 1:
        return
    yield Finding(
        stage="input_ids",
        sentence=f"Both sides ran at batch size {known[side]}, because the {side} asks for it: what a larger batch changes "
        "in the other was not seen.",
        evidence={"standing": "observed", **asked},
    )


def _inputs(evidence: Evidence) -> Iterator[Finding]:
    if evidence.built_in_inputs:
        yield Finding(
            stage="text",
            sentence="No inputs were given: the built-in probe texts were used, which are nobody's real data.",
            evidence={"standing": "observed"},
        )
    if evidence.decisions is not None:
        yield from _labels(evidence, evidence.decisions)


def _labels(evidence: Evidence, decisions: Decisions) -> Iterator[Finding]:
    """What became of the labels that the inputs bring along."""
    classes = decisions.classes
    if evidence.labelled and (decisions.multi_label or decisions.unit == "token"):
        why = (
            "an example may have several classes" if decisions.multi_label else "each token has its own class"
        )
        yield Finding(
            stage="label",
            sentence=f"{evidence.labelled} of the inputs have a label, and no accuracy or the like is computed from them: {why}.",
            evidence={"standing": "observed", "inputs": evidence.labelled},
        )
    if evidence.numbered_labels:
        named = f": 0 is {classes[0]!r}, and so on" if classes else ", as the classes have no names"
        yield Finding(
            stage="label",
            sentence=f"Labels of the inputs that are a whole number: {evidence.numbered_labels}; each was read as the number "
            f"of its class{named}.",
            evidence={"standing": "observed", "inputs": evidence.numbered_labels},
        )
    if decisions.unknown_labels:
        count = decisions.unknown_labels
        names = ", ".join(repr(name) for name in classes[:8]) + (", …" if len(classes) > 8 else "")
        known = f"the classes are {names}" if classes else "the classes have no names, only numbers from 0"
        yield Finding(
            stage="label",
            sentence=f"Labels of the inputs that are no one class: {count}, the first {evidence.unknown_label!r} ({known}): "
            "accuracy and the like leave them out. Name the label's column with --label-column.",
            evidence={"standing": "observed", "inputs": count},
        )


def _texts(evidence: Evidence) -> Iterator[Finding]:
    for kind, count in evidence.text_changes.items():
        cause, words = _TEXT_CAUSES[kind]
        yield Finding(
            cause=cause,
            stage="text",
            severity="divergent",
            sentence=f"In {count} of {evidence.tokens.rows} rows {words}.",
            evidence={
                "standing": "suspected",
                "rows": count,
                "reference do_lower_case": evidence.reference.tokenizer.get("do_lower_case"),
                "candidate do_lower_case": evidence.candidate.tokenizer.get("do_lower_case"),
            },
        )


def _tokens(evidence: Evidence) -> Iterator[Finding]:
    both = (evidence.reference, evidence.candidate)
    digests = [side.tokenizer.get("vocabulary_digest") for side in both]
    for kind, (cause, stage, words) in _TOKEN_CAUSES.items():
        count = evidence.tokens.differences.get(kind, 0)
        if not count:
            continue
        seen: dict[str, Any] = {"standing": "suspected", "rows": count}
        if kind in {"pieces", "ids"} and None not in digests:
            seen["same vocabulary"] = digests[0] == digests[1]
        unlike = unlike_algorithms(*(side.tokenizer for side in both)) if kind == "pieces" else ""
        if unlike:
            words = f"the text is cut into other pieces: {unlike}"
        if kind in {"pieces", "ids"}:
            seen["reference tokenizer"] = evidence.reference.tokenizer.get("class")
            seen["candidate tokenizer"] = evidence.candidate.tokenizer.get("class")
            if seen.get("same vocabulary") is False:
                cause = cause if unlike else "tokenizer.vocabulary"
                words += "; the two tokenizers have different vocabularies"
        if kind == "truncation":
            for side, described in (("reference", evidence.reference), ("candidate", evidence.candidate)):
                seen[f"{side} maximum length"] = described.tokenizer.get(
                    "limit", described.tokenizer.get("max_length")
                )
        yield Finding(
            cause=cause,
            stage=stage,
            severity="divergent",
            sentence=f"In {count} of {evidence.tokens.rows} rows {words}.",
            evidence=seen,
        )


def _batch(evidence: Evidence) -> Iterator[Finding]:
    sides = evidence.tokens.padding_side
    if len(set(sides.values()) - {"none"}) > 1:
        minds = evidence.first is not None and evidence.first.pass_ == "own"
        words = "and the model minds" if minds else "and the model does not mind"
        yield Finding(
            cause="batch.padding_side",
            stage="attention_mask",
            severity="divergent" if minds else "notice",
            sentence=f"The reference pads on the {sides['reference']}, the candidate on the {sides['candidate']}, {words}.",
            evidence={"standing": "suspected" if minds else "observed", **sides},
        )
    for side, rows in evidence.mask_missing.items():
        if not rows:
            continue
        minds = evidence.first is not None and evidence.first.stage == "attention_mask"
        yield Finding(
            cause="batch.attention_mask",
            stage="attention_mask",
            severity="divergent" if minds else "notice",
            sentence=f"The {side} was given no attention mask, so padding is attended to in {rows} padded rows.",
            evidence={"standing": "suspected" if minds else "observed", "side": side, "padded rows": rows},
        )


def _positions(evidence: Evidence) -> Iterator[Finding]:
    """Positions of the same tokens that differ; a shift that the model does not mind is that of another table."""
    count = evidence.tokens.differences.get("position_ids", 0)
    record = next((record for record in evidence.stages if record.stage == "position_ids"), None)
    if not count or record is None:
        return
    minds = record.status == "divergent"
    yield Finding(
        cause="batch.position_ids" if minds else None,
        stage="position_ids",
        severity="divergent" if minds else "notice",
        sentence=f"In {count} of {record.rows} rows the same tokens have {record.reason}.",
        evidence={"standing": "suspected" if minds else "observed", "rows": count},
    )


def _configuration(evidence: Evidence) -> Iterator[Finding]:
    ours, theirs = _transformer(evidence.reference), _transformer(evidence.candidate)
    for cause, names, stage in _CONFIG_CAUSES:
        for name in names:
            if name not in ours or name not in theirs or ours[name] == theirs[name]:
                continue
            yield Finding(
                cause=cause,
                stage=stage,
                severity="divergent" if evidence.first is not None else "notice",
                sentence=f"{name} is {ours[name]} in the reference and {theirs[name]} in the candidate.",
                evidence={
                    "standing": "suspected",
                    "key": name,
                    "reference": ours[name],
                    "candidate": theirs[name],
                },
            )


def _transformer(described: Description) -> Mapping[str, Any]:
    """The transformer's own settings; an archive keeps those of the model inside it under `transformer.`."""
    inner = {
        name.removeprefix("transformer."): value
        for name, value in described.config.items()
        if name.startswith("transformer.")
    }
    return inner or described.config


def _weights(evidence: Evidence) -> Iterator[Finding]:
    for side, described in (("reference", evidence.reference), ("candidate", evidence.candidate)):
        if described.newly_initialised:
            names = described.newly_initialised
            cause = "weights.missing"
            if all("pooler" in name for name in names):
                cause = "weights.pooler_not_loaded"
            elif all(("classifier" in name or "score" in name or "pre_classifier" in name) for name in names):
                cause = "weights.head_not_loaded"
            yield Finding(
                cause=cause,
                stage="pooled" if cause.endswith("pooler_not_loaded") else "logits",
                severity="divergent" if evidence.first is not None else "notice",
                sentence=f"{len(names)} parameters of the {side} are not in its file and were newly initialised: {_some(names)}.",
                evidence={"standing": "suspected", "side": side, "parameters": names},
            )
        if described.unused_weights:
            names = described.unused_weights
            yield Finding(
                cause="weights.missing",
                stage="embeddings",
                sentence=f"{len(names)} tensors in the file of the {side} are used by nothing in its model: {_some(names)}.",
                evidence={"standing": "observed", "side": side, "tensors": names},
            )
    digest = evidence.reference.weights_digest
    if digest is not None and digest == evidence.candidate.weights_digest:
        yield Finding(
            stage="embeddings",
            sentence="Both sides hold the same weights, to the last bit.",
            evidence={"standing": "observed", "digest": digest},
        )
    ours = {item.name: item.digest for item in evidence.reference.parameters}
    theirs = {item.name: item.digest for item in evidence.candidate.parameters}
    common = [name for name in ours if name in theirs]
    changed = [name for name in common if ours[name] != theirs[name]]
    if evidence.reference.dtype != evidence.candidate.dtype or len(common) < 0.5 * max(
        len(ours), len(theirs), 1
    ):
        return
    if changed:
        yield Finding(
            cause="weights.changed" if len(changed) < 0.9 * len(common) else "weights.retrained",
            stage=evidence.first.stage if evidence.first is not None else "embeddings",
            severity="divergent" if evidence.first is not None else "notice",
            sentence=f"{len(changed)} of {len(common)} parameters with the same name hold other values: {_some(changed)}.",
            evidence={
                "standing": "suspected",
                "parameters": changed[:100],
                "changed": len(changed),
                "common": len(common),
            },
        )


def _runtime(evidence: Evidence) -> Iterator[Finding]:
    ours, theirs = evidence.reference, evidence.candidate
    if ours.dtype and theirs.dtype and ours.dtype != theirs.dtype:
        yield Finding(
            cause="runtime.dtype",
            stage="embeddings",
            severity="divergent" if evidence.first is not None else "notice",
            sentence=f"The reference computes in {ours.dtype}, the candidate in {theirs.dtype}.",
            evidence={"standing": "suspected", "reference": ours.dtype, "candidate": theirs.dtype},
        )
    attention = [side.config.get("attn_implementation") for side in (ours, theirs)]
    if all(attention) and attention[0] != attention[1]:
        beyond = evidence.first is not None and evidence.first.stage.startswith("layer.")
        yield Finding(
            cause="runtime.attention",
            stage="layer.0.attention",
            severity="divergent" if beyond else "notice",
            sentence=f"Attention is computed by {attention[0]} in the reference and by {attention[1]} in the candidate.",
            evidence={
                "standing": "suspected" if beyond else "observed",
                "reference": attention[0],
                "candidate": attention[1],
            },
        )


def _outputs(evidence: Evidence) -> Iterator[Finding]:
    labels, decisions = evidence.labels, evidence.decisions
    if labels is not None and labels.kind in {"permuted", "by_index"}:
        divergent = evidence.first is not None and evidence.first.stage == "logits"
        yield Finding(
            cause="output.label_order",
            stage="label",
            severity="divergent" if divergent else "notice",
            sentence=labels.sentence,
            evidence={
                "standing": "suspected" if divergent else "observed",
                "mapping": labels.kind,
                "permutation": list(labels.permutation or ()),
            },
        )
    names = evidence.reference.labels or []
    if labels is not None and labels.kind == "same" and len(set(names)) < len(names):
        yield Finding(stage="label", sentence=labels.sentence, evidence={"standing": "observed"})
    yield from _shift(evidence)
    if decisions is None:
        return
    implied = decisions.implied_temperature
    said = evidence.reference.temperature, evidence.candidate.temperature
    if said[0] != said[1]:
        value = "" if implied.value is None else f"; the logits imply {implied.value:.2f}"
        yield Finding(
            cause="output.temperature",
            stage="probabilities",
            severity="divergent" if evidence.first is not None else "notice",
            sentence=f"Probabilities are taken at temperature {said[0]:g} in the reference and {said[1]:g} in the candidate{value}.",
            evidence={"standing": "suspected", "implied": implied.value, "r2": implied.r2},
        )
    elif (
        implied.value is not None
        and implied.r2 is not None
        and implied.r2 > 0.999
        and abs(implied.value - 1) > 0.02
    ):
        yield Finding(
            cause="output.temperature",
            stage="logits",
            severity="divergent" if evidence.first is not None else "notice",
            sentence=f"The candidate's logits are the reference's at temperature {implied.value:.2f} (R2 {implied.r2:.4f}).",
            evidence={"standing": "suspected", "implied": implied.value, "r2": implied.r2},
        )


def _shift(evidence: Evidence) -> Iterator[Finding]:
    """Logits that differ by a constant in each row, which a softmax does not see."""
    at_logits = evidence.first is not None and evidence.first.stage == "logits"
    for record in evidence.stages:
        left = record.centred_relative_l2
        if record.stage != "logits" or record.status != "divergent" or left is None or record.allowed is None:
            continue
        raw = record.relative_l2
        if raw is None or raw <= record.allowed or left > record.allowed:
            continue  # what only float64 shows, or what stays once the constant is out
        if (record.non_finite_reference, record.non_finite_candidate) != (0, 0):
            continue
        yield Finding(
            stage="logits",
            severity="divergent" if at_logits else "notice",
            sentence=f"The logits of each row differ by a constant and nothing more: their relative L2 is {record.relative_l2:.1e}, "
            f"and {left:.1e} once each row's mean is taken out. No probability and no label depends on it.",
            evidence={"standing": "observed", "relative L2": record.relative_l2, "centred relative L2": left},
        )
        return


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
