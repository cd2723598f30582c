"""A model of a folder, run once by Transformers as a user of other tools runs it: a padded batch, hidden states and logits."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# transformers is typed in part only.

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

__all__ = ["encoded", "opened", "run"]


def opened(folder: Path, attention: str = "sdpa") -> Any:
    """The model, in float32 and eval mode."""
    import torch
    import transformers

    kind: Any = transformers.AutoModelForSequenceClassification
    return kind.from_pretrained(folder, attn_implementation=attention, dtype=torch.float32).eval()


def encoded(folder: Path, texts: Sequence[str]) -> dict[str, Any]:
    """The texts as one padded batch of tensors."""
    import transformers

    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder)
    return dict(tokenizer(list(texts), padding=True, return_tensors="pt"))


def run(folder: Path, texts: Sequence[str], attention: str = "sdpa") -> dict[str, NDArray[Any]]:
    """Embeddings, layers and logits, by name. Padded positions are part of them: the tools get no mask."""
    import torch

    with torch.no_grad():
        out = opened(folder, attention)(**encoded(folder, texts), output_hidden_states=True)
    names = ["embeddings", *(f"layer.{layer}" for layer in range(len(out.hidden_states) - 1))]
    stages = dict(zip(names, out.hidden_states, strict=True))
    return {name: value.numpy() for name, value in {**stages, "logits": out.logits}.items()}
