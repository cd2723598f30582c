"""A module's `forward` replaced for a while, on the module itself: hooks run as they do, and what stood there is put back."""

# Values from torch are Any here.

from __future__ import annotations

from typing import Any, Callable

__all__ = ["replace_forward"]


def replace_forward(module: Any, forward: Callable[..., Any]) -> Callable[[], None]:
    """Let a module run another `forward`; returns what puts back its own, which may itself be on the module (an offloaded one has such)."""
    own = module.__dict__.get("forward")

    def undo() -> None:
        if own is None:
            module.__dict__.pop("forward", None)
        else:
            module.forward = own

    module.forward = forward
    return undo
