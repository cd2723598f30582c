"""Findings about what the models are: their configuration, their weights, and what they run on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from parity.align.changed_parameters import changed_parameters, common_parameters
from parity.border.description import Description
from parity.causes.evidence import Evidence
from parity.records.finding import Finding
from parity.records.pair import Pair
from parity.stages import stage_rank

__all__ = ["configuration_findings", "runtime_findings", "weights_findings"]


_ROUNDING = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
_GROWTH = 1000.0  # how far the roundings of one format grow on the way to a first difference

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


_IN_LAYER = re.compile(r"(?:^|[._])(?:layers?|h|blocks?)\.(\d+)\.")
_BY_NAME = (
    (re.compile(r"pooler"), "pooled"),
    (re.compile(r"classifier|score|_classification_layer|qa_outputs|lm_head"), "logits"),
    (re.compile(r"embed|\bwte\b|\bwpe\b"), "embeddings"),
)


def configuration_findings(evidence: Evidence) -> Iterator[Finding]:
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


def weights_findings(evidence: Evidence) -> Iterator[Finding]:
    for side, described in (("reference", evidence.reference), ("candidate", evidence.candidate)):
        for stage, parameters in described.excluded.items():
            yield Finding(
                stage=stage,
                sentence=f"{len(parameters)} parameters of the {side} are in no file, and nothing but {stage} needs them, which "
                f"is not compared: {_some(parameters)}.",
                evidence={"standing": "observed", "side": side, "parameters": parameters},
            )
        unused = {name for parameters in described.excluded.values() for name in parameters}
        if names := [name for name in described.newly_initialised if name not in unused]:
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
                could_hide=True,
            )
    digest = evidence.reference.weights_digest
    if digest is not None and digest == evidence.candidate.weights_digest:
        yield Finding(
            stage="embeddings",
            sentence="Both sides hold the same weights, to the last bit.",
            evidence={"standing": "observed", "digest": digest},
        )
    sides = Pair(evidence.reference, evidence.candidate)
    common, changed = common_parameters(sides), changed_parameters(sides)
    if changed:
        yield Finding(
            cause="weights.changed" if len(changed) < 0.9 * len(common) else "weights.retrained",
            stage=_earliest(changed)
            or (evidence.first.stage if evidence.first is not None else "embeddings"),
            severity="divergent" if evidence.first is not None else "notice",
            sentence=f"{len(changed)} of {len(common)} parameters with the same name hold other values: {_some(changed)}.",
            evidence={
                "standing": "suspected",
                "parameters": changed[:100],
                "changed": len(changed),
                "common": len(common),
            },
            could_hide=True,
        )


def _earliest(parameters: list[str]) -> str | None:
    """The first stage that one of these parameters takes part in; None where a name does not tell."""
    stages = [_stage_of(name) for name in parameters]
    if None in stages:
        return None
    return min((stage for stage in stages if stage is not None), key=stage_rank, default=None)


def _stage_of(parameter: str) -> str | None:
    """The stage of an encoder's parameter by its usual names; that of a decoder has no stage of its own here."""
    if "decoder" in parameter:
        return None
    if layer := _IN_LAYER.search(parameter):
        return f"layer.{layer.group(1)}"
    return next((stage for pattern, stage in _BY_NAME if pattern.search(parameter)), None)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def _fits_dtypes(evidence: Evidence) -> bool:
    """Whether the first difference is of a size that the coarser of the two formats can make."""
    first = evidence.first
    if first is None:
        return True
    seen = [
        item.relative_l2 for item in evidence.stages if (item.stage, item.pass_) == (first.stage, first.pass_)
    ]
    rounding = [_ROUNDING.get(side.dtype) for side in (evidence.reference, evidence.candidate)]
    known = [unit for unit in rounding if unit is not None]
    if not seen or seen[0] is None or len(known) < 2:
        return True
    return seen[0] <= _GROWTH * max(known)


def runtime_findings(evidence: Evidence) -> Iterator[Finding]:
    ours, theirs = evidence.reference, evidence.candidate
    if ours.dtype and theirs.dtype and ours.dtype != theirs.dtype:
        fits = _fits_dtypes(evidence)
        yield Finding(
            cause="runtime.dtype" if fits else None,
            stage="embeddings",
            severity="divergent" if evidence.first is not None and fits else "notice",
            sentence=f"The reference computes in {ours.dtype}, the candidate in {theirs.dtype}"
            f"{'' if fits else '; what differs is more than that explains'}.",
            evidence={
                "standing": "suspected" if fits else "observed",
                "reference": ours.dtype,
                "candidate": theirs.dtype,
            },
        )
    attention = [side.config.get("attn_implementation") for side in (ours, theirs)]
    if all(attention) and attention[0] != attention[1]:
        start = evidence.start
        beyond = start is not None and start.stage.startswith("layer.")
        divergent = beyond and evidence.first is not None
        yield Finding(
            cause="runtime.attention",
            stage="layer.0.attention",
            severity="divergent" if divergent else "notice",
            sentence=f"Attention is computed by {attention[0]} in the reference and by {attention[1]} in the candidate.",
            evidence={
                "standing": "suspected" if beyond else "observed",
                "reference": attention[0],
                "candidate": attention[1],
            },
        )
