"""A parameter that is several of the other side's: which lines are which is found, wherever they lie, and nothing is guessed."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from parity._in_process.sketches import sketches
from parity.align.fused_parameters import (
    Axis,
    FusedPart,
    differing_lines,
    fused_parts,
    read_places,
    spans,
    uncovered,
)
from parity.border.description import Parameter
from parity.border.parameters_asked import Sketch
from parity.records.pair import Pair

PARTS = ("query", "key", "value")


def drawn(seed: int, rows: int = 6, columns: int = 4) -> Any:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))


def known(held: dict[str, Any]) -> tuple[list[Parameter], dict[str, Sketch]]:
    """Tensors as a side describes and sketches them."""
    module = torch.nn.Module()
    for name, tensor in held.items():
        inner = module
        *path, last = name.split(".")
        for step in path:
            if not hasattr(inner, step):
                inner.add_module(step, torch.nn.Module())
            inner = getattr(inner, step)
        inner.register_parameter(last, torch.nn.Parameter(tensor.clone().contiguous()))
    described = [Parameter(name, list(one.shape), "float32", "") for name, one in held.items()]
    return described, Sketch.read(sketches([module], list(held)), "toy")


def found(ours: dict[str, Any], theirs: dict[str, Any]) -> tuple[list[FusedPart], Pair[dict[str, Sketch]]]:
    one, other = known(ours), known(theirs)
    held = Pair(one[1], other[1])
    return fused_parts(Pair(one[0], other[0]), held), held


def separate() -> dict[str, Any]:
    return {f"self.{part}.weight": drawn(number) for number, part in enumerate(PARTS)}


def test_three_in_one_matrix_are_found_by_its_rows_in_whatever_order_they_are_listed() -> None:
    own = separate()
    whole = torch.cat([own[f"self.{part}.weight"] for part in ("value", "query", "key")])
    parts, held = found(own, {"qkv.weight": whole})
    assert {
        "self.query.weight": "rows 6-11 as rows",
        "self.key.weight": "rows 12-17 as rows",
        "self.value.weight": "rows 0-5 as rows",
    } == {one.sides.reference.name: one.written for one in parts}
    assert [(1, True, [])] * 3 == [(one.whole, one.in_order, differing_lines(one, held)) for one in parts]


def test_columns_of_a_matrix_that_is_held_the_other_way_round_are_rows_of_its_parts() -> None:
    own = separate()
    parts, _ = found({"c_attn.weight": torch.cat([*own.values()]).t()}, own)
    assert ["columns 0-5 as rows", "columns 6-11 as rows", "columns 12-17 as rows"] == [
        one.written for one in parts
    ]
    assert {0} == {one.whole for one in parts}


def test_a_changed_row_is_named_in_the_part_that_it_is_of() -> None:
    own = separate()
    whole = torch.cat([*own.values()])
    whole[8, 1] += 1.0
    parts, held = found(own, {"qkv.weight": whole})
    assert [[], [2], []] == [differing_lines(one, held) for one in parts]


def test_a_part_that_is_changed_everywhere_is_in_the_place_that_the_others_leave() -> None:
    own = separate()
    whole = torch.cat([own["self.query.weight"], drawn(9), own["self.value.weight"]])
    parts, held = found(own, {"qkv.weight": whole})
    reasons = {one.sides.reference.name: (one.by, one.written) for one in parts}
    assert ("the place in the other that its other parts leave", "rows 6-11 as rows") == reasons[
        "self.key.weight"
    ]
    assert list(range(6)) == differing_lines(parts[-1], held)


def test_biases_lie_as_the_weights_do_though_all_are_zero() -> None:
    own = {**separate(), **{f"self.{part}.bias": torch.zeros(6) for part in PARTS}}
    order = ("key", "value", "query")
    theirs = {
        "qkv.weight": torch.cat([own[f"self.{part}.weight"] for part in order]),
        "qkv.bias": torch.zeros(18),
    }
    theirs["qkv.bias"][13] = 0.5
    parts, held = found(own, theirs)
    biases = {one.part.name: one for one in parts if one.part.name.endswith("bias")}
    assert "rows 12-17 as rows" == biases["self.query.bias"].written
    assert [1] == differing_lines(biases["self.query.bias"], held)
    assert [] == differing_lines(biases["self.key.bias"], held)


def test_what_is_not_all_of_it_or_holds_nothing_of_it_is_no_part() -> None:
    own = separate()
    assert [] == found(own, {"qkv.weight": torch.cat([*own.values(), drawn(8)])})[0]
    assert [] == found(own, {"qkv.weight": drawn(7, rows=18)})[0]
    assert [] == found(own, {"wide.weight": drawn(7, rows=6, columns=12)})[0]


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(12)), st.integers(1, 3))
def test_heads_that_lie_between_those_of_the_other_parts_are_found(order: list[int], size: int) -> None:
    own = {f"self.{part}.weight": drawn(number, rows=4 * size) for number, part in enumerate(PARTS)}
    blocks = torch.cat([*own.values()]).view(12, size, 4)
    parts, held = found(own, {"qkv.weight": blocks[list(order)].reshape(-1, 4)})
    assert 3 == len(parts)
    assert all(differing_lines(one, held) == [] for one in parts)
    assert list(range(12 * size)) == sorted(place for one in parts for place in one.places)
    for one in parts:
        ours = [place for place in order if place // 4 == PARTS.index(one.part.name.split(".")[1])]
        assert one.in_order == (ours == sorted(ours))


@given(st.lists(st.integers(0, 200), min_size=1, unique=True), st.booleans())
def test_places_are_read_as_they_were_written(places: list[int], turned: bool) -> None:
    one = Parameter("one", [1], "float32", "")
    axes: tuple[Axis, Axis] = ("columns", "rows") if turned else ("rows", "rows")
    part = FusedPart(Pair(one, one), 0, axes, tuple(places), "")
    assert (axes, tuple(places)) == read_places(part.written)


def test_places_that_nothing_wrote_are_not_read() -> None:
    assert read_places("rows 0-3") is None
    assert read_places("heads 0-3 as rows") is None
    assert "3, 0-1" == spans([3, 0, 1])


def test_what_is_in_no_part_or_in_two_is_said() -> None:
    own = separate()
    parts, _ = found(own, {"qkv.weight": torch.cat([*own.values()])})
    assert [] == uncovered(parts)
    assert ["rows 12-17 of qkv.weight are in no part"] == uncovered(parts[:2])
    moved = [parts[0], parts[1], parts[2]._replace(places=parts[1].places)]
    assert [
        "rows 12-17 of qkv.weight are in no part",
        "rows 6-11 of qkv.weight are in several parts",
    ] == uncovered(moved)
