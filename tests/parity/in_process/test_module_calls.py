"""Modules on another model's arguments: what each makes of them is measured alone, and the model is left as it was."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from parity._in_process.module_calls import ModuleCalls

pytestmark = pytest.mark.real
REAL = torch.tensor([[True, True, True], [True, False, False]])
VALUES = torch.arange(24, dtype=torch.float64).reshape(2, 3, 4) / 7 + 1


class Block(torch.nn.Module):
    """A layer with work of its own before, between and after its modules."""

    def __init__(self, before: float = 1.0, after: float = 1.0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.first, self.second = (torch.nn.Linear(4, 4) for _ in range(2))
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator)
        self.before, self.after = before, after

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = hidden + self.second(self.before * self.first(hidden).tanh())
        return self.after * out


class Model(torch.nn.Module):
    """A block behind another one."""

    def __init__(self, **block: float) -> None:
        super().__init__()
        self.start, self.block = Block(), Block(**block)
        self.double()

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.block(self.start(hidden))
        return out


def seen(model: Model, values: torch.Tensor) -> tuple[list[dict[str, Any]], dict[str, torch.Tensor]]:
    """The calls inside the block of a forward, and their tensors."""
    tensors: dict[str, torch.Tensor] = {"real": REAL}

    def write(name: str, tensor: torch.Tensor, _: Any) -> None:
        tensors[name] = tensor.clone()

    return called(model, values, {"see": "all"}, write, None), tensors


def called(
    model: Model, values: torch.Tensor, asked: dict[str, Any], write: Any, read: Any
) -> list[dict[str, Any]]:
    calls = ModuleCalls(model, {"inside": ["block"], **asked}, write, read)
    with torch.no_grad(), calls:
        model(values)
    found: list[dict[str, Any]] = calls.answer()["modules"]
    return found


def given(
    reference: Model, candidate: Model, *, other: torch.Tensor | None = None
) -> dict[str, dict[str, Any]]:
    """Each module of the candidate's block on what the reference's was given; the candidate itself runs on `other` values."""
    calls, tensors = seen(reference, VALUES)
    modules = {
        f"{one['path']}#{one['call']}": {"takes": one["takes"], "gives": one["gives"]} for one in calls
    }
    asked = {"give": {"modules": modules, "real": "real", "exchange": True}}
    found = called(candidate, VALUES if other is None else other, asked, None, tensors.__getitem__)
    return {one["path"]: one for one in found}


def differs(found: dict[str, Any]) -> bool:
    return any(apart > 0 for squares in found.values() for _, apart, _ in squares)


def outputs(found: dict[str, dict[str, Any]]) -> list[str]:
    """The modules whose outputs differ."""
    return [path for path, one in found.items() if differs(one["output"])]


def arguments(found: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """The modules in the block that are passed something else, and by which module."""
    return [(path, one["caller"]) for path, one in found.items() if one["caller"] and differs(one["apart"])]


def test_a_twin_differs_nowhere_even_where_what_it_inherits_does() -> None:
    found = given(Model(), Model(), other=VALUES + 1)
    assert ["block", "block.first", "block.second"] == list(found)
    assert ([], []) == (outputs(found), arguments(found))


@pytest.mark.parametrize("path", ["block.first", "block.second"])
def test_a_changed_weight_is_seen_in_its_module_alone(path: str) -> None:
    candidate = Model()
    candidate.get_submodule(path).get_parameter("weight").data[1, 2] += 1e-6
    found = given(Model(), candidate, other=VALUES - 2)
    assert ([path], []) == (outputs(found), arguments(found))


def test_work_after_the_modules_is_seen_in_the_output_of_the_one_around_them() -> None:
    found = given(Model(), Model(after=1.001))
    assert (["block"], []) == (outputs(found), arguments(found))


def test_work_before_a_module_is_seen_in_what_its_caller_passes() -> None:
    found = given(Model(), Model(before=1.001))
    assert ([], [("block.second", "block#0")]) == (outputs(found), arguments(found))


def test_padding_is_not_compared_and_rows_are_told_apart() -> None:
    reference, candidate = Model(), Model()
    calls, tensors = seen(reference, VALUES)
    modules = {
        f"{one['path']}#{one['call']}": {"takes": one["takes"], "gives": one["gives"]} for one in calls
    }
    asked = {"see": "names", "give": {"modules": modules, "real": "real", "exchange": False}}
    padding, token = VALUES.clone(), VALUES.clone()
    padding[1, 2] += 1
    token[1, 0] += 1
    found = [
        {
            row: apart > 0
            for row, apart, _ in called(candidate, values, asked, None, tensors.__getitem__)[0]["output"]["0"]
        }
        for values in (padding, token)
    ]
    assert [{0: False, 1: False}, {0: False, 1: True}] == found


def test_the_model_is_left_as_it_was() -> None:
    model = Model()
    before = model(VALUES)
    given(Model(after=2.0), model)
    assert all("forward" not in module.__dict__ for module in model.modules())
    assert torch.equal(before, model(VALUES))


def test_a_module_that_two_blocks_hold_is_in_the_one_in_which_it_runs() -> None:
    model = Model()
    model.block.first = model.start.first
    calls, _ = seen(model, VALUES)
    assert [("block", "", 0), ("start.first", "first", 1), ("block.second", "second", 0)] == [
        (one["path"], one["inside"], one["call"]) for one in calls
    ]
