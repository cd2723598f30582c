"""Audits as real comparisons leave them, by name, for the tests of everything that reads an audit."""

from __future__ import annotations

import msgspec

from parity.records.audit import Audit
from parity.records.decisions import (
    FlipRate,
)
from parity.records.finding import Finding
from parity.records.inputs import InputsRecord
from parity.records.places import Place
from parity.records.policy import PolicyRecord
from parity.records.provenance import Provenance
from parity.records.stage import FirstDivergence, Noise, NotCompared
from parity.records.tokens import Tokens
from tests.audit_parts import (
    audit,
    decisions,
    flip,
    stages,
    subject,
    tensor_stage,
)
from tests.divergent_audits import divergent_at_layer, divergent_at_tokens, float64_only
from tests.hostile_audits import hostile, nothing

__all__ = ["AUDITS"]


def not_comparable() -> Audit:
    """Two encoders with other shapes and NaN: little could be compared, and that counts."""
    broken = tensor_stage(
        "layer.1",
        "own",
        0.0,
        status="not_comparable",
        relative_l2=None,
        times_floor=None,
        noise_floor=None,
        float64_relative_l2=None,
        max_abs=Place(value=None, at=None),
        non_finite_reference=84_480,
        non_finite_candidate=84_480,
        reason="every value is NaN or infinite on both sides",
    )
    return audit(
        verdict="not_comparable",
        exit_code=1,
        headline="What could be compared agrees, but layer.1 was not: every value is NaN or infinite on both sides (and 1 more).",
        stages=[tensor_stage("embeddings", "own", 0.5), broken],
        decisions=None,
        tokens=Tokens(rows=0, rows_equal=0, differences={}),
        not_compared=[
            NotCompared(stage="layer.1", reason="every value is NaN or infinite on both sides", pass_="own"),
            NotCompared(stage="layer.5", reason="only the reference has it", side="candidate"),
            NotCompared(
                stage="module.dropout",
                reason="it changes nothing in evaluation mode",
                side="reference",
                counts=False,
            ),
        ],
        noise=Noise(sample=0, method=""),
        provenance=Provenance(),
    )


def equivalent() -> Audit:
    """bfloat16 against float32 under the policy decisions: really different, and shown not to matter."""
    return audit(
        verdict="equivalent",
        exit_code=0,
        headline="The stages differ from embeddings on, and it is shown not to matter: the share of rows in which a token's label flips is below 0.90% (95% bound, up to 1.00% allowed) and no probability moves by more than 3.1e-03 (up to 0.05).",
        policy=PolicyRecord(
            name="decisions",
            floor_factor=5.0,
            float64_limit=1e-12,
            check_float64=True,
            flip_rate=0.01,
            probability=0.05,
        ),
        candidate=subject("hf:./bert-reviews?dtype=bfloat16", dtype="bfloat16"),
        first_divergence=FirstDivergence(stage="embeddings", pass_="own"),
        stages=stages("embeddings", 12_400.0),
        decisions=decisions(
            2,
            9000,
            flips=[flip(7, explained_by_noise=True), flip(81, token=4, id=None, label=None)],
            unit="token",
            flip_rate=FlipRate(value=2 / 9000, low=0.0000269, high=0.0008025, confidence=0.95),
            rows=700,
            rows_flipped=2,
            row_flip_rate=FlipRate(value=2 / 700, low=0.0003, high=0.0103, confidence=0.95),
        ),
        inputs=InputsRecord(
            count=700, digest="sha256:" + "0a" * 32, source="parity's probe texts", built_in=True
        ),
        findings=[
            Finding(
                stage="embeddings",
                sentence="The candidate runs in bfloat16.",
                evidence={"standing": "suspected", "dtype": ["float32", "bfloat16"]},
                cause="runtime.dtype",
            )
        ],
    )


def within_limit() -> Audit:
    """bfloat16 against float32 under limits that a policy file sets."""
    records = [
        msgspec.structs.replace(record, status="within_limit", limit=0.05, allowed=0.05, float64_allowed=0.05)
        if record.noise_floor is not None
        else record
        for record in stages("embeddings", 37_033.0, float64=2e-3)
    ]
    return audit(
        verdict="equivalent",
        headline="Equivalent: 8 stages differ by more than rounding explains, within the limits that were set (the nearest, embeddings, differs by a relative L2 of 4.8e-03, up to 0.05, 37,033 times the noise floor), and 120 of 120 labels agree.",
        policy=PolicyRecord(
            name="our gate",
            floor_factor=5.0,
            float64_limit=1e-12,
            check_float64=True,
            stages={"layer.*": 0.05, "*": 0.05},
        ),
        candidate=subject("hf:./bert-reviews?dtype=bfloat16", dtype="bfloat16"),
        stages=records,
        findings=[
            Finding(
                stage="embeddings",
                sentence="The reference computes in float32, the candidate in bfloat16.",
                evidence={"standing": "suspected", "reference": "float32", "candidate": "bfloat16"},
                cause="runtime.dtype",
            )
        ],
    )


def inconclusive() -> Audit:
    """Too few rows to show that a difference does not matter."""
    return audit(
        verdict="inconclusive",
        exit_code=1,
        headline="The stages differ from embeddings on, and 80 rows do not show that it does not matter: no label flips, and the flip rate can be as high as 3.68 % (one-sided 95 % bound, up to 1 % is allowed). 299 rows without a flip would show it.",
        policy=PolicyRecord(
            name="decisions",
            floor_factor=5.0,
            float64_limit=1e-12,
            check_float64=True,
            flip_rate=0.01,
            probability=0.05,
        ),
        candidate=subject("hf:./bert-reviews?dtype=bfloat16", dtype="bfloat16"),
        inputs=InputsRecord(count=80, digest="sha256:" + "4be1" * 16, source="reviews.jsonl", labelled=80),
        first_divergence=FirstDivergence(stage="embeddings", pass_="own"),
        stages=stages("embeddings", 12_400.0),
        decisions=decisions(
            0,
            80,
            flip_rate=FlipRate(value=0.0, low=0.0, high=0.036756, confidence=0.95, bounds="one-sided"),
        ),
        rows_needed=299,
    )


def ignored() -> Audit:
    """A stage that differs and was excluded on the command line."""
    records = [
        msgspec.structs.replace(tensor_stage("pooled", record.pass_, 9_000.0), ignored=True)
        if record.stage == "pooled"
        else record
        for record in stages(None)
    ]
    return audit(
        headline="Parity: 7 stages are within 5 times the noise floor (the largest, probabilities, is 1.1 times it), and 120 of 120 labels agree. pooled (divergent, relative L2 1.2e-03) was excluded by --ignore.",
        policy=PolicyRecord(
            name="faithful",
            floor_factor=5.0,
            float64_limit=1e-12,
            check_float64=True,
            ignore=["pooled"],
            ignore_option=["pooled"],
        ),
        stages=records,
    )


def outputs_only() -> Audit:
    """A file of logits, multi-label, whose classes stood in another order."""
    return audit(
        candidate=subject(
            "outputs:served.npz",
            "outputs",
            scope="outputs",
            versions={},
            weights_digest=None,
            model_class="",
            config={},
            tokenizer={},
            dtype="",
            device="",
        ),
        headline="Parity: 2 stages are within 5 times the noise floor (the largest, logits, is 1.2 times it), and 120 of 120 labels agree.",
        stages=[tensor_stage("logits", "own", 1.2), tensor_stage("probabilities", "own", 1.1)],
        tokens=Tokens(rows=0, rows_equal=0, differences={}),
        decisions=decisions(
            0,
            multi_label=True,
            class_order="permuted",
            ties=2,
            metrics=[],
        ),
        policy=PolicyRecord(name="faithful", floor_factor=5.0, float64_limit=1e-12, check_float64=False),
        not_compared=[
            NotCompared(
                stage="embeddings", reason="the candidate gave outputs only", side="candidate", counts=False
            )
        ],
    )


AUDITS: dict[str, Audit] = {
    "parity": audit(),
    "divergent_at_layer": divergent_at_layer(),
    "divergent_at_tokens": divergent_at_tokens(),
    "float64_only": float64_only(),
    "not_comparable": not_comparable(),
    "equivalent": equivalent(),
    "outputs_only": outputs_only(),
    "within_limit": within_limit(),
    "inconclusive": inconclusive(),
    "ignored": ignored(),
    "hostile": hostile(),
    "nothing": nothing(),
}
