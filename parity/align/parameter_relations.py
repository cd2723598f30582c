"""How two parameters that are not equal are related: decided by digests where these suffice, else by rows of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.border.description import Parameter
from parity.border.parameters_asked import Sketch
from parity.records.pair import Pair

__all__ = ["Related", "RowsRead", "by_digests", "by_rows", "differing_rows"]

_SAME = 1e-6  # relative: what is left after a factor is taken out
_NEAR = 0.02  # of a step of a grid
_LEAST = 8  # numbers that show a factor, or the grid of a row
_ON_GRID = 64  # numbers that show a grid
_GRIDS = (("int4", 16), ("int8", 256))


class Related(NamedTuple):
    """How two parameters are related; `relative_l2` of the difference (None: not known), `detail` how much and where."""

    relation: str
    relative_l2: float | None = None
    detail: str = ""


class RowsRead(NamedTuple):
    """Rows [n, columns] of both parameters: `differing` of the `of` rows differ (None: not known), and `at` are those that were read."""

    values: Pair[NDArray[np.float64]]
    at: Sequence[int]
    of: int
    differing: int | None


def by_digests(sides: Pair[Parameter], sketches: Pair[Sketch], heads: int | None) -> Related | None:
    """What digests alone show; None where they show nothing. `heads` is how many attention heads the reference has."""
    one, other = sketches
    shapes = [tuple(side.shape) for side in sides]
    if (
        one.rounded["float32"] == other.rounded["float32"]
        and "float32" in one.exact
        and "float32" in other.exact
    ):
        if shapes[0] != shapes[1]:
            return Related("reshaped", 0.0, f"from {_shape(shapes[0])} to {_shape(shapes[1])}")
        return Related(
            f"dtype:{sides.candidate.dtype}", 0.0, f"the reference's is held as {sides.reference.dtype}"
        )
    if shapes[0] == shapes[1]:
        for kind, digest in one.rounded.items():
            if digest == other.rounded[kind] and (kind in one.exact) != (kind in other.exact):
                which = (
                    "candidate's is the reference's"
                    if kind in other.exact
                    else "reference's is the candidate's"
                )
                return Related(f"rounded:{kind}", None, f"the {which} rounded")
    if one.transposed and one.transposed == other.rounded["float32"] and shapes[0] == shapes[1][::-1]:
        return Related("transposed")
    if shapes[0] == shapes[1]:
        for axis, here, there in (
            ("rows", one.each_row, other.each_row),
            ("columns", one.each_column, other.each_column),
        ):
            if here and here != there and sorted(here) == sorted(there):
                return _permuted(axis, here, there, heads)
    if one.numbers == other.numbers and one.rounded["float32"] != other.rounded["float32"]:
        return Related("permuted:numbers", None, "the same numbers in another order")
    return _resized(one.each_row, other.each_row, shapes)


def differing_rows(sketches: Pair[Sketch]) -> list[int] | None:
    """The rows whose digests differ; None where they are not known."""
    here, there = (one.each_row for one in sketches)
    if not here or len(here) != len(there):
        return None
    return [row for row, (one, other) in enumerate(zip(here, there, strict=True)) if one != other]


def by_rows(read: RowsRead, norm: float | None) -> Related:
    """What the rows show. `norm` is that of the whole reference (None: of the rows that were read)."""
    ours, theirs = read.values
    if not np.isfinite(ours).all() or not np.isfinite(theirs).all():
        return Related("changed", None, "some numbers are not finite")
    relative = _relative(read, norm)
    whole = read.differing is None or read.differing == read.of
    if whole and not theirs.any():
        return Related("zeros", relative, "the candidate's are all zero")
    if whole and (factor := _factor(ours, theirs)) is not None:
        return Related("scaled", relative, f"by {factor:.6g}")
    if whole and (grid := _grid(ours, theirs)):
        return Related(f"rounded:{grid}", relative, "the candidate's lie on a grid beside the reference's")
    return Related("changed", relative, _where(read))


def _permuted(axis: str, here: Sequence[str], there: Sequence[str], heads: int | None) -> Related:
    """In which order the rows or columns are, as whole heads where these are moved together."""
    moved = sum(one != other for one, other in zip(here, there, strict=True))
    size = len(here) // heads if heads and len(here) % heads == 0 else 0
    if size > 1:
        blocks = [[tuple(side[at : at + size]) for at in range(0, len(side), size)] for side in (here, there)]
        if sorted(blocks[0]) == sorted(blocks[1]):
            many = sum(one != other for one, other in zip(*blocks, strict=True))
            return Related("permuted:heads", None, f"{many} of {len(blocks[0])} heads, as {axis}")
    return Related(f"permuted:{axis}", None, f"{moved:,} of {len(here):,} {axis}")


def _resized(here: Sequence[str], there: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> Related | None:
    """Where one has more rows: whether those that both have are equal."""
    if shapes[0] == shapes[1]:
        return None
    shared = min(len(here), len(there))
    words = f"{_shape(shapes[0])} against {_shape(shapes[1])}"
    if shared and shapes[0][1:] == shapes[1][1:]:
        equal = sum(one == other for one, other in zip(here, there, strict=False))
        return Related("resized", None, f"{words}; {equal:,} of the first {shared:,} rows are equal")
    return Related("shape", None, words)


def _relative(read: RowsRead, norm: float | None) -> float | None:
    """The relative L2 of the difference; estimated where not all rows that differ were read."""
    ours, theirs = read.values
    squared = float(np.square(theirs - ours).sum())
    if norm is None:
        squared_norm = float(np.square(ours).sum())
    else:
        squared_norm = norm**2
        squared *= (read.differing if read.differing is not None else read.of) / max(len(read.at), 1)
    return None if squared_norm == 0.0 else float(np.sqrt(squared / squared_norm))


def _factor(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float | None:
    """The factor that makes one of the other; None where no factor does, or too few numbers show it."""
    squared = float(np.square(ours).sum())
    if np.count_nonzero(ours) < _LEAST or squared == 0.0:
        return None
    factor = float((ours * theirs).sum()) / squared
    left = float(np.square(theirs - factor * ours).sum())
    fits = left <= _SAME**2 * float(np.square(theirs).sum())
    return factor if fits and abs(factor - 1.0) > _SAME else None


def _grid(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> str:
    """The grid of whole numbers that the candidate's rows lie on, each number beside the reference's; empty where there is none."""
    if theirs.size < _ON_GRID:
        return ""
    if theirs.shape[1] < _LEAST:  # a vector, or rows so short that any two numbers lie on some grid
        ours, theirs = ours.reshape(1, -1), theirs.reshape(1, -1)
    for name, levels in _GRIDS:
        if all(_on_grid(one, other, theirs, levels) for one, other in zip(ours, theirs, strict=True)):
            return name
    return ""


def _on_grid(
    one: NDArray[np.float64], other: NDArray[np.float64], whole: NDArray[np.float64], levels: int
) -> bool:
    half = levels // 2
    steps = [float(np.abs(part).max()) / top for part in (other, whole) for top in (half - 1, half)]
    for part in (other, whole):
        gaps = np.diff(np.unique(part))
        steps += [float(gaps[gaps > 1e-3 * gaps.max()].min())] if len(gaps) else []
    for step in steps:
        if step <= 0.0:
            continue
        places: NDArray[np.float64] = (other - float(other.min())) / step
        near = np.abs(places - np.round(places)).max() <= _NEAR
        if near and places.max() < levels and np.abs(other - one).max() <= (0.5 + _NEAR) * step:
            return True
    return False


def _where(read: RowsRead) -> str:
    """How much is changed, and where: the rows that differ, and the largest difference."""
    apart = np.abs(read.values.candidate - read.values.reference)
    row, column = np.unravel_index(int(apart.argmax()), apart.shape) if apart.size else (0, 0)
    many = (
        f"{len(read.at):,} of {read.of:,} rows were read"
        if read.differing is None
        else f"{read.differing:,} of {read.of:,} rows"
    )
    if read.differing is not None and len(read.at) < read.differing:
        many += f", {len(read.at):,} of them read"
    largest = f"{apart.max():.1e} at row {read.at[int(row)]}, column {int(column)}" if apart.size else "none"
    return f"{many}; largest difference {largest}"


def _shape(shape: Sequence[int]) -> str:
    return f"[{', '.join(map(str, shape))}]"
