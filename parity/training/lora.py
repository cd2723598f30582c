"""The `[lora]` of a recipe: a low-rank adapter is trained in place of the base's own weights, and merged into them at the end.

[lora]
r = 8
alpha = 16
dropout = 0.1
target_modules = ["query", "value"]   # by default those that peft has for this kind of model
modules_to_save = ["classifier"]      # trained whole, beside the adapter; by default the head
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = ["LoraSettings"]

_Count = Annotated[int, Meta(ge=1)]
_Name = Annotated[str, Meta(min_length=1)]


class LoraSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A LoRA adapter as peft takes it: its rank, the scale (alpha / r), dropout before it, the modules that get one, and those trained whole."""

    r: _Count = 8
    alpha: Annotated[float, Meta(gt=0)] = 16.0
    dropout: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    target_modules: tuple[_Name, ...] = ()
    modules_to_save: tuple[_Name, ...] = ()
