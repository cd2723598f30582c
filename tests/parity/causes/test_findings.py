"""Findings, from evidence built by hand: what is said, under which cause, and whether it is blamed or merely noticed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from parity.align.labels import align_labels
from parity.causes.case import parameters, tokens
from parity.causes.case import side as described
from parity.causes.registry import all_causes
from parity.records.decisions import Decisions
from parity.records.stage import FirstDivergence
from tests.audit_parts import decisions
from tests.factories import found, inputs_seen

EMBEDDINGS = FirstDivergence(stage="embeddings", pass_="own")


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
