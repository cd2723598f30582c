"""The torch tap: copies a model's named places out while a forward runs.

`locate(model)` (in `sites.py`, where the names are listed) finds the places; `Tap(sites, write)` hooks them for one
forward and calls `write(stage, tensor, axes)` as each is computed. The hooks return None, so that they cannot change what the
model computes.

`in_float64`, `is_packed`, `kept_state`, `of_two_texts`, `parameters`, `weights_bytes` and `weights_digest` come from the files beside this one, so that a runner needs this only.
"""

from __future__ import annotations

from typing import Any, Callable, Sequence

import torch

from .float64 import in_float64
from .kept_state import kept_state
from .packed import is_packed, weights_bytes
from .sites import HIDDEN, Site, first_tensor, locate, position_limit, position_rows
from .two_texts import of_two_texts
from .weights import parameters, weights_digest

__all__ = [
    "HIDDEN",
    "Site",
    "Tap",
    "first_tensor",
    "in_float64",
    "is_packed",
    "kept_state",
    "locate",
    "of_two_texts",
    "parameters",
    "position_limit",
    "position_rows",
    "weights_bytes",
    "weights_digest",
]


class Tap:
    """Hooks on a model's places for the forwards inside the `with`; use one Tap a forward.

    `shape` is (rows, tokens) of the forward, where known: a tensor that does not begin with it is not written but
    named in `unfit`, with its shape. Without it the first hidden states give the shape. `targets` are the positions that a decoder is
    given, where it reads another text.
    """

    def __init__(
        self,
        sites: Sequence[Site],
        write: Callable[[str, Any, Sequence[str]], None],
        shape: tuple[int, int] | None = None,
        targets: int | None = None,
    ) -> None:
        self._sites = list(sites)
        self._write = write
        self._shape = shape
        self._targets = targets
        self._waiting: list[tuple[Site, Any]] = []
        self._calls: dict[int, int] = {}
        self._undo: list[Callable[[], None]] = []
        self.unfit: dict[str, str] = {}
        self.written: list[str] = []

    def __enter__(self) -> Tap:  # noqa: PYI034 (Self is not in Python 3.8)
        hung: dict[int, list[Site]] = {}
        for site in self._sites:
            hung.setdefault(id(site.module), []).append(site)
        for sites in hung.values():
            self._hang(sites)
        return self

    def __exit__(self, *_: object) -> None:
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()

    def _hang(self, sites: list[Site]) -> None:
        module = sites[0].module
        key = id(module)
        self._calls[key] = 0

        def enters(_: Any, args: Any, kwargs: Any) -> None:
            for site in sites:
                if site.before and site.call == self._calls[key]:
                    self.take(site, (args, kwargs))

        def leaves(_: Any, __: Any, output: Any) -> None:
            call = self._calls[key]
            self._calls[key] = call + 1
            for site in sites:
                if not site.before and site.call == call:
                    self.take(site, output)

        if any(site.before for site in sites):
            self._undo.append(_before(module, enters))
        self._undo.append(module.register_forward_hook(leaves).remove)

    def take(self, site: Site, seen: Any) -> None:
        """What was seen at a place: written as its stage, or named in `unfit`."""
        tensor = site.pick(seen)
        if tensor is None:
            self.unfit[site.name] = "not a tensor"
        elif site.axes == ("row", "token"):
            self._waiting.append((site, tensor))
            self._release()
        else:
            shape = tuple(int(size) for size in tensor.shape)
            if self._shape is None and site.axes == HIDDEN and len(shape) == 3:
                self._shape = (shape[0], shape[1])
            self._release()
            known = self._shape or ()
            if site.cut and known and len(shape) == 3 and shape[0] == known[0] and shape[1] > known[1]:
                tensor = tensor[:, : known[1]]
                shape = (*known, shape[2])
            sizes: dict[str, int] = dict(zip(("row", "token"), known))
            if self._targets is not None:
                sizes["target"] = self._targets
            lead = tuple(sizes[axis] for axis in site.axes if axis in sizes)
            if len(shape) != len(site.axes) or shape[: len(lead)] != lead:
                self.unfit[site.name] = f"of shape {list(shape)}"
            else:
                self._send(site, tensor)

    def _release(self) -> None:
        """Write the stages that had to wait for the shape: positions are often one row for all."""
        if self._shape is None:
            return
        for site, tensor in self._waiting:
            try:
                spread = tensor.expand(self._shape)
            except RuntimeError:
                self.unfit[site.name] = f"of shape {list(tensor.shape)}"
            else:
                self._send(site, spread)
        self._waiting = []

    def _send(self, site: Site, tensor: Any) -> None:
        if site.name not in self.written:
            self.written.append(site.name)
            self._write(site.name, tensor, site.axes)


def _before(module: Any, enters: Callable[[Any, Any, Any], None]) -> Callable[[], None]:
    """Call `enters(module, args, kwargs)` before the module's forward; returns how to stop that."""
    if int(torch.__version__.split(".", 1)[0]) >= 2:
        return module.register_forward_pre_hook(enters, with_kwargs=True).remove  # type: ignore[no-any-return]
    # torch 1.x shows a pre-hook the positional arguments only, and DistilBERT passes hidden states by name.
    own = module.__dict__.get("forward")
    inner = module.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        enters(module, args, kwargs)
        return inner(*args, **kwargs)

    def undo() -> None:
        if own is None:
            del module.__dict__["forward"]
        else:
            module.forward = own

    module.forward = forward
    return undo
