"""What modules keep from one forward to the next outside parameters and buffers: the tensors in their plain attributes.

A recurrent encoder may begin with the state that it ended with. A float64 run must begin where the ordinary run began, or the two differ
by more than rounding; and it must leave nothing of its own behind.
"""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["KeptState", "kept_state"]

_ABSENT: Any = object()


class KeptState:
    """The plain attributes of all modules at one moment; references, not copies."""

    def __init__(self, attributes: list[tuple[Any, dict[str, Any]]]) -> None:
        self._attributes = attributes

    def restore(self, dtype: Any = None) -> None:
        """Give the modules what they held then, where that is, or is now, a tensor; in another precision where `dtype` names one."""
        for module, then in self._attributes:
            now = module.__dict__
            names = [*now, *(name for name in then if name not in now)]
            if dtype is None:
                names = [name for name in names if now.get(name, _ABSENT) is not then.get(name, _ABSENT)]
            for name in names:
                before, after = then.get(name, _ABSENT), now.get(name, _ABSENT)
                if not _holds(before) and (before is after or not _holds(after)):
                    continue
                if before is _ABSENT:
                    del now[name]
                else:
                    now[name] = before if dtype is None else _cast(before, dtype)


def kept_state(model: Any) -> KeptState:
    """What the modules of a model hold now."""
    return KeptState([(module, dict(module.__dict__)) for module in model.modules()])


def _holds(value: Any) -> bool:
    if type(value) in (tuple, list):
        return any(_holds(one) for one in value)
    return isinstance(value, torch.Tensor)


def _cast(value: Any, dtype: Any) -> Any:
    if type(value) in (tuple, list):
        return type(value)(_cast(one, dtype) for one in value)
    return value.to(dtype) if isinstance(value, torch.Tensor) and value.dtype.is_floating_point else value
