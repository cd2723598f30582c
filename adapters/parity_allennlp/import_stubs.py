"""Stand-ins for packages that AllenNLP imports and that loading and running an archive never call.

They make the managed environment small (no cloud clients, no torchvision, no scikit-learn, ...). Only packages that are not
installed are replaced: the finder is the last one, so that in a user's environment the real ones are used.

Runs inside the foreign interpreter: standard library only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types
from typing import Any, Sequence

ABSENT = [
    "PIL",
    "boto3",
    "botocore",
    "datasets",
    "fairscale",
    "google",
    "h5py",
    "lmdb",
    "nltk",
    "rich",
    "scipy",
    "sklearn",
    "tensorboardX",
    "termcolor",
    "torchvision",
    "wandb",
]
"""What AllenNLP and allennlp-models import, and the slim environment does not have."""


class _Anything(type):
    """A class of which every attribute is the class itself, so that `package.Class.NAME` can be read at import."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls


class Absent(metaclass=_Anything):
    """The names of a replaced package; creating an instance raises an error with the missing package."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise RuntimeError(
            f"{type(self).__module__} is not installed: parity's environment does not have it, because loading an archive does not need it"
        )


class _StandIn(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        bases = (Absent, Exception) if name.endswith(("Error", "NotFound")) else (Absent,)
        return _Anything(name, bases, {"__module__": self.__name__})


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """A spec for a package that no other finder found, if it is one of those that may be absent."""
        if fullname.split(".")[0] not in ABSENT:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """An empty package with every name in it."""
        module = _StandIn(spec.name)
        module.__path__ = []
        vars(module)["__version__"] = "0"
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing to run."""


def install() -> None:
    """Add the finder of the stand-ins as the last one."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
