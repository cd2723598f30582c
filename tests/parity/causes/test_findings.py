"""Findings, from evidence built by hand: what is said, under which cause, and whether it is blamed or merely noticed."""

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
from parity.causes.findings import findings
from parity.causes.registry import all_causes
from parity.pair_audit.judge import Symbols, discrete_record
from parity.records.decisions import Decisions, ImpliedTemperature
from parity.records.finding import Finding
from parity.records.places import Place
from parity.records.stage import FirstDivergence, StageRecord
from tests.audits import decisions
from tests.factories import evidence, inputs_seen

EMBEDDINGS = FirstDivergence(stage="embeddings", pass_="own")
LOGITS = FirstDivergence(stage="logits", pass_="own")


def found(
    reference: Description | None = None, candidate: Description | None = None, **changes: Any
) -> list[Finding]:
    """What is found of a pair about which nothing is remarkable but the changes."""
    return findings(evidence(reference, candidate, **changes))


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


def test_a_pair_about_which_nothing_is_remarkable_has_no_finding() -> None:
    assert [] == found()


def test_the_built_in_inputs_are_nobodys_data_and_that_is_said() -> None:
    (finding,) = found(inputs=inputs_seen(built_in=True))
    assert ("text", "notice", None) == (finding.stage, finding.severity, finding.cause)


def decided(**changes: Any) -> Decisions:
    return msgspec.structs.replace(decisions(), **changes)


def test_labels_that_are_no_class_are_said_with_the_classes() -> None:
    (finding,) = found(
        decisions=decided(unknown_labels=3, classes=["no", "yes"]), inputs=inputs_seen("maybe")
    )
    assert "3, the first 'maybe' (the classes are 'no', 'yes')" in finding.sentence
    (finding,) = found(decisions=decided(unknown_labels=3, classes=[]), inputs=inputs_seen("maybe"))
    assert "(the classes have no names, only numbers from 0)" in finding.sentence


def test_labels_that_were_read_as_numbers_are_said_with_the_first_class() -> None:
    (finding,) = found(decisions=decided(classes=["no", "yes"]), inputs=inputs_seen(numbered=4, labelled=4))
    assert "was read as the index of its class: 0 is 'no', and so on." in finding.sentence
    (finding,) = found(decisions=decided(classes=[]), inputs=inputs_seen(numbered=4, labelled=4))
    assert "was read as the index of its class, as the classes have no names." in finding.sentence


def test_labels_that_no_metric_is_computed_from_are_said() -> None:
    why = "each token has its own class"
    (finding,) = found(decisions=decided(), inputs=inputs_seen(labelled=4, unscored=why))
    expected = f"4 of the inputs have a label, and no metric is computed from them: {why}."
    assert expected == finding.sentence
    assert [] == found(decisions=decided(), inputs=inputs_seen(unscored=why))


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ("lowercase", "text.lowercase"),
        ("accents", "text.accents"),
        ("unicode", "text.unicode"),
        ("whitespace", "text.whitespace"),
        ("other", "unknown"),
    ],
)
def test_a_change_of_the_text_names_its_rule(change: str, cause: str) -> None:
    (finding,) = found(text_changes={change: 3}, tokens=tokens(text=3))
    assert (cause, "divergent") == (finding.cause, finding.severity)
    assert "In 3 of 10 rows" in finding.sentence


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("pieces", "tokenizer.algorithm"),
        ("ids", "tokenizer.vocabulary"),
        ("special_tokens", "tokenizer.special_tokens"),
        ("truncation", "tokenizer.truncation"),
        ("token_type_ids", "batch.token_type_ids"),
    ],
)
def test_a_kind_of_difference_between_tokens_names_its_cause(kind: str, cause: str) -> None:
    (finding,) = found(tokens=tokens(**{kind: 4}))
    assert (cause, 4) == (finding.cause, finding.evidence["rows"])
    assert cause in {known.NAME for known in all_causes()}


def test_other_pieces_from_another_vocabulary_are_the_vocabularys() -> None:
    sides = [described(tokenizer={"vocabulary_digest": digest}) for digest in ("a", "b")]
    (finding,) = found(*sides, tokens=tokens(pieces=4))
    assert ("tokenizer.vocabulary", False) == (finding.cause, finding.evidence["same vocabulary"])


@pytest.mark.parametrize(
    ("first", "severity"),
    [(None, "notice"), (FirstDivergence(stage="attention_mask", pass_="own"), "divergent")],
)
def test_padding_on_other_sides_is_blamed_only_where_the_model_minds(
    first: FirstDivergence | None, severity: str
) -> None:
    sides = msgspec.structs.replace(tokens(), padding_side={"reference": "left", "candidate": "right"})
    (finding,) = found(tokens=sides, first=first)
    assert ("batch.padding_side", severity) == (finding.cause, finding.severity)


@pytest.mark.parametrize(
    ("key", "cause"),
    [
        ("layer_norm_eps", "config.layer_norm_eps"),
        ("hidden_act", "config.activation"),
        ("num_attention_heads", "config.attention_heads"),
        ("rope_theta", "config.position_embedding"),
        ("num_hidden_layers", "config.num_layers"),
    ],
)
def test_a_setting_that_differs_is_said_with_both_values(key: str, cause: str) -> None:
    (finding,) = found(described(config={key: 1}), described(config={key: 2}), first=EMBEDDINGS)
    assert (cause, "divergent", 1, 2) == (
        finding.cause,
        finding.severity,
        finding.evidence["reference"],
        finding.evidence["candidate"],
    )


def test_a_setting_of_the_model_inside_an_archive_is_held_against_the_same_of_a_folder() -> None:
    archive = described(config={"transformer.layer_norm_eps": 1e-12, "trainer.epsilon": 1.0})
    (finding,) = found(archive, described(config={"layer_norm_eps": 1e-5}))
    assert ("config.layer_norm_eps", "notice") == (finding.cause, finding.severity)


def test_a_setting_that_one_side_does_not_tell_is_no_difference() -> None:
    assert [] == found(described(config={"layer_norm_eps": 1e-12}), described())


@pytest.mark.parametrize(
    ("names", "cause"),
    [
        (["classifier.weight", "classifier.bias"], "weights.head_not_loaded"),
        (["bert.pooler.dense.weight"], "weights.pooler_not_loaded"),
        (["classifier.weight", "encoder.layer.0.weight"], "weights.missing"),
    ],
)
def test_parameters_that_are_not_in_the_file_are_named(names: list[str], cause: str) -> None:
    (finding,) = found(candidate=described(newly_initialised=names))
    assert (cause, "candidate") == (finding.cause, finding.evidence["side"])
    assert names[0] in finding.sentence


def test_the_same_weights_are_said() -> None:
    (finding,) = found(described(weights_digest="sha256:1"), described(weights_digest="sha256:1"))
    assert ("Both sides have the same weights, bit for bit.", "notice") == (
        finding.sentence,
        finding.severity,
    )


@pytest.mark.parametrize("digests", [("sha256:1", "sha256:2"), (None, None), ("sha256:1", None)])
def test_nothing_is_said_of_weights_that_are_not_known_to_be_the_same(
    digests: tuple[str | None, ...],
) -> None:
    assert [] == found(*(described(weights_digest=digest) for digest in digests))


def test_a_few_changed_parameters_are_named_and_all_of_them_are_another_training() -> None:
    names = [f"p{number}" for number in range(10)]
    ours = described(parameters=parameters(**dict.fromkeys(names, "a")))
    (few,) = found(ours, described(parameters=parameters(**{**dict.fromkeys(names, "a"), "p3": "b"})))
    assert ("weights.changed", "notice", ["p3"]) == (few.cause, few.severity, few.evidence["parameters"])
    (all_of_them,) = found(
        ours, described(parameters=parameters(**dict.fromkeys(names, "b"))), first=EMBEDDINGS
    )
    assert ("weights.retrained", "divergent") == (all_of_them.cause, all_of_them.severity)


def test_parameters_of_other_names_or_types_are_not_compared() -> None:
    ours = described(parameters=parameters(a="1", b="1"))
    assert [] == found(ours, described(parameters=parameters(x="2", y="2", a="2", z="2", w="2")))
    halves = described(parameters=parameters(a="2", b="2"), dtype="bfloat16")
    assert {"runtime.dtype"} == {
        finding.cause for finding in found(described(parameters=ours.parameters, dtype="float32"), halves)
    }


def test_another_attention_is_noticed_and_suspected_where_a_layer_diverges() -> None:
    sides = [described(config={"attn_implementation": name}) for name in ("eager", "sdpa")]
    (noticed,) = found(*sides)
    (suspected,) = found(*sides, first=FirstDivergence(stage="layer.0", pass_="own"))
    assert ("notice", "divergent") == (noticed.severity, suspected.severity)


def test_classes_in_another_order_are_said_with_the_order() -> None:
    (finding,) = found(labels=align_labels(["no", "yes"], ["yes", "no"]))
    assert ("output.label_order", "notice", [1, 0]) == (
        finding.cause,
        finding.severity,
        finding.evidence["permutation"],
    )


def test_a_name_that_two_classes_bear_is_noticed() -> None:
    doubled = described(labels=["a", "b", "a"])
    (finding,) = found(doubled, doubled, labels=align_labels(doubled.labels, doubled.labels))
    assert ("label", "notice", None) == (finding.stage, finding.severity, finding.cause)
    assert "'a' appears more than once" in finding.sentence


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
