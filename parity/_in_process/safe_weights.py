"""Loading weights without executing what is pickled beside them.

torch 2.6 and later do it themselves (`weights_only=True`, which older versions could be made to bypass); for anything older the
unpickler here knows tensors, storages and plain containers, and refuses every other name before it is imported.
`install()` makes `torch.load` itself safe, for a framework that calls it; `load(path)` is the same for one file.
"""

from __future__ import annotations

import inspect
import os
import pickle
import re
import sys
import tarfile
import types
import zipfile
from typing import Any

import torch

__all__ = ["UnsafeWeights", "install", "load", "refused"]

_TENSORS = (
    "_rebuild_tensor",
    "_rebuild_tensor_v2",
    "_rebuild_parameter",
    "_rebuild_sparse_tensor",
)
_torch_load: Any = torch.load


class UnsafeWeights(pickle.UnpicklingError):
    """A weights file that names more than tensors; `name` is what it named. Nothing of it was executed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the weights file names {name}, which is neither a tensor nor a plain container")
        self.name = name


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        name = f"{module_name}.{global_name}"
        if name == "collections.OrderedDict":
            import collections

            return collections.OrderedDict
        if module_name == "torch._utils" and global_name in _TENSORS:
            return getattr(sys.modules["torch._utils"], global_name)
        if module_name in ("torch", "torch.cuda") and re.match(r"^[A-Za-z0-9]+Storage$", global_name):
            return getattr(torch if module_name == "torch" else torch.cuda, global_name)
        if module_name == "torch":
            value = getattr(torch, global_name, None) if "." not in global_name else None
            if isinstance(value, torch.dtype) or value is torch.Size or value is torch.device:
                return value
        raise UnsafeWeights(name)


def _module() -> Any:
    """The stand-in for `pickle` that torch.load is given."""

    def read(file: Any, **arguments: Any) -> Any:
        return _Unpickler(file, **arguments).load()

    module: Any = types.ModuleType("parity_safe_pickle")
    module.Unpickler = _Unpickler
    module.load = read
    module.UnpicklingError = pickle.UnpicklingError
    module.__version__ = "0"
    return module


def load(source: Any, map_location: Any = "cpu", **arguments: Any) -> Any:
    """What `torch.load` gives for tensors in plain containers; raises UnsafeWeights for anything else."""
    arguments.pop("pickle_module", None)
    arguments.pop("weights_only", None)
    arguments["map_location"] = map_location
    _refuse_other_formats(source)
    knows = "weights_only" in inspect.signature(_torch_load).parameters
    if knows and _torch_version() >= (2, 6):
        try:
            return _torch_load(source, weights_only=True, **arguments)
        except pickle.UnpicklingError as error:
            named = re.search(r"GLOBAL ([\w.]+)", str(error))
            if named is None:
                raise
            raise UnsafeWeights(named.group(1)) from error
    if knows:
        arguments["weights_only"] = False
    return _torch_load(source, pickle_module=_module(), **arguments)


def install() -> None:
    """Put `load` in the place of `torch.load`, for frameworks that call that."""

    def safe(f: Any, map_location: Any = None, pickle_module: Any = None, **arguments: Any) -> Any:
        return load(f, map_location=map_location, **arguments)

    safe.__doc__ = load.__doc__
    torch.load = safe


def refused(error: BaseException | None) -> UnsafeWeights | None:
    """The UnsafeWeights inside an error that a framework wrapped in others, if there is one."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        if isinstance(one, UnsafeWeights):
            return one
        seen.add(id(one))
        waiting += [one.__cause__, one.__context__]
    return None


def _torch_version() -> Any:
    return tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])


def _refuse_other_formats(source: Any) -> None:
    """Old torch unpacks tar files and runs TorchScript under the same name; neither holds only weights."""
    if isinstance(source, (str, os.PathLike)):
        with open(os.fspath(source), "rb") as file:
            _refuse_other_formats(file)
        return
    start = source.tell()
    try:
        if zipfile.is_zipfile(source):
            source.seek(start)
            with zipfile.ZipFile(source) as archive:
                if any(name.endswith("/constants.pkl") for name in archive.namelist()):
                    raise UnsafeWeights("TorchScript code")
            return
        source.seek(start)
        try:
            tarfile.open(fileobj=source, mode="r:").close()
        except tarfile.TarError:
            return
        raise UnsafeWeights("a tar archive in torch's old format")
    finally:
        source.seek(start)
