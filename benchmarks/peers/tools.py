"""The tools, each as a question with its own defaults: are these two sides the same? None where a tool cannot be given the pair."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# The tools are imported by name: they are no dependency of this project.

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import numpy as np

from benchmarks.peers.models import encoded, opened
from benchmarks.peers.pairs import Array, Pair

__all__ = ["TOOLS", "Tool"]

_ALL = "fiu"


class Tool(NamedTuple):
    """A column: its heading, the package that it needs, and its answer."""

    name: str
    package: str
    same: Callable[[Pair], bool | None]

    @property
    def installed(self) -> str:
        """The version of the package; empty where it is not installed."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return ""


def _each(pair: Pair, same: Callable[[Array, Array], bool]) -> bool:
    """A function of two arrays, on every stage by its name; a stage that one side does not have is different."""
    one, other = pair.reference.stages, pair.candidate.stages
    return one.keys() == other.keys() and all(same(values, other[name]) for name, values in one.items())


def _raises(check: Callable[[], object]) -> bool:
    """Whether an assertion fails."""
    try:
        check()
    except AssertionError:
        return True
    return False


def _numpy(pair: Pair) -> bool:
    return _each(pair, lambda a, b: not _raises(lambda: np.testing.assert_allclose(b, a)))


def _tensors(stages: dict[str, Array]) -> dict[str, Any]:
    import torch

    return {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in stages.items()}


def _torch(pair: Pair) -> bool:
    import torch

    sides = [_tensors(side.stages) for side in (pair.candidate, pair.reference)]
    return not _raises(lambda: torch.testing.assert_close(*sides))


def _pytest_torch(pair: Pair) -> bool:
    close: Any = importlib.import_module("pytest_torch").assert_outputs_close
    sides = [_tensors(side.stages) for side in (pair.candidate, pair.reference)]
    return not _raises(lambda: close(*sides))


def _localize(pair: Pair) -> bool | None:
    folders = [side.folder for side in (pair.reference, pair.candidate)]
    if folders[0] is None or folders[1] is None:
        return None
    localize: Any = importlib.import_module("pytest_torch.divergence").localize_divergence
    ways = [side.subject.rpartition("=")[2] for side in (pair.reference, pair.candidate)]
    models = [opened(folder, way) for folder, way in zip(folders, ways, strict=True) if folder]
    report = localize(*models, encoded(folders[0], pair.inputs or ()))
    return not report.diverged


def _cosine(least: float) -> Callable[[Pair], bool]:
    """The cosine of each vector along the last axis, as checks of embeddings have it."""

    def same(a: Array, b: Array) -> bool:
        if a.shape != b.shape:
            return False
        x, y = (side.astype(np.float64) for side in (a, b))
        with np.errstate(invalid="ignore", divide="ignore"):
            cosines = (x * y).sum(axis=-1) / np.sqrt((x * x).sum(axis=-1) * (y * y).sum(axis=-1))
        nothing = ~(x.any(axis=-1) | y.any(axis=-1))  # two vectors of zeros, as in padding, have none
        return bool(((cosines >= least) | nothing).all())

    return lambda pair: _each(pair, same)


def _close(a: Array, b: Array) -> bool:
    with np.errstate(invalid="ignore"):
        return a.shape == b.shape and bool(np.abs(a.astype(np.float64) - b).max(initial=0.0) <= 1e-5)


def _all_close(pair: Pair) -> bool:
    return _each(pair, _close)


def _last(pair: Pair) -> bool:
    """The outputs alone, as tests of an export have it."""
    (name,) = list(pair.reference.stages)[-1:]
    return name in pair.candidate.stages and _close(pair.reference.stages[name], pair.candidate.stages[name])


def _polygraphy(function: str, kinds: str = _ALL) -> Callable[[Pair], bool | None]:
    def same(pair: Pair) -> bool | None:
        comparator: Any = importlib.import_module("polygraphy.comparator")
        logger: Any = importlib.import_module("polygraphy.logger").G_LOGGER
        logger.module_severity = logger.CRITICAL
        sides = [_of_kinds(side.stages, kinds) for side in (pair.reference, pair.candidate)]
        if kinds != _ALL and _equal(*sides):
            return None  # a comparison of indices, and no index differs
        results = comparator.RunResults()
        for number, stages in enumerate(sides):
            results.append(
                (f"side-{number}", [comparator.IterationResult(outputs=stages, runner_name=str(number))])
            )
        try:
            found = comparator.Comparator.compare_accuracy(
                results, compare_func=getattr(comparator, function)()
            )
        except Exception:  # noqa: BLE001 - it refuses by an exception of its own
            return False
        return bool(found)

    return same


def _equal(one: dict[str, Array], other: dict[str, Array]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def _of_kinds(stages: dict[str, Array], kinds: str) -> dict[str, Array]:
    return {name: values for name, values in stages.items() if values.dtype.kind in kinds}


TOOLS: Sequence[Tool] = (
    Tool("Polygraphy simple", "polygraphy", _polygraphy("SimpleCompareFunc")),
    Tool("Polygraphy l2", "polygraphy", _polygraphy("L2CompareFunc")),
    Tool("Polygraphy indices", "polygraphy", _polygraphy("IndicesCompareFunc", "iu")),
    Tool("torch assert_close", "torch", _torch),
    Tool("numpy assert_allclose", "numpy", _numpy),
    Tool("pytest-torch assert_outputs_close", "pytest-torch", _pytest_torch),
    Tool("pytest-torch localize_divergence", "pytest-torch", _localize),
    Tool("cosine ≥ 0.99", "numpy", _cosine(0.99)),
    Tool("cosine ≥ 0.999", "numpy", _cosine(0.999)),
    Tool("max-abs ≤ 1e-5", "numpy", _all_close),
    Tool("max-abs ≤ 1e-5, outputs alone", "numpy", _last),
)
