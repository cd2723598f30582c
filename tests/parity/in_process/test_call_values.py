"""What a module is called with crosses as a description, and is given back in the form of what it replaces, or not at all."""

# pyright: reportUnknownMemberType=false
# torch is typed in part only.

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
import torch

from parity._in_process.call_values import (
    FIRST,
    Sender,
    exchanged,
    first_leaf,
    given_output,
    has_tensors,
    leaves,
    named_arguments,
)


class Doubling(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Parameter(torch.ones(2))

    def forward(self, x: Any, mask: Any = None, *, scale: float = 2.0, **more: Any) -> Any:
        return x * scale


def test_arguments_are_named_as_the_forward_names_them_and_the_first_alike_in_all() -> None:
    found = named_arguments(Doubling().forward, (1, 2), {"scale": 3.0, "other": 4})
    assert [(FIRST, 0, 1), ("mask", 1, 2), ("scale", "scale", 3.0), ("other", "other", 4)] == found
    assert [(FIRST, "x", 1)] == named_arguments(Doubling().forward, (), {"x": 1})


def test_a_tensor_is_sent_once_and_again_after_it_was_written_into() -> None:
    sent: list[str] = []

    def write(name: str, *_: Any) -> None:
        sent.append(name)

    sender = Sender(Doubling(), write)
    tensor = torch.ones(2)
    first = sender.describe([tensor, {"again": tensor}, None, 3])
    assert {"tensor": "call.0"} == first["items"][0] == first["items"][1]["fields"]["again"]
    tensor.add_(1)
    assert {"tensor": "call.1"} == sender.describe(tensor)
    assert ["call.0", "call.1"] == sent


def test_a_parameter_is_described_by_its_name_too() -> None:
    model = Doubling()
    assert "table" == Sender(model, None).describe(model.table)["of"]


def given(tensor: Any) -> Any:
    def answer(_: Any) -> Any:
        return tensor

    return answer


@pytest.mark.parametrize(
    ("own", "other"),
    [
        (torch.ones(2), torch.ones(3)),
        (torch.ones(2), torch.ones(2, dtype=torch.bool)),
        (None, torch.ones(2)),
        ((torch.ones(2), None), torch.ones(2)),
    ],
)
def test_what_has_another_form_is_not_exchanged(own: Any, other: Any) -> None:
    assert exchanged(own, {"tensor": "t"}, given(other)) is None


def test_a_tensor_is_exchanged_in_ones_own_precision_with_how_far_the_two_are() -> None:
    found = exchanged(torch.ones(2), {"tensor": "t"}, given(torch.full((2,), 2.0, dtype=torch.float64)))
    assert found is not None
    assert (torch.float32, [2.0, 2.0], 0.5) == (found.value.dtype, found.value.tolist(), found.apart)


def test_a_masks_lowest_number_stays_a_number_in_less_precision() -> None:
    lowest = torch.tensor([0.0, torch.finfo(torch.float64).min], dtype=torch.float64)
    own = torch.tensor([0.0, torch.finfo(torch.float32).min])
    found = exchanged(own, {"tensor": "t"}, given(lowest))
    assert found is not None and found.value.isfinite().all()
    assert 0.0 == found.apart


def test_a_tuple_is_exchanged_whole_and_plain_values_only_where_they_are_equal() -> None:
    own = (torch.ones(1), None)
    found = exchanged(own, {"items": [{"tensor": "t"}, {"plain": None}]}, given(torch.zeros(1)))
    assert found is not None and (0.0, None, math.inf) == (found.value[0].item(), found.value[1], found.apart)
    assert exchanged(own, {"items": [{"tensor": "t"}, {"plain": 1}]}, given(torch.zeros(1))) is None


def test_a_description_without_tensors_has_none() -> None:
    assert not has_tensors({"items": [{"plain": "tensor"}, {"fields": {"x": {"kind": "Cache"}}}]})
    assert has_tensors({"items": [{"fields": {"x": {"tensor": "t"}}}]})


@dataclasses.dataclass
class Layer:
    """What a layer of another house returns."""

    hidden_states: Any
    probabilities: Any = None


def test_a_record_gets_the_tensor_of_another_form_and_keeps_its_own() -> None:
    own = Layer(torch.ones(1))
    for gives in ({"tensor": "t"}, {"items": [{"tensor": "t"}, {"plain": None}]}):
        found = given_output(own, gives, given(torch.zeros(1)))
        assert isinstance(found, Layer) and 0.0 == found.hidden_states.item()
    assert 1.0 == own.hidden_states.item()


def test_a_tensor_or_tuple_gets_the_first_of_a_record() -> None:
    gives = {"fields": {"hidden_states": {"tensor": "t"}, "probabilities": {"plain": None}}}
    read = given(torch.zeros(1))
    assert 0.0 == given_output(torch.ones(1), gives, read).item()
    assert 0.0 == given_output((torch.ones(1), None), gives, read)[0].item()
    assert [1.0] == [leaf.item() for leaf in leaves(Layer(torch.ones(1)))]
    assert 1.0 == first_leaf(Layer(torch.ones(1))).item()
