"""The text half of a model of texts and pictures (or sound): what its `get_text_features` runs, as a model by itself."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from torch and transformers are Any here.

from __future__ import annotations

import functools
from typing import Any

import torch

__all__ = ["TextHalf", "part_that_reads", "token_table"]

_EMBEDDING = "embedding"


def part_that_reads(whole: Any) -> Any:
    """The module of a whole model that reads texts."""
    return whole.text_model


def token_table(whole: Any) -> Any:
    """The table of token embeddings of a whole model: the first of its text part, which comes before any of positions."""
    tables = (module for module in part_that_reads(whole).modules() if isinstance(module, torch.nn.Embedding))
    return next(tables, None)


class TextHalf(torch.nn.Module):
    """Runs the text half of a whole model. Its modules are those of that half, so that layers are found there alone."""

    def __init__(self, whole: Any) -> None:
        super().__init__()
        self.text_model = part_that_reads(whole)
        features = whole.get_text_features

        @functools.wraps(features)
        def forward(return_dict: bool = True, **inputs: Any) -> dict[str, Any]:
            found = features(**inputs)
            # transformers 5 returns the outputs of the text model, earlier versions the vector alone.
            vector = found if isinstance(found, torch.Tensor) else found.pooler_output
            return {_EMBEDDING: vector}

        self.forward = forward

    @property
    def device(self) -> Any:
        """Where its parameters are."""
        return next(self.parameters()).device
