"""The table of stages: their order, groups and titles."""

from __future__ import annotations

import pytest

from parity.stages import (
    FED,
    INPUT_STAGES,
    MASKS,
    group_of,
    is_detail,
    is_output,
    layer_of,
    stage_rank,
    stage_title,
)


def test_layer_ten_comes_after_layer_nine_and_outputs_come_last() -> None:
    names = ["label", "layer.10", "logits", "layer.9", "pooled", "embeddings", "probabilities", "text"]
    expected = ["text", "embeddings", "layer.9", "layer.10", "pooled", "logits", "probabilities", "label"]
    assert expected == sorted(names, key=stage_rank)


def test_what_is_fed_stands_in_the_order_in_which_it_is_made() -> None:
    ids = ("text", "tokens", "input_ids", "token_type_ids", "attention_mask", "position_ids")
    expected = (*ids, "decoder_input_ids")
    assert (expected, {*expected[2:], "real", "target_real", "word_mask", "word_ids"}) == (
        INPUT_STAGES,
        set(FED),
    )


def test_each_axis_of_positions_has_its_mask() -> None:
    assert {"token": "real", "word": "word_mask", "target": "target_real"} == MASKS


@pytest.mark.parametrize(
    ("stage", "group", "title", "layer"),
    [
        ("text", "input", "Text", None),
        ("real", "mask", "real", None),
        ("embeddings", "encoder", "Embeddings", None),
        ("layer.3", "encoder", "Layer 3", 3),
        ("layer.12.attention", "detail", "Layer 12, attention", 12),
        ("layer.0.mlp", "detail", "Layer 0, feed-forward", 0),
        ("decoder.layer.7", "encoder", "Decoder layer 7", 7),
        ("module.mlp", "detail", "module.mlp", None),
        ("probabilities", "output", "Probabilities", None),
        ("output.tags", None, "output.tags", None),
    ],
)
def test_a_stage_has_its_group_title_and_layer(
    stage: str, group: str | None, title: str, layer: int | None
) -> None:
    assert (group, title, layer) == (group_of(stage), stage_title(stage), layer_of(stage))


def test_only_what_lies_within_a_layer_is_a_detail() -> None:
    names = ["layer.1", "layer.1.attention", "layer.1.mlp", "layer.1.other", "attention"]
    assert ["layer.1.attention", "layer.1.mlp"] == [name for name in names if is_detail(name)]


def test_the_outputs_of_a_subject_are_its_logits_and_what_it_names_an_output() -> None:
    names = ["logits", "output.tags", "pooled", "probabilities", "outputs"]
    assert ["logits", "output.tags"] == [name for name in names if is_output(name)]
