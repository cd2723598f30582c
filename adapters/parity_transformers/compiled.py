"""A model as `torch.compile` compiles it, with its stages among what the compiled code returns.

Hooks that are there before a model is compiled are compiled with it. Those here only put what they see into a list, so that it becomes an
output of the compiled code: nothing is run again without the compiler to see it. Each compiled graph counts its calls, and a forward that
called none is an error.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from torch are Any here.

from __future__ import annotations

import importlib
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any, Callable, Sequence

import torch

from . import finding
from .versions import version_of

if TYPE_CHECKING:
    from parity._in_process.host import Host
    from parity._in_process.sites import Site

__all__ = ["Compiled", "check"]

_RECOMPILED = 64  # times, of one function, before torch gives up and runs it uncompiled


def check(host: Host) -> None:
    """Refuse at once where there is nothing to compile with."""
    if version_of("torch") < (2, 2):
        raise host.Refusal(
            "bad-option-value",
            f"compile=default needs torch 2.2 or later, and this interpreter has {torch.__version__}.",
            "Omit compile, or name a newer interpreter with @.",
        )
    wanted = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
    if shutil.which(wanted) is None:
        raise host.Refusal(
            "bad-option-value",
            f"compile=default needs a C++ compiler, and there is no {wanted} on PATH.",
            "Install one (on Debian: apt-get install g++), or omit compile.",
        )


class Compiled:
    """One compiled model: `forward` runs it, `graphs` counts what was compiled, `breaks` names where the compiler stopped."""

    def __init__(self, host: Host, call: Callable[[dict[str, Any]], Any], sites: Sequence[Site]) -> None:
        self._host, self._sites = host, list(sites)
        self._ran = self.graphs = 0
        self._seen: list[tuple[int, Any]] = []
        for place, site in enumerate(self._sites):
            _hang(site, place, self._seen)
        config: Any = importlib.import_module("torch._dynamo.config")
        inductor: Any = importlib.import_module("torch._inductor.config")
        for settings, name, value in (
            (config, "recompile_limit", _RECOMPILED),
            (config, "cache_size_limit", _RECOMPILED),
            (config, "fail_on_recompile_limit_hit", True),
            (inductor, "compile_threads", 1),  # no processes of its own
        ):
            if hasattr(settings, name):
                setattr(settings, name, value)

        def plain(tensors: dict[str, Any]) -> Any:
            return call(tensors)

        self._call: Any = torch.compile(plain, backend=self._backend, dynamic=True)

    @property
    def breaks(self) -> list[str]:
        """Why the compiler stopped inside the model, if it did: what lies between two graphs runs uncompiled."""
        counters: Any = importlib.import_module("torch._dynamo.utils").counters
        return sorted(str(reason).split("\n")[0] for reason in counters["graph_break"])

    def try_out(self, tensors: dict[str, Any], name: str) -> list[str]:
        """Compile for some rows; the stages that the compiled code does not return. Refuses a model that cannot be compiled."""
        try:
            self.outputs(tensors)
        except Exception as error:
            raise self._host.Refusal(
                "subject",
                f"torch.compile cannot compile {name}: {finding.first_line(error)}",
                "Omit compile, or name an interpreter with another torch with @.",
            ) from error
        seen = {place for place, value in self._seen if value is not None}
        return [site.name for place, site in enumerate(self._sites) if place not in seen]

    def outputs(self, tensors: dict[str, Any]) -> Any:
        """The model's outputs, by compiled code; raises RuntimeError where none was run."""
        self._seen.clear()
        before = self._ran
        found = self._call(tensors)
        if self._ran == before:
            raise RuntimeError("torch.compile ran no compiled code in this forward")
        return found

    def forward(self, tensors: dict[str, Any], tapped: Any, wanted: Sequence[Site]) -> Any:
        """The outputs; the wanted stages, as the compiled code returned them, go to the tap."""
        found = self.outputs(tensors)
        names = {site.name for site in wanted}
        calls: dict[int, int] = {}
        for place, value in self._seen:
            site = self._sites[place]
            number = calls.get(place, 0)
            calls[place] = number + 1
            if number == site.call and site.name in names:
                tapped.take(site._replace(pick=_as_it_is), value)
        self._seen.clear()
        return found

    def _backend(self, graph: Any, inputs: Any) -> Any:
        """Torch's usual compiler, with a count of what it compiled and of each call of that."""
        self._host.progress("compiling")
        compile_fx: Any = importlib.import_module("torch._inductor.compile_fx").compile_fx
        inner = compile_fx(graph, inputs)
        self.graphs += 1

        def run(*args: Any) -> Any:
            self._ran += 1
            return inner(*args)

        return run


def _hang(site: Site, place: int, seen: list[tuple[int, Any]]) -> None:
    """A hook that is compiled with the module, and does nothing outside compiled code."""
    pick = site.pick

    def enters(_: Any, args: Any, kwargs: Any) -> None:
        if torch.compiler.is_compiling():
            seen.append((place, pick((args, kwargs))))

    def leaves(_: Any, __: Any, output: Any) -> None:
        if torch.compiler.is_compiling():
            seen.append((place, pick(output)))

    if site.before:
        site.module.register_forward_pre_hook(enters, with_kwargs=True)
    else:
        site.module.register_forward_hook(leaves)


def _as_it_is(value: Any) -> Any:
    return value
