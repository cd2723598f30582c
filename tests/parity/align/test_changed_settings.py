"""Settings that differ between two descriptions, and what a headline says of them."""

from __future__ import annotations

from typing import Any

import pytest

from parity.align.changed_settings import changed_settings, changed_settings_note
from parity.causes.case import side
from parity.records.pair import Pair


def names(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    return [setting.name for setting in changed_settings(Pair(side(**ours), side(**theirs)))]


def test_settings_of_config_and_tokenizer_are_named_with_both_values() -> None:
    sides = Pair(
        side(config={"sliding_window": 4096, "hidden_act": "gelu"}, tokenizer={"truncation_side": "right"}),
        side(config={"sliding_window": 64, "hidden_act": "gelu"}, tokenizer={"truncation_side": "left"}),
    )
    expected = ["sliding_window (4096 and 64)", "tokenizer.truncation_side (right and left)"]
    assert expected == [setting.in_words() for setting in changed_settings(sides)]


@pytest.mark.parametrize(
    "name",
    [
        "hidden_dropout_prob",
        "attn_pdrop",
        "drop_path_rate",
        "initializer_range",
        "id2label.0",
        "architectures",
        "dtype",
        "use_cache",
        "num_beams",
        "trainer.optimizer.lr",
        "train_data_path",
        "random_seed",
    ],
)
def test_settings_without_a_part_in_a_forward_are_none(name: str) -> None:
    assert [] == names({"config": {name: 1}}, {"config": {name: 2}})


def test_two_frameworks_have_settings_of_their_own() -> None:
    assert [] == names(
        {"framework": "a", "config": {"sliding_window": 1}},
        {"framework": "b", "config": {"sliding_window": 2}},
    )


@pytest.mark.parametrize(("version", "expected"), [("5", ["sliding_window"]), ("4", [])])
def test_a_setting_of_one_side_counts_within_one_version(version: str, expected: list[str]) -> None:
    ours: dict[str, Any] = {"versions": {"toy": "5"}, "config": {"sliding_window": 64}}
    assert expected == names(ours, {"versions": {"toy": version}})


@pytest.mark.parametrize(
    ("version", "expected"), [("0.22", ["tokenizer.internals.model.merges"]), ("0.15", [])]
)
def test_what_a_tokenizer_is_made_of_is_compared_within_one_version(
    version: str, expected: list[str]
) -> None:
    ours, theirs = ({"internals": {"model.merges": digest}} for digest in "ab")
    assert expected == names(
        {"versions": {"toy": "5", "tokenizers": "0.22"}, "tokenizer": ours},
        {"versions": {"toy": "5", "tokenizers": version}, "tokenizer": theirs},
    )


def test_the_length_that_texts_are_cut_to_is_named_once() -> None:
    ours, theirs = ({"model_max_length": longest, "limit": longest} for longest in (512, 128))
    assert ["tokenizer.model_max_length"] == names({"tokenizer": ours}, {"tokenizer": theirs})
    assert ["tokenizer.limit"] == names({"tokenizer": {"limit": 1}}, {"tokenizer": {"limit": 2}})


def test_the_clause_counts_and_names_the_first_settings() -> None:
    assert "" == changed_settings_note([])
    assert "1 setting differs, and these inputs do not show it: a" == changed_settings_note(["a"])
    expected = "4 settings differ, and these inputs do not show it: a, b, c and 1 more"
    assert expected == changed_settings_note(list("abcd"))
