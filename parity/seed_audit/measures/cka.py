"""Similarity of what two runs compute at one stage: debiased linear CKA beside cosine and relative L2.

CKA ignores rotations and scale, so that it can be high where cosine is not (0.94 and 0.42 in a last layer) and the reverse;
neither alone shows that two runs compute the same. The biased CKA of unrelated vectors is far above 0 when features outnumber
vectors, hence HSIC's unbiased estimate (Song et al., JMLR 2012; Murphy et al. 2024). All in float64 on centred vectors: an
uncentred float32 Gram matrix gives NaN and -1.08 on real hidden states.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from parity.statistics.interval import Interval
from parity.statistics.quantiles import t_quantile

__all__ = ["PopulationSimilarity", "Similarity", "population_similarity", "similarity"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_CONSTANT = 1e-6  # relative to the vectors' norm: a hundred times what batching moves a float32 value that is constant
_GROUPS = 40


class Similarity(NamedTuple):
    """How alike two runs are at one stage, over real tokens.

    cka: at most 1, around 0 (also below) for unrelated vectors; None, never 1.0, where it is undefined: `state` shows
    whether either run's vectors are all the same ("constant"), there are fewer than four ("few"), some value is not
    finite ("not_finite"; then nothing is measured), or they vary too little for their number ("unclear"). The interval leaves out examples in up to 40 groups (jackknife,
    t). cosine: mean over vectors, None where all are zero; relative_l2: |other - one| / |one|, for one architecture only;
    both None where the widths differ.
    """

    cka: float | None
    cka_interval: Interval | None
    cosine: float | None
    relative_l2: float | None
    vectors: int
    state: Literal["measured", "constant", "few", "not_finite", "unclear"]


class PopulationSimilarity(NamedTuple):
    """Similarity over pairs of runs at one stage: means, the least alike pair, and how many pairs had a CKA.

    relative_l2 is the mean over both directions. cka_interval: of the mean, for these runs and new examples (jackknife over
    groups of examples, t); None without examples to leave out.
    """

    cka: float | None
    cka_least: float | None
    cosine: float | None
    cosine_least: float | None
    relative_l2: float | None
    relative_l2_most: float | None
    pairs: int
    undefined: int
    cka_interval: Interval | None = None


class _Sums(NamedTuple):
    """What HSIC needs of two sets of vectors over some rows; sums of parts add up. k and l are the diagonals of the two Gram
    matrices K and L.
    """

    n: int
    x: Floats
    y: Floats
    xy: Floats
    x_by_l: Floats
    y_by_k: Floats
    k: float
    l: float
    kl: float


def similarity(
    one: npt.NDArray[Any],
    other: npt.NDArray[Any],
    examples: Integers | None = None,
    confidence: float = 0.95,
) -> Similarity:
    """Of the same positions in two runs, [vectors, width] each (widths may differ), padding already excluded.

    examples: [vectors] the example each vector belongs to, for the interval; without it there is none.
    """
    return _measured(one, other, examples, confidence)[0]


def _measured(
    one: npt.NDArray[Any], other: npt.NDArray[Any], examples: Integers | None, confidence: float
) -> tuple[Similarity, Floats | None]:
    """The similarity, and [groups] its CKA without each group of examples."""
    x, y = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y):
        raise ValueError(f"shapes {x.shape} and {y.shape} are not the same vectors [vectors, width]")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return Similarity(None, None, None, None, len(x), "not_finite"), None
    cosine, distance = _direct(x, y)
    if len(x) < 4:
        return Similarity(None, None, cosine, distance, len(x), "few"), None
    centred = [side - side.mean(axis=0) for side in (x, y)]
    if any(
        np.linalg.norm(middle) <= _CONSTANT * np.linalg.norm(side)
        for middle, side in zip(centred, (x, y), strict=True)
    ):
        return Similarity(None, None, cosine, distance, len(x), "constant"), None
    # Unit norms: products of three sums of squares stay within float64 whatever the scale.
    a, b = (side / np.linalg.norm(side) for side in centred)
    pairs = ((a, b), (a, a), (b, b))
    wholes = [_sums(*pair) for pair in pairs]
    value = _cka([_hsic(sums) for sums in wholes])
    if value is None:
        return Similarity(None, None, cosine, distance, len(x), "unclear"), None
    without = None if examples is None else _jackknife(pairs, wholes, np.asarray(examples))
    interval = None if without is None else _interval(value, without, confidence)
    return Similarity(value, interval, cosine, distance, len(x), "measured"), without


def population_similarity(
    runs: Sequence[npt.NDArray[Any]],
    examples: Integers | None = None,
    confidence: float = 0.95,
    used: npt.NDArray[np.bool_] | None = None,
) -> PopulationSimilarity:
    """Over pairs of runs, each [vectors, width] at the same positions; two runs at least.

    examples: [vectors] the example each vector belongs to, for the interval. used: [runs, runs] which pairs (None: all).
    """
    pairs = [
        (runs[one], runs[other])
        for one, other in combinations(range(len(runs)), 2)
        if used is None or used[one, other]
    ]
    measured = [_measured(one, other, examples, confidence) for one, other in pairs]
    found = [pair for pair, _ in measured]
    back = [_direct(np.asarray(b, np.float64), np.asarray(a, np.float64))[1] for a, b in pairs]
    ckas = [pair.cka for pair in found if pair.cka is not None]
    cosines = [pair.cosine for pair in found if pair.cosine is not None]
    far = [value for value in [*(pair.relative_l2 for pair in found), *back] if value is not None]
    deleted = [without for pair, without in measured if pair.cka is not None]
    known = [without for without in deleted if without is not None]
    interval = None
    if known and len(known) == len(deleted):
        interval = _interval(float(np.mean(ckas)), np.mean(known, axis=0), confidence)
    return PopulationSimilarity(
        float(np.mean(ckas)) if ckas else None,
        min(ckas, default=None),
        float(np.mean(cosines)) if cosines else None,
        min(cosines, default=None),
        float(np.mean(far)) if far else None,
        max(far, default=None),
        len(found),
        len(found) - len(ckas),
        interval,
    )


def _direct(x: Floats, y: Floats) -> tuple[float | None, float | None]:
    """Mean cosine over vectors that are not zero, and |y - x| / |x|."""
    if x.shape != y.shape or not x.size:
        return None, None
    norms = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    some = norms > 0
    cosine = float((np.vecdot(x, y)[some] / norms[some]).mean()) if some.any() else None
    size = float(np.linalg.norm(x))
    return cosine, float(np.linalg.norm(y - x)) / size if size else None


def _sums(x: Floats, y: Floats) -> _Sums:
    k, l = np.vecdot(x, x), np.vecdot(y, y)
    return _Sums(
        len(x),
        x.sum(axis=0),
        y.sum(axis=0),
        x.T @ y,
        l @ x,
        k @ y,
        float(k.sum()),
        float(l.sum()),
        float(k @ l),
    )


def _without(whole: _Sums, part: _Sums) -> _Sums:
    return _Sums(
        whole.n - part.n,
        whole.x - part.x,
        whole.y - part.y,
        whole.xy - part.xy,
        whole.x_by_l - part.x_by_l,
        whole.y_by_k - part.y_by_k,
        whole.k - part.k,
        whole.l - part.l,
        whole.kl - part.kl,
    )


def _hsic(s: _Sums) -> float:
    """HSIC1 from sums over vectors: the Gram matrices, their diagonals set to 0, are never made.

    1/(n(n-3)) [tr(KL) + 1'K1 1'L1 / ((n-1)(n-2)) - 2/(n-2) 1'KL1].
    """
    n = s.n
    trace = float((s.xy * s.xy).sum()) - s.kl
    both = (float(s.x @ s.x) - s.k) * (float(s.y @ s.y) - s.l)
    chain = float(s.x @ s.xy @ s.y) - float(s.x @ s.x_by_l) - float(s.y @ s.y_by_k) + s.kl
    return (trace + both / ((n - 1) * (n - 2)) - 2 * chain / (n - 2)) / (n * (n - 3))


def _cka(hsics: Sequence[float]) -> float | None:
    cross, one, other = hsics
    return cross / math.sqrt(one * other) if one > 0 and other > 0 else None


def _jackknife(
    pairs: Sequence[tuple[Floats, Floats]], wholes: Sequence[_Sums], examples: Integers
) -> Floats | None:
    """[groups] CKA with examples left out group by group; the sums without them are the whole sums minus theirs."""
    names, place = np.unique(examples, return_inverse=True)
    groups = min(_GROUPS, len(names))
    if groups < 3:
        return None
    group = place % groups
    without: list[float] = []
    for index in range(groups):
        out = group == index
        left = [_without(sums, _sums(x[out], y[out])) for (x, y), sums in zip(pairs, wholes, strict=True)]
        if left[0].n < 4:
            return None
        found = _cka([_hsic(sums) for sums in left])
        if found is None:
            return None
        without.append(found)
    return np.array(without)


def _interval(value: float, without: Floats, confidence: float) -> Interval:
    groups = len(without)
    error = math.sqrt((groups - 1) / groups * float(((without - without.mean()) ** 2).sum()))
    half = t_quantile((1 + confidence) / 2, groups - 1) * error
    return Interval(max(-1.0, value - half), min(1.0, value + half))
