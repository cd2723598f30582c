"""Stages are paired by what they are; what cannot be paired is listed with its reason."""

from __future__ import annotations

from parity.align.stages import StageSpec, align_stages

HIDDEN = ("row", "token", "hidden")


def stages(depth: int, *more: StageSpec) -> list[StageSpec]:
    return [StageSpec("embeddings", HIDDEN), *(StageSpec(f"layer.{k}", HIDDEN) for k in range(depth)), *more]


def test_equal_models_pair_in_the_references_forward_order() -> None:
    alignment = align_stages(stages(12), stages(12)[::-1])
    assert tuple(spec.name for spec in stages(12)) == alignment.paired
    assert ((), (), {}) == alignment[1:]


def test_layers_beyond_the_shorter_side_are_listed_with_both_depths() -> None:
    alignment = align_stages(stages(6), stages(4))
    assert ("layer.4", "layer.5") == alignment.only_reference
    assert (
        "Only the reference has layer.4: the reference has 6 layers, the candidate 4."
        == alignment.reasons["layer.4"]
    )


def test_a_missing_stage_is_not_passed_over() -> None:
    alignment = align_stages(stages(2), stages(2, StageSpec("pooled", ("row", "hidden"))))
    assert ("pooled",) == alignment.only_candidate
    assert "Only the candidate has pooled." == alignment.reasons["pooled"]


def test_unlike_names_at_the_same_index_are_unpaired() -> None:
    alignment = align_stages([StageSpec("module.encoder", HIDDEN)], [StageSpec("module.decoder", HIDDEN)])
    assert ((), ("module.encoder",), ("module.decoder",)) == alignment[:3]


def test_twelve_hidden_states_beside_thirteen_pair_by_what_they_are() -> None:
    alignment = align_stages(stages(12), stages(12)[1:])
    assert tuple(f"layer.{k}" for k in range(12)) == alignment.paired
    assert ("embeddings",) == alignment.only_reference


def test_the_same_name_with_other_axes_is_not_comparable_and_says_so() -> None:
    alignment = align_stages(
        [StageSpec("logits", ("row", "class"))], [StageSpec("logits", ("row", "token", "class"))]
    )
    assert ((), (), ()) == alignment[:3]
    assert (
        "logits is [row, class] in the reference and [row, token, class] in the candidate."
        == alignment.reasons["logits"]
    )


def test_a_stage_given_twice_is_not_paired() -> None:
    alignment = align_stages([*stages(1), *stages(1)], stages(1))
    assert () == alignment.paired
    assert "The reference gives layer.0 2 times." == alignment.reasons["layer.0"]
