"""Audits as real comparisons leave them, for the tests of everything that reads an audit.

Each is built by a function that takes changes by keyword, so that a test says only what it is about.
"""

from __future__ import annotations

from typing import Any

import msgspec

from parity.records.audit import Audit
from parity.records.decisions import (
    Decisions,
    Flip,
    FlipRate,
    ImpliedTemperature,
    LabelledMetric,
    Temperature,
)
from parity.records.finding import Finding
from parity.records.inputs import InputsRecord
from parity.records.places import Place, Status
from parity.records.policy import PolicyRecord
from parity.records.provenance import Provenance
from parity.records.stage import FirstDivergence, Noise, NotCompared, StageRecord
from parity.records.subject import SubjectRecord
from parity.records.tokens import TokenExample, Tokens

__all__ = ["AUDITS", "XSS_CORPUS", "hostile", "with_text", "with_volume"]

LAYERS = 4
TENSORS = ["embeddings", *(f"layer.{index}" for index in range(LAYERS)), "pooled", "logits", "probabilities"]
SYMBOLS = ["text", "tokens", "input_ids", "token_type_ids", "attention_mask"]

XSS_CORPUS = [
    "<script>document.title='owned'</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)> ' onmouseover='alert(1)",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script> ]]>--></textarea>",
    "{{7*7}} {% raw %} ${7*7} <%= 7*7 %>",
    "javascript:alert(1) https://evil.example/x www.evil.example @everyone",
    "`code` **bold** [link](javascript:alert(1)) | pipe | ![i](x)\n# heading\n- item",
    "[bold red]rich[/] [link=file:///etc/passwd]x[/link] \x1b[31mred\x1b[0m \x07",
    "\u202egnitirw desrever\u202c zero\u200bwidth \ufeff nul\x00 \ud800 \ufffe \r\n\t",
    "&lt;b&gt; &amp; &#x41; &#0; <!-- --> <![CDATA[ ]]>",
]


def subject(spec: str, framework: str = "transformers", **changes: Any) -> SubjectRecord:
    """One side, as a small BERT would describe itself."""
    values: dict[str, Any] = {
        "spec": spec,
        "framework": framework,
        "versions": {"python": "3.11.7", "torch": "2.13.0", "transformers": "5.23.0"},
        "weights_digest": "sha256:" + "9f2c41d07e55aa10" * 4,
        "model_class": "BertForSequenceClassification",
        "task": "sequence_classification",
        "dtype": "float32",
        "device": "cpu",
        "labels": ["negative", "neutral", "positive"],
        "parameters": 1_203_459,
        "config": {
            "hidden_size": 64,
            "num_hidden_layers": LAYERS,
            "layer_norm_eps": 1e-12,
            "hidden_act": "gelu",
        },
        "tokenizer": {
            "class": "BertTokenizer",
            "model_max_length": 128,
            "padding_side": "right",
            "do_lower_case": True,
        },
    }
    return SubjectRecord(**{**values, **changes})


def symbol_stage(name: str, pass_: str = "own", differing: int = 0, rows: int = 120) -> StageRecord:
    """A stage of symbols: equal, or different in some rows."""
    return StageRecord(
        stage=name,
        pass_=pass_,
        status="divergent" if differing else "equal",
        relative_l2=None,
        max_abs=Place(value=None, at=None),
        noise_floor=None,
        times_floor=None,
        float64_relative_l2=None,
        compared=rows,
        rows=rows,
        rows_beyond=differing,
        first_beyond=[[row] for row in range(min(differing, 8))],
    )


def tensor_stage(
    name: str, pass_: str, times: float, *, float64: float = 4e-16, rows: int = 120, **changes: Any
) -> StageRecord:
    """A stage of numbers that differs by so many times its noise floor."""
    floor = 1.3e-7
    limit = 1e-12
    status: Status = "divergent" if times > 5 or float64 > limit else "within_noise" if times else "equal"
    beyond = rows if times > 5 else 0
    values: dict[str, Any] = {
        "stage": name,
        "pass_": pass_,
        "status": status,
        "relative_l2": times * floor,
        "max_abs": Place(
            value=times * 4e-7,
            at="[row 4, class 2]" if name in ("logits", "probabilities") else "[row 4, token 7, unit 12]",
        ),
        "noise_floor": floor,
        "times_floor": times,
        "float64_relative_l2": float64,
        "compared": rows * 11 * 64,
        "allowed": 5 * floor,
        "float64_allowed": limit,
        "max_abs_floor": 4e-6,
        "mean_abs": times * 5e-8,
        "rmse": times * 6e-8,
        "cosine_distance": (times * floor) ** 2 / 2,
        "sqnr_db": 138.2 if times else None,
        "norm_ratio": 1.0,
        "rows": rows,
        "rows_beyond": beyond,
        "positions": rows * 11,
        "positions_beyond": beyond * 11,
        "reason": "invisible in float32; in float64 rounding sinks and the difference stays"
        if float64 > limit and times <= 5
        else "",
    }
    return StageRecord(**{**values, **changes})


def stages(first: str | None, size: float = 400.0, *, float64: float = 4e-16) -> list[StageRecord]:
    """Both passes, in order; every tensor stage from `first` on differs by `size` times the floor."""
    records: list[StageRecord] = [symbol_stage(name) for name in SYMBOLS]
    for pass_ in ("own", "same_ids"):
        parted = False
        for index, name in enumerate(TENSORS):
            parted = parted or name == first
            times = size if parted else 0.4 + 0.1 * index
            records.append(tensor_stage(name, pass_, times, float64=float64 if parted else 4e-16))
    return [*records, symbol_stage("label")]


def decisions(differing: int = 0, examples: int = 120, **changes: Any) -> Decisions:
    """What both decide, with some flips."""
    values: dict[str, Any] = {
        "examples": examples,
        "agree": examples - differing,
        "flips": [flip(row) for row in range(differing)],
        "flip_rate": FlipRate(
            value=differing / examples,
            low=0.0 if not differing else 0.0051,
            high=0.0303 if not differing else 0.0713,
            confidence=0.95,
        ),
        "temperatures": [
            Temperature(
                temperature=temperature,
                js_mean=1.2e-5 / temperature,
                tv_mean=2.1e-4 / temperature,
                kl_mean=4.7e-5 / temperature,
                max_abs_probability=3.1e-3 / temperature,
                js_max=8.8e-4,
                tv_max=9.1e-3,
                kl_max=1.7e-3,
                agree=examples - differing,
            )
            for temperature in (0.5, 1.0, 2.0)
        ],
        "implied_temperature": ImpliedTemperature(value=1.002, r2=0.99998, reverse=0.998),
        "flips_total": differing,
        "flips_explained": 0,
        "classes": ["negative", "neutral", "positive"],
        "metrics": [
            LabelledMetric(
                metric="accuracy",
                reference=0.9083,
                candidate=0.8917,
                difference=-0.0167,
                low=-0.0417,
                high=0.0,
                labelled=120,
            ),
            LabelledMetric(
                metric="NLL",
                reference=0.2711,
                candidate=0.2804,
                difference=0.0093,
                low=None,
                high=None,
                labelled=120,
            ),
        ],
    }
    return Decisions(**{**values, **changes})


def flip(row: int, **changes: Any) -> Flip:
    """One decision that differs."""
    values: dict[str, Any] = {
        "row": row,
        "id": f"r{row:04d}",
        "text": "The tea was warm, the room was not.",
        "reference": "neutral",
        "candidate": "negative",
        "reference_margin": 0.0312,
        "candidate_margin": 0.0208,
        "max_abs_logit": 0.0521,
        "explained_by_noise": False,
        "label": "neutral",
    }
    return Flip(**{**values, **changes})


def audit(**changes: Any) -> Audit:
    """A comparison that ends in parity."""
    values: dict[str, Any] = {
        "verdict": "parity",
        "exit_code": 0,
        "headline": "Parity: 8 stages are within 5 times the noise floor (the largest, probabilities, is 1.1 times it), and 120 of 120 labels agree.",
        "policy": PolicyRecord(name="faithful", floor_factor=5.0, float64_limit=1e-12, check_float64=True),
        "reference": subject("hf:./bert-reviews"),
        "candidate": subject(
            "allennlp:reviews.tar.gz",
            "allennlp",
            versions={"python": "3.10.14", "torch": "1.12.1", "transformers": "4.20.1", "allennlp": "2.10.1"},
            weights_digest="sha256:" + "c08e7723e1d94b6f" * 4,
            model_class="BasicClassifier",
            config={"model.type": "basic_classifier", "layer_norm_eps": 1e-12, "hidden_act": "gelu"},
        ),
        "inputs": InputsRecord(
            count=120, digest="sha256:" + "4be1" * 16, source="reviews.jsonl", labelled=120
        ),
        "first_divergence": None,
        "stages": stages(None),
        "tokens": Tokens(rows=120, rows_equal=120, differences={}),
        "decisions": decisions(),
        "findings": [],
        "not_compared": [],
        "noise": Noise(
            sample=32,
            method="each side against its own float64 on a sample",
            reference_float64="pure",
            candidate_float64="pure",
        ),
        "provenance": Provenance(
            parity="0.1.0", started="2026-11-21T01:30:00Z", seconds=41.7, platform="Linux x86_64"
        ),
        "command": "parity compare hf:./bert-reviews allennlp:reviews.tar.gz --inputs reviews.jsonl",
    }
    return Audit(**{**values, **changes})


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


def hostile() -> Audit:
    """Every text slot holds something that wants to be more than text."""
    return with_text("".join(f" {text}" for text in XSS_CORPUS))


def with_text(text: str) -> Audit:
    """An audit of rich content with `text` in every slot that inputs, models or file names can reach."""
    nasty = subject(
        text,
        text,
        versions={text: text, "b": text},
        weights_digest=text,
        model_class=text,
        task=text,
        dtype=text,
        device=text,
        labels=[text],
        newly_initialised=[text],
        unused_weights=[text],
        config={text: text, "nested": {"a": [text]}},
        tokenizer={"class": text},
        notes=[text],
        warnings=[text],
    )
    return audit(
        verdict="divergent",
        exit_code=1,
        headline=text,
        policy=PolicyRecord(
            name=text,
            floor_factor=5.0,
            float64_limit=1e-12,
            check_float64=True,
            stages={text: 1e-3},
            ignore=[text],
        ),
        reference=nasty,
        candidate=msgspec.structs.replace(nasty, spec=f"{text}!", weights_digest=f"{text}!"),
        inputs=InputsRecord(count=1, digest=text, source=text, built_in=True),
        first_divergence=FirstDivergence(stage=f"stage {text}", pass_="own", example=0, token=1),
        stages=[
            tensor_stage("embeddings", "own", 1.0),
            tensor_stage(f"stage {text}", "own", 90.0, max_abs=Place(value=1.0, at=text), reason=text),
            tensor_stage(f"stage {text}", "same_ids", 90.0, reason=text),
        ],
        tokens=Tokens(
            rows=1,
            rows_equal=0,
            differences={text: 1},
            padding_side={"reference": text},
            examples=[
                TokenExample(
                    row=0,
                    kinds=[text],
                    text=text,
                    pair=text or None,
                    reference_pieces=[text],
                    candidate_pieces=[text],
                    reference_ids=[1],
                    candidate_ids=[2],
                    script=[["replace", 0, 0]],
                )
            ],
        ),
        decisions=decisions(
            1,
            flips=[flip(0, id=text or None, text=text, reference=text, candidate=text, label=text or None)],
            class_order=text,
            classes=[text],
            metrics=[
                LabelledMetric(metric=text, reference=0.5, candidate=0.5, difference=0.0, low=None, high=None)
            ],
        ),
        findings=[
            Finding(
                stage=text,
                sentence=text,
                evidence={text: text, "list": [text], "table": {text: text}},
                cause=text or None,
                severity="divergent",
            )
        ],
        not_compared=[NotCompared(stage=text, reason=text)],
        noise=Noise(sample=1, method=text, reference_float64=text, candidate_float64=text),
        provenance=Provenance(parity=text, started=text, python=text, platform=text, cpu_seconds={text: 1.0}),
        command=text,
    )


def with_volume(text: str = "x" * 2000) -> Audit:
    """A large audit: 10,000 examples, 100 long flips, many findings and stages, a big config."""
    names = [f"layer.{index}" for index in range(48)]
    passes: tuple[str, ...] = ("own", "same_ids")
    return audit(
        verdict="divergent",
        exit_code=1,
        headline="Divergent from layer.0 on.",
        first_divergence=FirstDivergence(stage="layer.0", pass_="own", layer=0),
        inputs=InputsRecord(count=10_000, digest="sha256:" + "ab" * 32, source="large.parquet"),
        stages=[tensor_stage(name, pass_, 90.0, rows=10_000) for pass_ in passes for name in names],
        decisions=decisions(
            4000, 10_000, flips=[flip(row, text=text) for row in range(1000)], flips_total=4000
        ),
        tokens=Tokens(
            rows=10_000,
            rows_equal=1,
            differences={"pieces": 9999},
            examples=[
                TokenExample(
                    row=row,
                    kinds=["pieces"],
                    text=text,
                    reference_pieces=[text[:20]] * 512,
                    candidate_pieces=[text[:20]] * 512,
                    reference_ids=list(range(512)),
                    candidate_ids=list(range(512)),
                    script=[["replace", index, index] for index in range(512)],
                )
                for row in range(20)
            ],
        ),
        candidate=subject(
            "hf:./b",
            config={f"key {index}": text for index in range(1000)},
            newly_initialised=[text] * 500,
            warnings=[text] * 100,
        ),
        findings=[
            Finding(stage="layer.0", sentence=text, evidence={f"e{index}": text for index in range(10)})
            for _ in range(100)
        ],
    )


def nothing() -> Audit:
    """No stage, no token, no decision, no text: the emptiest record there can be."""
    return audit(
        verdict="not_comparable",
        exit_code=1,
        headline="Nothing was compared: no stage is common to both.",
        inputs=InputsRecord(count=0, digest="", source=""),
        reference=subject("", "", versions={}, weights_digest=None, labels=None, config={}, tokenizer={}),
        candidate=subject("", "", versions={}, weights_digest=None, labels=None, config={}, tokenizer={}),
        stages=[],
        tokens=Tokens(rows=0, rows_equal=0, differences={}),
        decisions=None,
        noise=Noise(sample=0, method=""),
        provenance=Provenance(),
        command="",
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
