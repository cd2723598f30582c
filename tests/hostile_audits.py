"""Audits at the extremes: hostile text in every slot, a large volume, and nothing at all."""

from __future__ import annotations

import msgspec

from parity.records.audit import Audit
from parity.records.decisions import (
    LabelledMetric,
)
from parity.records.finding import Finding
from parity.records.inputs import InputsRecord
from parity.records.places import Place
from parity.records.policy import PolicyRecord
from parity.records.provenance import Provenance
from parity.records.stage import FirstDivergence, Noise, NotCompared
from parity.records.tokens import TokenExample, Tokens
from tests.audit_parts import (
    audit,
    decisions,
    flip,
    subject,
    tensor_stage,
)

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
