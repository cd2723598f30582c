"""Audits that end in divergence, as real comparisons leave them."""

from __future__ import annotations

from parity.records.audit import Audit
from parity.records.finding import Finding
from parity.records.policy import PolicyRecord
from parity.records.stage import FirstDivergence, Noise
from parity.records.tokens import TokenExample, Tokens
from tests.audit_parts import (
    SYMBOLS,
    TENSORS,
    audit,
    decisions,
    stages,
    subject,
    symbol_stage,
    tensor_stage,
)


def divergent_at_layer() -> Audit:
    """One layer's weights were nudged."""
    return audit(
        verdict="divergent",
        exit_code=1,
        headline="Divergent from layer.2 on: relative L2 5.2e-05 (up to 6.5e-07 is noise), 400 times the noise floor.",
        first_divergence=FirstDivergence(stage="layer.2", pass_="own", layer=2),
        stages=stages("layer.2"),
        decisions=decisions(3),
        candidate=subject("hf:./nudged", weights_digest="sha256:" + "77aa" * 16),
        findings=[
            Finding(
                stage="layer.2",
                sentence="8 of 4,096 weights of layer 2's output.dense differ by 5.0e-02.",
                evidence={
                    "parameter": "bert.encoder.layer.2.output.dense.weight",
                    "equal_parameters": 71,
                    "different_parameters": 1,
                    "share_explained": 0.9998,
                },
                cause="weights.changed",
                severity="divergent",
            ),
            Finding(stage="logits", sentence="The logits are shifted by a constant in 2 rows.", evidence={}),
        ],
    )


def divergent_at_tokens() -> Audit:
    """Lower-casing is off on one side: other pieces, and the model itself agrees."""
    records = [
        symbol_stage(name, differing=41 if name in ("text", "tokens", "input_ids") else 0) for name in SYMBOLS
    ]
    records += [tensor_stage(name, "own", 210_000.0, rows_beyond=41) for name in TENSORS]
    records += [tensor_stage(name, "same_ids", 0.7) for name in TENSORS]
    return audit(
        verdict="divergent",
        exit_code=1,
        headline="Divergent from text on: 41 of 120 rows differ.",
        first_divergence=FirstDivergence(stage="text", pass_="own", example=0),
        stages=[*records, symbol_stage("label", differing=5)],
        tokens=Tokens(
            rows=120,
            rows_equal=79,
            differences={"text": 41, "pieces": 41, "truncation": 2},
            pairs_aligned=1031,
            padding_side={"reference": "right", "candidate": "right"},
            examples=[
                TokenExample(
                    row=3,
                    kinds=["text", "pieces"],
                    text="Nobody in  Paris\u200b sang.",
                    reference_pieces=["[CLS]", "nobody", "in", "paris", "sang", ".", "[SEP]"],
                    candidate_pieces=["[CLS]", "No", "##body", "in", "Paris", "sang", ".", "[SEP]"],
                    reference_ids=[101, 6343, 1999, 3000, 7642, 1012, 102],
                    candidate_ids=[101, 1302, 14637, 1107, 2123, 7642, 1012, 102],
                    script=[
                        ["equal", 0, 0],
                        ["replace", 1, 1],
                        ["insert", None, 2],
                        ["equal", 2, 3],
                        ["replace", 3, 4],
                        ["equal", 4, 5],
                        ["equal", 5, 6],
                        ["equal", 6, 7],
                    ],
                ),
                TokenExample(
                    row=17,
                    kinds=["pieces"],
                    text="ONE",
                    pair="two",
                    reference_pieces=["[CLS]", "one", "[SEP]"],
                    candidate_pieces=["[CLS]", "[SEP]"],
                    reference_ids=[101, 2028, 102],
                    candidate_ids=[101, 102],
                    script=[["equal", 0, 0], ["delete", 1, None], ["equal", 2, 1]],
                ),
            ],
        ),
        decisions=decisions(5),
        findings=[
            Finding(
                stage="text",
                sentence="The reference lower-cases the text, the candidate does not.",
                evidence={"reference.do_lower_case": True, "candidate.do_lower_case": False},
                cause="text.lowercase",
                severity="divergent",
            )
        ],
    )


def float64_only() -> Audit:
    """A small setting differs: invisible in float32."""
    return audit(
        verdict="divergent",
        exit_code=1,
        headline="Divergent from layer.0 on, invisible in float32: in float64 the two differ by a relative L2 of 2.0e-06 (up to 1.0e-12 is rounding).",
        first_divergence=FirstDivergence(stage="layer.0", pass_="same_ids", layer=0, float64_only=True),
        stages=stages("layer.0", 0.9, float64=2e-6),
        policy=PolicyRecord(
            name="our gate",
            floor_factor=5.0,
            float64_limit=1e-12,
            check_float64=True,
            stages={"layer.3": 1e-3},
            ignore=["pooled"],
        ),
        noise=Noise(
            sample=32,
            method="each side against its own float64 on a sample",
            reference_float64="pure",
            candidate_float64="mixed: softmax",
        ),
    )
