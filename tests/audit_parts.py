"""What an audit is made of, for tests: sides, stages, decisions, and the comparison that ends in parity.

Each is built by a function that takes changes by keyword, so that a test says only what it is about.
"""

from __future__ import annotations

from typing import Any

from parity.records.audit import Audit
from parity.records.decisions import (
    Decisions,
    Flip,
    FlipRate,
    ImpliedTemperature,
    LabelledMetric,
    Temperature,
)
from parity.records.inputs import InputsRecord
from parity.records.places import Place, Status
from parity.records.policy import PolicyRecord
from parity.records.provenance import Provenance
from parity.records.stage import Noise, StageRecord
from parity.records.subject import SubjectRecord
from parity.records.tokens import Tokens

LAYERS = 4
TENSORS = ["embeddings", *(f"layer.{index}" for index in range(LAYERS)), "pooled", "logits", "probabilities"]
SYMBOLS = ["text", "tokens", "input_ids", "token_type_ids", "attention_mask"]


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
