"""Poolings, against plain loops over the real tokens of each row."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# torch is typed in part only.

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from parity_transformers.sentence_layers import MODES, Pooling

_MASK = [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 0, 1, 1, 1]]


def plain(mode: str, tokens: Any) -> Any:
    """One row's real tokens [n, hidden] pooled."""
    if mode == "cls":
        return tokens[0]
    if mode == "lasttoken":
        return tokens[-1]
    if mode == "max":
        return tokens.max(dim=0).values
    if mode == "mean":
        return sum(tokens) / len(tokens)
    if mode == "mean_sqrt_len_tokens":
        return sum(tokens) / math.sqrt(len(tokens))
    return sum((k + 1) * token for k, token in enumerate(tokens)) / sum(range(1, len(tokens) + 1))


@pytest.mark.parametrize("mode", MODES)
def test_a_pooling_takes_the_real_tokens_whatever_side_is_padded(mode: str) -> None:
    hidden = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mask = torch.tensor(_MASK)
    expected = torch.stack([plain(mode, row[keep > 0]) for row, keep in zip(hidden, mask, strict=True)])
    assert torch.allclose(expected, Pooling((mode,))(hidden, mask), atol=1e-12)


def test_several_poolings_are_joined() -> None:
    hidden, mask = torch.randn(2, 3, 4), torch.ones(2, 3, dtype=torch.long)
    assert (2, 8) == tuple(Pooling(("cls", "mean"))(hidden, mask).shape)
