"""Packed weights as they are described: every form that a quantisation leaves, from torch's own kernels and tensor classes."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch is typed in part only.

from __future__ import annotations

import importlib
import warnings
from typing import Any

import pytest
import torch
from torch.testing._internal.two_tensor import (
    TwoTensor,
)  # a class that wraps two tensors, as packed weights do

from parity._in_process import sketches, tap


def quantised(seed: int = 0) -> Any:
    """Two linear layers, quantised by torch, and a norm that is not."""
    torch.manual_seed(seed)
    plain = torch.nn.Sequential(
        torch.nn.Linear(4, 3), torch.nn.LayerNorm(3), torch.nn.Linear(3, 2, bias=False)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantize: Any = importlib.import_module("torch.ao.quantization").quantize_dynamic
        return quantize(plain, {torch.nn.Linear}, dtype=torch.qint8)


def wrapped(first: float, second: float) -> Any:
    """A linear layer whose weight is of a class that wraps two tensors."""
    layer = torch.nn.Linear(3, 2, bias=False)
    both: Any = TwoTensor
    parts = (torch.full((2, 3), value) for value in (first, second))
    layer.weight = torch.nn.Parameter(both(*parts), requires_grad=False)
    return layer


def test_quantised_layers_are_described_as_they_are_held() -> None:
    found = {one["name"]: one for one in tap.parameters(quantised())}
    assert ["0.weight", "0.bias", "1.weight", "1.bias", "2.weight"] == sorted(found, key=list(found).index)
    assert ([3, 4], "qint8", "qint8") == tuple(found["0.weight"][key] for key in ("shape", "dtype", "packed"))
    assert ("float32", None) == (found["0.bias"]["dtype"], found["0.bias"].get("packed"))


def test_one_byte_a_weight_and_four_a_bias_is_what_quantised_layers_take() -> None:
    assert 12 * 1 + 3 * 4 + (3 + 3) * 4 + 6 * 1 == tap.weights_bytes(quantised())
    assert (12 + 3 + 6 + 6) * 4 == tap.weights_bytes(
        torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.LayerNorm(3), torch.nn.Linear(3, 2, bias=False))
    )


def test_weights_that_are_tied_count_once() -> None:
    one = torch.nn.Linear(4, 4, bias=False)
    other = torch.nn.Linear(4, 4, bias=False)
    other.weight = one.weight
    assert 64 == tap.weights_bytes(torch.nn.Sequential(one, other))


def wrapped_of(seed: int) -> Any:
    return wrapped(1.0, 2.0 + seed)


@pytest.mark.parametrize("make", [quantised, wrapped_of], ids=["torch", "wrapped"])
def test_equal_packed_weights_have_equal_digests_and_others_have_others(make: Any) -> None:
    one, same, other = ([item["digest"] for item in tap.parameters(make(seed))] for seed in (0, 0, 1))
    assert (True, False) == (one == same, one == other)


def test_a_wrapped_weight_is_named_by_its_class_and_sized_by_its_parts() -> None:
    layer = wrapped(1.0, 2.0)
    (found,) = tap.parameters(layer)
    assert ("TwoTensor", [2, 3], 48) == (found["packed"], found["shape"], tap.weights_bytes(layer))


def test_two_wrapped_weights_of_one_shape_are_not_taken_for_one() -> None:
    found = tap.parameters(torch.nn.Sequential(wrapped(1.0, 2.0), wrapped(1.0, 3.0)))
    assert 2 == len({item["digest"] for item in found})


def test_whole_numbers_in_a_parameter_are_packed_and_a_mask_is_not() -> None:
    model = torch.nn.Module()
    model.packed = torch.nn.Parameter(torch.ones(2, 2, dtype=torch.uint8), requires_grad=False)
    model.mask = torch.nn.Parameter(torch.ones(2, dtype=torch.bool), requires_grad=False)
    assert {"packed": "uint8", "mask": None} == {
        item["name"]: item.get("packed") for item in tap.parameters(model)
    }


def test_only_a_model_with_packed_weights_is_packed() -> None:
    assert (True, True, False) == (
        tap.is_packed(quantised()),
        tap.is_packed(wrapped(1.0, 2.0)),
        tap.is_packed(torch.nn.Linear(2, 2)),
    )


def test_packed_weights_whose_numbers_are_not_known_have_no_sketch() -> None:
    model = torch.nn.Sequential(wrapped(1.0, 2.0), torch.nn.Linear(2, 2))
    assert ["1.weight"] == list(sketches.sketches([model], ["0.weight", "1.weight"]))


def test_many_quantised_layers_take_many_times_as_much() -> None:
    """Their tensors are made when they are read, one where the last one lay."""
    layers = torch.nn.ModuleList(quantised() for _ in range(20))
    assert 20 * tap.weights_bytes(quantised()) == tap.weights_bytes(layers)
