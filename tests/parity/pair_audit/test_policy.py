"""Policies, built in and from a file."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from parity.errors import PolicyError
from parity.pair_audit.policy import BUILT_IN, load_policy, with_options
from parity.records.stage_patterns import limit_of


def _file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "gate.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", ["faithful", "decisions", "bitwise"])
def test_a_built_in_policy_is_found_by_name(name: str) -> None:
    assert name == load_policy(name).name


def test_a_file_changes_what_it_names_and_keeps_the_rest(tmp_path: Path) -> None:
    policy = load_policy(
        _file(tmp_path, 'base = "decisions"\nflip_rate = 0.002\n[stages]\n"layer.3" = 1e-3\n')
    )
    assert "gate" == policy.name
    assert 0.002 == policy.flip_rate
    assert BUILT_IN["decisions"].probability == policy.probability
    assert {"layer.3": 1e-3} == policy.stages


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flip_rat = 0.1", "flip_rate"),
        ("flip_rate = 2", "not a share"),
        ("floor_factor = -1", "zero or more"),
        ('floor_factor = "5"', "zero or more"),
        ("check_float64 = 1", "true or false"),
        ('base = "strict"', "not a built-in policy"),
        ("ignore = [1]", "stage names"),
        ("stages = 3", "not a table"),
        ("= 3", "not TOML"),
        ("confidence = 0.3", "is below 0.5"),
        (
            'base = "decisions"\nignore = ["l*"]',
            r"gate judges the decisions, and .*ignore = 'l\*' excludes logits",
        ),
        ("flip_rate = 0.5", "flip_rate = 0.5 has no effect without probability, which faithful leaves open"),
        ('base = "bitwise"\nprobability = 0.1', "has no effect without flip_rate, which bitwise leaves open"),
    ],
)
def test_a_wrong_policy_file_is_refused_with_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        load_policy(_file(tmp_path, text))


def test_decisions_may_be_asked_of_any_base_by_both_numbers(tmp_path: Path) -> None:
    policy = load_policy(_file(tmp_path, "flip_rate = 0.5\nprobability = 0.1"))
    assert (0.5, 0.1) == (policy.flip_rate, policy.probability)


def test_a_policy_that_does_not_exist_is_refused() -> None:
    with pytest.raises(PolicyError, match="'strict' is not a policy"):
        load_policy("strict")
    with pytest.raises(PolicyError, match="cannot be read"):
        load_policy("nowhere.toml")


def test_what_the_command_line_excludes_is_added_to_the_policy_and_told_apart_from_it() -> None:
    policy = msgspec.structs.replace(BUILT_IN["faithful"], ignore=["embeddings", "pooled"])
    changed = with_options(policy, ignore=("layer.*", "pooled", "layer.*"), allow_inconclusive=True)
    assert ["embeddings", "pooled", "layer.*"] == changed.ignore
    assert ["layer.*", "pooled"] == changed.ignore_option
    assert changed.allow_inconclusive
    assert policy == with_options(policy, ignore=(), allow_inconclusive=False)


@pytest.mark.parametrize("name", ["logits", "probabilities", "label", "*", "l*"])
def test_what_a_policy_judges_cannot_be_excluded_from_it(name: str) -> None:
    with pytest.raises(PolicyError, match="The policy decisions judges the decisions, and --ignore"):
        with_options(BUILT_IN["decisions"], ignore=(name,), allow_inconclusive=False)
    assert [name] == with_options(BUILT_IN["faithful"], ignore=(name,), allow_inconclusive=False).ignore


def test_a_stages_own_limit_comes_before_a_pattern_and_patterns_in_their_order() -> None:
    policy = msgspec.structs.replace(
        BUILT_IN["faithful"], stages={"layer.*": 1e-2, "layer.3": 1e-3, "*": 1.0}
    )
    assert (1e-3, 1e-2, 1.0) == tuple(limit_of(stage, policy) for stage in ("layer.3", "layer.31", "pooled"))
    assert limit_of("pooled", BUILT_IN["faithful"]) is None
