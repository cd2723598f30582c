"""A copy of a folder in which named tensors are changed: the wrong twin of a model."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and safetensors are typed in part only.

from __future__ import annotations

import fnmatch
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

__all__ = ["change_tensor", "copy", "tensor_names", "vary"]


def copy(folder: Path, out: Path, **config: Any) -> Path:
    """A copy of the folder; `config` are fields of config.json that it has otherwise."""
    shutil.copytree(folder, out, dirs_exist_ok=True)
    if config:
        path = out / "config.json"
        fields = {**json.loads(path.read_text(encoding="utf-8")), **config}
        path.write_text(json.dumps(fields, indent=1), encoding="utf-8")
    return out


def tensor_names(folder: Path) -> list[str]:
    """The names of the tensors of the folder's model.safetensors, sorted."""
    from safetensors import safe_open

    with safe_open(folder / "model.safetensors", framework="pt") as file:
        return sorted(str(name) for name in file.keys())  # noqa: SIM118 - it is no mapping


def change_tensor(folder: Path, name: str, change: Callable[[Any], Any]) -> None:
    """Put what `change` makes of the tensor of this name in its place; raises ValueError where that is the same."""
    import torch
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    tensors = load_file(path)
    changed = change(tensors[name].clone())
    if torch.equal(changed, tensors[name]):
        raise ValueError(f"{name} was not changed.")
    save_file({**tensors, name: changed}, path, metadata={"format": "pt"})


def vary(
    folder: Path, out: Path, names: Iterable[str], amount: float, *, element: int | None = None, seed: int = 0
) -> list[str]:
    """Write a copy whose tensors of these names (patterns may hold `*`) differ by `amount` times their standard deviation.

    With `element` one element of each tensor, counted flat, has the amount added; else every element has seeded normal noise of
    that size. A tensor whose elements are all equal counts as one of standard deviation 1. Returns the names of what was
    changed; raises ValueError where a pattern meets no tensor, so that no table compares a folder with itself unawares.
    """
    import torch
    from safetensors.torch import load_file, save_file

    copy(folder, out)
    path = out / "model.safetensors"
    tensors = load_file(path)
    changed: list[str] = []
    generator = torch.Generator().manual_seed(seed)
    for pattern in names:
        met = sorted(fnmatch.filter(tensors, pattern))
        if not met:
            raise ValueError(f"No tensor of {folder.name} is called {pattern}: {', '.join(sorted(tensors))}.")
        for name in met:
            tensor = tensors[name].clone()
            spread = float(tensor.double().std()) if tensor.numel() > 1 else 0.0
            step = amount * (spread or 1.0)
            if element is None:
                tensor += step * torch.randn(tensor.shape, generator=generator).to(tensor.dtype)
            else:
                tensor.view(-1)[element] += step
            if torch.equal(tensor, tensors[name]):
                raise ValueError(
                    f"{amount:g} times its standard deviation does not change {name}: less than its rounding."
                )
            tensors[name] = tensor
            changed.append(name)
    save_file(tensors, path, metadata={"format": "pt"})
    return changed
