"""How two parameters are related: each relation is seen where it was made, and none where it was not."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownLambdaType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from parity._in_process.sketches import rows_of, sketches
from parity.align.parameter_relations import Related, RowsRead, by_digests, by_rows, differing_rows
from parity.border.description import Parameter
from parity.border.parameters_asked import Sketch
from parity.records.pair import Pair

HEADS = 3


def drawn(seed: int = 0, rows: int = 24, columns: int = 12) -> Any:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))


def holder(tensor: Any) -> list[Any]:
    module = torch.nn.Module()
    module.weight = torch.nn.Parameter(tensor.clone().contiguous())
    return [module]


def related(ours: Any, theirs: Any) -> Related:
    """Two tensors, by the way that an audit takes."""
    held = Pair(holder(ours), holder(theirs))
    known = Pair(*(Sketch.read(sketches(side, ["weight"]), "toy")["weight"] for side in held))
    described = Pair(
        *(
            Parameter("weight", list(one.shape), str(one.dtype).removeprefix("torch."), "")
            for one in (ours, theirs)
        )
    )
    found = by_digests(described, known, HEADS)
    if found is not None:
        return found
    at = differing_rows(known)
    assert at is not None
    values = Pair(*(rows_of(side, "weight", at).double().numpy() for side in held))
    return by_rows(RowsRead(values, at, len(ours), len(at)), known.reference.norm)


def on_grid(values: Any, levels: int, *, by_row: bool) -> Any:
    largest = values.abs().amax(1, keepdim=True) if by_row else values.abs().max()
    step = largest / (levels // 2 - 1)
    return (values / step).round() * step


def affine(values: Any) -> Any:
    step = (values.max() - values.min()) / 255
    return ((values - values.min()) / step).round() * step + values.min()


@pytest.mark.parametrize(
    ("relation", "change"),
    [
        ("rounded:bfloat16", lambda one: one.bfloat16().float()),
        ("rounded:float16", lambda one: one.half().float()),
        ("rounded:bfloat16", lambda one: one.bfloat16()),
        ("dtype:float64", lambda one: one.double()),
        ("rounded:int8", lambda one: on_grid(one, 256, by_row=True)),
        ("rounded:int8", lambda one: on_grid(one, 256, by_row=False)),
        ("rounded:int8", affine),
        ("rounded:int4", lambda one: on_grid(one, 16, by_row=True)),
        ("transposed", lambda one: one.t()),
        ("reshaped", lambda one: one.reshape(12, 24)),
        ("permuted:rows", lambda one: one.roll(1, 0)),
        ("permuted:columns", lambda one: one.flip(1)),
        ("permuted:heads", lambda one: one.view(HEADS, 8, 12)[[2, 0, 1]].reshape(24, 12)),
        ("permuted:numbers", lambda one: one.roll(1, 0).roll(1, 1)),
        ("scaled", lambda one: one * 0.125),
        ("scaled", lambda one: one * -1.0),
        ("zeros", torch.zeros_like),
        ("resized", lambda one: torch.cat([one, drawn(5)])),
        ("shape", lambda one: one[:, :5]),
        ("changed", lambda one: one + 0.001 * drawn(3)),
        ("changed", lambda one: one.bfloat16().float() + 0.001 * drawn(3)),
    ],
)
def test_a_relation_is_found_in_either_direction_or_is_said_to_be_a_change(
    relation: str, change: Callable[[Any], Any]
) -> None:
    one = drawn()
    assert relation == related(one, change(one)).relation


def test_a_change_is_said_with_its_size_and_its_place() -> None:
    one = drawn()
    other = one.clone()
    other[7, 4] += 0.5
    found = related(one, other)
    assert ("changed", "1 of 24 rows; largest difference 5.0e-01 at row 7, column 4") == (
        found.relation,
        found.detail,
    )
    assert found.relative_l2 == pytest.approx(0.5 / float(one.norm()), rel=1e-6)


def test_numbers_that_are_not_finite_are_said() -> None:
    other = drawn()
    other[1, 1] = float("nan")
    assert ("changed", None) == related(drawn(), other)[:2]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 40), st.integers(1, 40))
def test_another_training_is_a_change_and_nothing_else(seed: int, rows: int, columns: int) -> None:
    one, other = drawn(seed, rows, columns), drawn(seed + 1, rows, columns)
    found = related(one, other)
    apart = np.linalg.norm((other - one).double().numpy()) / np.linalg.norm(one.double().numpy())
    assert "changed" == found.relation
    assert found.relative_l2 == pytest.approx(apart, rel=1e-6)


@pytest.mark.parametrize("size", [64, 384])
def test_each_number_of_a_changed_vector_is_not_taken_for_a_grid_of_its_own(size: int) -> None:
    one = drawn(0, 1, size)[0]
    assert "changed" == related(one, one + 0.001 * drawn(1, 1, size)[0]).relation
