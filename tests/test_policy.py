"""Policies, built in and from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.errors import PolicyError
from parity.policy import BUILT_IN, load_policy


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
        ('base = "strict"', "no built-in policy"),
        ("ignore = [1]", "stage names"),
        ("stages = 3", "not a table"),
        ("= 3", "not TOML"),
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
    with pytest.raises(PolicyError, match="'strict' is no policy"):
        load_policy("strict")
    with pytest.raises(PolicyError, match="cannot be read"):
        load_policy("nowhere.toml")
