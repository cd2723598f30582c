"""Findings about outputs, and the order in which findings are reported, from evidence built by hand."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.align.labels import align_labels
from parity.border.description import Description
from parity.causes.case import parameters, tokens
from parity.causes.case import side as described
from parity.pair_audit.judge import Symbols, discrete_record
from parity.records.decisions import ImpliedTemperature
from parity.records.places import Place
from parity.records.stage import FirstDivergence, StageRecord
from tests.audit_parts import decisions
from tests.factories import found, inputs_seen

LOGITS = FirstDivergence(stage="logits", pass_="own")


def shifted(status: str = "divergent", centred: float | None = 1e-8, non_finite: int = 0) -> StageRecord:
    """Logits that differ, and differ by `centred` once each row's mean is taken out."""
    values: dict[str, Any] = {"status": status, "centred_relative_l2": centred}
    return StageRecord(
        stage="logits",
        pass_="own",
        relative_l2=2.5,
        max_abs=Place(value=8.0, at=None),
        noise_floor=6e-8,
        times_floor=4e7,
        float64_relative_l2=None,
        compared=30,
        allowed=3e-7,
        non_finite_candidate=non_finite,
        **values,
    )


def test_a_constant_in_every_logit_of_a_row_is_told_apart() -> None:
    (finding,) = found(stages=[shifted()], first=LOGITS)
    assert ("logits", "divergent", "output.shift") == (finding.stage, finding.severity, finding.cause)
    assert "No probability and no label depends on it" in finding.sentence


@pytest.mark.parametrize(
    "record", [shifted("equal"), shifted(centred=1e-3), shifted(centred=None), shifted(non_finite=1)]
)
def test_logits_that_differ_by_more_or_by_nothing_have_no_constant_to_tell(record: StageRecord) -> None:
    assert [] == found(stages=[record])


def test_logits_that_only_float64_tells_apart_have_no_constant_to_tell() -> None:
    within = msgspec.structs.replace(shifted(), relative_l2=7e-8, allowed=5e-7, centred_relative_l2=6e-8)
    assert [] == found(stages=[within])


def test_two_temperatures_are_said_with_what_the_logits_imply() -> None:
    seen = msgspec.structs.replace(decisions(), implied_temperature=ImpliedTemperature(value=2.0, r2=1.0))
    (finding,) = found(described(temperature=1.0), described(temperature=2.0), decisions=seen)
    assert "output.temperature" == finding.cause
    assert "1 in the reference and 2 in the candidate; the logits imply 2.00" in finding.sentence


@pytest.mark.parametrize(
    ("value", "r2", "count"), [(1.5, 0.9999, 1), (1.5, 0.9, 0), (1.01, 1.0, 0), (None, None, 0)]
)
def test_logits_scaled_throughout_imply_a_temperature(
    value: float | None, r2: float | None, count: int
) -> None:
    seen = msgspec.structs.replace(decisions(), implied_temperature=ImpliedTemperature(value=value, r2=r2))
    assert ["output.temperature"] * count == [finding.cause for finding in found(decisions=seen)]


@pytest.mark.parametrize(
    ("count", "cause", "severity"), [(4, "batch.position_ids", "divergent"), (0, None, "notice")]
)
def test_other_positions_are_blamed_only_where_the_model_minds(
    count: int, cause: str | None, severity: str
) -> None:
    reason = "other positions: the reference's are 2 more throughout"
    record = discrete_record("position_ids", "own", Symbols(40, 10, [], count), reason)
    (finding,) = found(tokens=tokens(position_ids=4), stages=[record])
    assert (cause, severity) == (finding.cause, finding.severity)
    assert f"In 4 of 10 rows the same tokens have {reason}." == finding.sentence


# The order


def tensor(stage: str, status: str = "divergent", pass_: str = "own") -> StageRecord:
    return msgspec.convert(
        {
            **msgspec.to_builtins(shifted(status)),
            "stage": stage,
            "status": status,
            "pass": pass_,
            "centred_relative_l2": None,
        },
        StageRecord,
    )


PATH = [
    discrete_record("input_ids", "own", Symbols(40, 10, [], 0)),
    *(tensor(name, "within_noise") for name in ("embeddings", "layer.0", "layer.1", "pooled", "logits")),
]

NOISY: dict[str, Any] = {
    "inputs": inputs_seen("maybe", built_in=True, numbered=4, labelled=12, unscored="they are sets"),
    "decisions": decisions(0, unknown_labels=3, multi_label=True),
}


def order(*sides: Description, **changes: Any) -> list[str]:
    """The causes in the order of the findings, a dash for a finding without one."""
    return [finding.cause or "-" for finding in found(*sides, **{"stages": PATH, **changes})]


def at(stage: str, pass_: Any = "own") -> FirstDivergence:
    return FirstDivergence(stage=stage, pass_=pass_)


def test_what_explains_the_divergence_comes_before_notices_about_labels_and_inputs() -> None:
    sides = described(config={"layer_norm_eps": 1e-12}), described(config={"layer_norm_eps": 1e-5})
    causes = order(*sides, first=at("embeddings"), **NOISY)
    assert ("config.layer_norm_eps", {"-"}) == (causes[0], set(causes[1:]))
    assert 4 == len(causes[1:])


def test_causes_at_the_first_divergent_stage_come_before_those_of_later_stages() -> None:
    sides = (
        described(
            config={"hidden_act": "gelu"}, parameters=parameters(**{"embeddings.word.weight": "a", "x": "q"})
        ),
        described(
            config={"hidden_act": "relu"}, parameters=parameters(**{"embeddings.word.weight": "b", "x": "q"})
        ),
    )
    assert ["weights.changed", "config.activation"] == order(*sides, first=at("embeddings"))
    assert ["config.activation", "weights.changed"] == order(*sides, first=at("layer.0"))


@pytest.mark.parametrize(
    ("parameter", "first", "expected"),
    [
        (
            "bert.encoder.layer.1.output.dense.weight",
            "embeddings",
            ["config.layer_norm_eps", "weights.changed"],
        ),
        ("bert.encoder.layer.1.output.dense.weight", "layer.1", ["weights.changed", "config.layer_norm_eps"]),
        ("transformer.h.1.mlp.c_fc.weight", "embeddings", ["config.layer_norm_eps", "weights.changed"]),
        ("classifier.weight", "embeddings", ["config.layer_norm_eps", "weights.changed"]),
        ("classifier.weight", "logits", ["weights.changed", "config.layer_norm_eps"]),
    ],
)
def test_changed_weights_explain_the_stage_that_they_take_part_in_and_none_before_it(
    parameter: str, first: str, expected: list[str]
) -> None:
    sides = [
        described(config={"layer_norm_eps": eps}, parameters=parameters(**{parameter: digest, "x": "q"}))
        for eps, digest in ((1e-12, "a"), (1e-5, "b"))
    ]
    assert expected == order(*sides, first=at(first))


def test_of_several_causes_at_one_stage_the_most_specific_comes_first() -> None:
    both = [
        described(
            dtype=dtype,
            config={"layer_norm_eps": eps, "attn_implementation": attention},
            newly_initialised=["bert.pooler.dense.weight"] if dtype == "float32" else [],
        )
        for dtype, eps, attention in (("float32", 1e-12, "eager"), ("bfloat16", 1e-5, "sdpa"))
    ]
    assert [
        "config.layer_norm_eps",
        "runtime.dtype",
        "runtime.attention",
        "weights.pooler_not_loaded",
    ] == order(*both, first=at("embeddings"))[:2] + sorted(order(*both, first=at("embeddings"))[2:])


def test_where_the_tokens_differ_the_tokenizer_comes_before_the_model() -> None:
    sides = described(config={"layer_norm_eps": 1e-12}), described(config={"layer_norm_eps": 1e-5})
    causes = order(*sides, first=at("tokens"), tokens=tokens(pieces=3))
    assert ["tokenizer.algorithm", "config.layer_norm_eps"] == causes


def test_classes_in_another_order_explain_the_logits() -> None:
    labels = align_labels(["a", "b"], ["b", "a"])
    sides = described(config={"layer_norm_eps": 1e-12}), described(config={"layer_norm_eps": 1e-5})
    assert "output.label_order" == order(*sides, first=at("logits"), labels=labels)[0]


def test_what_only_a_limit_permits_is_explained_first_as_a_notice() -> None:
    stages = [PATH[0], tensor("embeddings", "within_limit"), *PATH[2:]]
    sides = described(dtype="float32"), described(dtype="bfloat16")
    drawn = found(*sides, stages=stages, **NOISY)
    assert ("runtime.dtype", "notice", "suspected") == (
        drawn[0].cause,
        drawn[0].severity,
        drawn[0].evidence["standing"],
    )


def test_notices_stand_in_the_order_of_what_could_hide_a_difference() -> None:
    config = {"layer_norm_eps": 1e-12}, {"layer_norm_eps": 1e-5}
    sides = [described(config=one, weights_digest="w", unused_weights=["x"]) for one in config]
    drawn = found(*sides, stages=PATH, **NOISY)
    assert "config.layer_norm_eps" == drawn[0].cause
    hidden = [finding.could_hide for finding in drawn[1:]]
    assert hidden == sorted(hidden, reverse=True)
    assert "Both sides have the same weights" in drawn[-2].sentence + drawn[-1].sentence


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([None, "tokens", "embeddings", "layer.0", "layer.1", "logits"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_no_notice_stands_before_a_finding_that_counts(
    first: str | None, eps: bool, dtype: bool, weights: bool
) -> None:
    sides = [
        described(
            config={"layer_norm_eps": 1e-5 if eps and side else 1e-12},
            dtype="bfloat16" if dtype and side else "float32",
            parameters=parameters(**{"encoder.layer.1.x.weight": "b" if weights and side else "a", "y": "c"}),
            newly_initialised=["classifier.weight"] if side else [],
        )
        for side in (False, True)
    ]
    drawn = found(
        *sides, stages=PATH, first=None if first is None else at(first), tokens=tokens(pieces=1), **NOISY
    )
    counts = [finding.severity == "divergent" for finding in drawn]
    assert counts == sorted(counts, reverse=True)
