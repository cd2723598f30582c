"""Stages of unlike names: joined where their modules hold one another's parameters and they run in one order, else left as they are."""

from __future__ import annotations

from parity.align.parameters import pair_parameters
from parity.align.stage_joins import joined_stages
from parity.align.stage_pairs import why_paired
from parity.border.description import Abilities, Description, Parameter, StageSeen
from parity.records.pair import Pair

HIDDEN = ["row", "token", "hidden"]


def described(begin: str, layers: str, **modules: str) -> Description:
    """A layer for each letter, whose parameters hold what the letter says; `modules` are stages by their path."""
    stages = [StageSeen(f"layer.{k}", HIDDEN, f"{begin}.{k}") for k in range(len(layers))]
    stages += [StageSeen(f"module.{path}", HIDDEN, path) for path in modules]
    parameters = [
        Parameter(f"{begin}.{k}.{part}", [2], "float32", letter + part)
        for k, letter in enumerate(layers)
        for part in ("q", "k", "v")
    ]
    parameters += [Parameter(f"{path}.weight", [3], "float32", held) for path, held in modules.items()]
    return Description("toy", {}, stages, Abilities(), parameters=parameters)


def joined(one: Description, other: Description) -> dict[str, str]:
    sides = Pair(one, other)
    return {join.reference: join.candidate for join in joined_stages(sides, pair_parameters(sides))}


def test_layers_after_one_more_are_those_that_hold_the_same() -> None:
    assert {"layer.1": "layer.2", "layer.2": "layer.3"} == joined(
        described("a", "xyz"), described("b", "xoyz")
    )
    assert {"layer.1": "layer.0", "layer.2": "layer.1"} == joined(described("a", "xyz"), described("b", "yz"))


def test_layers_of_one_depth_or_of_another_order_keep_their_names() -> None:
    assert {} == joined(described("a", "xyz"), described("b", "xzy"))
    assert {} == joined(described("a", "xyz"), described("b", "zoyx"))
    assert {} == joined(described("a", "xyz"), described("b", "opqr"))


def test_a_layer_between_two_that_are_sure_is_joined_where_only_it_fits() -> None:
    assert {"layer.1": "layer.2", "layer.2": "layer.3", "layer.3": "layer.4"} == joined(
        described("a", "xyzw"), described("b", "xoyqw")
    )


def test_a_stage_without_a_counterpart_is_joined_with_the_only_one_that_holds_its_parameters() -> None:
    one, other = described("a", "x", norm="n"), described("a", "x", **{"model.norm": "n"})
    assert {"module.norm": "module.model.norm"} == joined(one, other)
    assert {} == joined(one, described("a", "x", **{"model.norm": "other"}))


def test_the_reason_says_what_the_parameters_of_both_modules_say() -> None:
    sides = Pair(described("a", "xy"), described("b", "xz"))
    pairing = pair_parameters(sides)
    assert "name and axes; a.0 and b.0, whose parameters are one another's" == why_paired(
        "layer.0", sides, pairing
    )
    swapped = Pair(described("a", "xy"), described("b", "yx"))
    assert "name and axes; a.0 and b.0, of whose parameters 0 of 6 are one another's" == why_paired(
        "layer.0", swapped, pair_parameters(swapped)
    )
