"""A token that two models choose differently after the same tokens: by how much each prefers its own, and whether noise explains it.

Each side scores both tokens. The gap between the two sides' preferences is what has to be explained. Rounding moves one score by about the
distance of a side's scores from its own float64 run at this very step (root mean square over the vocabulary, without the mean, which
no softmax sees); a difference of two scores by sqrt(2) of that; and the gap by that of both sides, which err independently. As
elsewhere five times as much is still noise. And where both float64 runs prefer the same token, only rounding makes the others differ.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.measure.noise import NOISE_FACTOR
from parity.records.pair import Pair

__all__ = ["Flip", "flip_of"]

_Scores = NDArray[np.floating]


class Flip(NamedTuple):
    """`margin`: by how much the reference scores its own token above the candidate's (None: one of them cannot be chosen there).

    `noise` is the gap that rounding explains, and `explained` says whether it does; None where there is no float64 run to know it by.
    """

    margin: float | None
    noise: float | None
    explained: bool | None


def flip_of(scores: Pair[_Scores], exact: Pair[_Scores] | None, chosen: Pair[int]) -> Flip:
    """A flip, from the scores [vocabulary] of both sides, the same in float64, and the token that each side chose."""
    gaps = [_preference(side, chosen) for side in scores]
    if not all(map(math.isfinite, gaps)):
        return Flip(gaps[0] if math.isfinite(gaps[0]) else None, None, False)
    if exact is None:
        return Flip(gaps[0], None, None)
    errors = [_error(side, double) for side, double in zip(scores, exact, strict=True)]
    noise = NOISE_FACTOR * math.sqrt(2.0) * math.hypot(*errors)
    true = [_preference(side, chosen) for side in exact]
    agree = all(map(math.isfinite, true)) and true[0] * true[1] > 0
    return Flip(gaps[0], noise, bool(gaps[0] - gaps[1] <= noise or agree))


def _preference(scores: _Scores, chosen: Pair[int]) -> float:
    size = len(scores)
    if max(chosen) >= size:
        return math.nan
    return float(scores[chosen.reference]) - float(scores[chosen.candidate])


def _error(scores: _Scores, exact: _Scores) -> float:
    known = np.isfinite(scores) & np.isfinite(exact)
    if not known.any():
        return 0.0
    difference = scores[known].astype(np.float64) - exact[known].astype(np.float64)
    centred: NDArray[np.float64] = difference - difference.mean()
    return float(np.sqrt(np.mean(centred**2)))
