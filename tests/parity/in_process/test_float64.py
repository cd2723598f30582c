"""Float64 that is kept: through a model's own casts, its new tensors and what torch has in float32 only."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
# torch is typed in part only.

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from torch.nn import functional

from parity._in_process import float64
from tests.models import tiny

IDS = torch.tensor([[2, 5, 9, 11, 3, 7], [2, 6, 8, 3, 0, 0]])
MASK = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])
VALUES = torch.tensor([[0.1, -0.7, 1.3, 0.4], [2.1, 0.3, -0.2, 1 / 3]])


class Low(torch.nn.Module):
    """A layer whose result goes through a function that may compute in less than float64."""

    def __init__(self, inner: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)
        self.inner = inner

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.inner(self.linear(values))


def in_both(model: torch.nn.Module) -> tuple[str, torch.Tensor, torch.Tensor]:
    """What the watch said, the result in kept float64, and that of a copy whose weights are one float32 rounding off."""
    with torch.no_grad():
        with float64.in_float64(model) as watch:
            first = model(VALUES)
        model.linear.weight[0, 0] += 1e-7  # type: ignore[union-attr, operator, index]
        with float64.in_float64(model):
            second = model(VALUES)
    return watch.status, first, second


def into_float32(values: torch.Tensor) -> torch.Tensor:
    table = torch.empty_like(values, dtype=torch.float32)
    table[:] = values
    return table


CASTS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "float": lambda x: (x.float() * 2).to(x.dtype),
    "half": lambda x: x.half().type_as(x),
    "bfloat16": lambda x: x.bfloat16().to(x.dtype),
    "to": lambda x: x.to(torch.float32).rsqrt().nan_to_num().to(x.dtype),
    "to by name": lambda x: x.to(dtype=torch.bfloat16) + 0.5,
    "to with a device": lambda x: x.to("cpu", torch.float32),
    "to another tensor": lambda x: x.to(torch.ones(1, dtype=torch.float32)),
    "type": lambda x: x.type(torch.float32),
    "type by name": lambda x: x.type("torch.FloatTensor"),
    "type by class": lambda x: x.type(cast("Any", torch.FloatTensor)),
    "type_as": lambda x: x.type_as(torch.ones(1, dtype=torch.float16)),
    "softmax": lambda x: functional.softmax(x, dim=-1, dtype=torch.float32).to(x.dtype),
    "softmax method": lambda x: x.softmax(-1, torch.float32),
    "sum": lambda x: x.sum(-1, dtype=torch.float32),
    "cumsum": lambda x: torch.cumsum(x, -1, dtype=torch.float32),
    "autocast off": lambda x: without_autocast(x),
    "a new float32 tensor": into_float32,
    "a table in float32": lambda x: x @ torch.arange(4, dtype=torch.float32).exp(),
    "a table by division": lambda x: x * (1.0 / (10000 ** (torch.arange(0, 4).float() / 4))),
    "an eye": lambda x: x @ torch.eye(4, dtype=torch.float32),
    "a tensor of numbers": lambda x: x + torch.tensor([0.1, 0.2, 0.3, 0.4]),
    "a mask": lambda x: x.masked_fill(torch.tensor([False, True, False, False]), torch.finfo(x.dtype).min).softmax(-1),
    "zeros like": lambda x: x + torch.zeros_like(x, dtype=torch.float32),
    "a sum of several": lambda x: torch.cat([x.float(), torch.ones(2, 1)], dim=-1),
    "einsum": lambda x: torch.einsum("ij,kj->ik", x, torch.ones(3, 4, dtype=torch.float32)),
}  # fmt: skip


def without_autocast(values: torch.Tensor) -> torch.Tensor:
    with torch.autocast("cpu", enabled=False):
        return values.float().square().mean(-1, keepdim=True).rsqrt()


@pytest.mark.parametrize("how", CASTS)
def test_a_weight_one_rounding_off_stays_visible_through(how: str) -> None:
    torch.manual_seed(0)
    said, first, second = in_both(Low(CASTS[how]))
    assert {torch.float64} == {first.dtype, second.dtype}
    assert said == "pure" or said.startswith("kept: ")
    difference = float((first - second).abs().max() / first.abs().max())
    assert 1e-11 < difference < 1e-5


@pytest.mark.parametrize("how", CASTS)
def test_what_is_kept_is_the_same_but_for_rounding(how: str) -> None:
    torch.manual_seed(0)
    model = Low(CASTS[how])
    with torch.no_grad(), float64.in_float64(model):
        kept = model(VALUES)
    with torch.no_grad():
        plain = model(VALUES)
    torch.testing.assert_close(kept.float(), plain.float(), rtol=2e-2, atol=1e-2)


def test_what_was_kept_is_named() -> None:
    said, _, _ = in_both(
        Low(lambda x: functional.softmax(x.float(), dim=-1, dtype=torch.float32).to(torch.float32))
    )
    assert "kept: float, softmax, to" == said


def test_what_torch_has_in_float32_only_is_computed_there_and_named() -> None:
    def only_single(values: torch.Tensor) -> torch.Tensor:
        if torch.overrides.has_torch_function_unary(values):
            return torch.overrides.handle_torch_function(only_single, (values,), values)
        if values.dtype == torch.float64:
            raise NotImplementedError("\"only_single\" not implemented for 'Double'")
        return values * 2

    model = Low(only_single)
    with torch.no_grad(), float64.in_float64(model) as watch:
        result = model(VALUES)
    assert ("mixed: only_single", torch.float64) == (watch.status, result.dtype)


def test_writing_into_a_tensor_that_was_made_in_float32_is_named() -> None:
    held = torch.empty(2, 4)

    def through(values: torch.Tensor) -> torch.Tensor:
        held[:] = values
        return held * 1

    model = Low(through)
    with torch.no_grad(), float64.in_float64(model) as watch:
        model(VALUES)
    assert "mixed: __setitem__" == watch.status


def test_bytes_looked_at_in_another_way_are_no_cast() -> None:
    seen: list[torch.Tensor] = []

    def bits(values: torch.Tensor) -> torch.Tensor:
        seen.append(torch.ones(2, 4).view(torch.int64))
        seen.append(torch.frombuffer(bytearray(8), dtype=torch.float32))
        return values

    with torch.no_grad(), float64.in_float64(model := Low(bits)):
        model(VALUES)
    assert [(2, 4), (2,)] == [tuple(tensor.shape) for tensor in seen]


def test_the_default_dtype_is_what_it_was_afterwards_also_when_the_model_raises() -> None:
    def fails(values: torch.Tensor) -> torch.Tensor:
        raise KeyError("in the middle")

    model = Low(fails)
    with pytest.raises(KeyError), float64.in_float64(model):
        model(VALUES)
    assert (torch.float32, torch.float32) == (torch.get_default_dtype(), torch.tensor(0.5).dtype)


def test_grouped_matrices_are_those_of_each_group() -> None:
    grouped: Any = getattr(torch, "_grouped_mm", None)
    if grouped is None:
        pytest.skip("this torch has no grouped matrices")
    rows, weights = torch.randn(6, 16), torch.randn(3, 16, 8)
    model = Low(lambda x: grouped(rows, weights, offs=torch.tensor([2, 2, 6], dtype=torch.int32)) + x.sum())
    with torch.no_grad(), float64.in_float64(model) as watch:
        found = model(VALUES) - model.linear(VALUES.double()).sum()
    expected = torch.cat([rows[:2].double() @ weights[0].double(), rows[2:].double() @ weights[2].double()])
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    assert "pure" == watch.status


@pytest.mark.parametrize(
    "family", ["llama", "qwen2", "gpt_neox", "modernbert", "gemma", "gemma3_text", "cohere"]
)
def test_a_family_that_casts_down_is_kept_and_attends_alike_in_both_implementations(family: str) -> None:
    found: list[Any] = []
    for attention in ("eager", "sdpa"):
        model = tiny(family, attn_implementation=attention, pad_token_id=0)
        with torch.no_grad(), float64.in_float64(model) as watch:
            found.append(model(input_ids=IDS, attention_mask=MASK).last_hidden_state[MASK.bool()])
        assert watch.status.startswith("kept: ")
    torch.testing.assert_close(found[0], found[1], rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    "family", ["llama", "gemma", "gemma3_text", "cohere", "modernbert", "qwen2", "mixtral"]
)
def test_rows_padded_on_the_left_are_numbers_in_both_implementations(family: str) -> None:
    """Rows of pure padding: the mask's least float64, cast to float32, was minus infinity, and its softmax NaN."""
    ids, mask = IDS.flip(1), MASK.flip(1)
    for attention in ("eager", "sdpa"):
        model = tiny(family, attn_implementation=attention, pad_token_id=0)
        with torch.no_grad(), float64.in_float64(model):
            found = model(input_ids=ids, attention_mask=mask).last_hidden_state
        assert bool(torch.isfinite(found).all())
