"""Agreement of all runs at once: how often they agree, compared with chance, and on which examples they do not."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.seed_audit.measures.churn import churn_matrix, disagreement, votes
from parity.statistics.estimate import Estimate, deleted_part, estimate
from parity.statistics.interval import Interval, clopper_pearson
from parity.statistics.pairing import Pairing, every_pair

__all__ = ["Agreement", "Contested", "agreement", "vote_entropy"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Contested(NamedTuple):
    """One example on which runs disagree: votes as (class, runs), most first, and their entropy in bits."""

    example: int
    entropy: float
    votes: tuple[tuple[int, int], ...]
    label: int | None


class Agreement(NamedTuple):
    """Agreement among runs.

    raw: the share of pairs of runs that agree, 1 - mean churn. kappa: Fleiss' (raw - chance) / (1 - chance), with chance
    from the pooled votes; it falls when one class dominates, so read it beside `raw`; None where every vote is for one
    class. entropy: mean vote entropy in bits, at most log2 min(runs, classes), biased low with few runs. unanimous: the
    share of examples on which all runs agree; its interval is for these runs on new examples. Accuracies are of the
    runs' votes where all agree and elsewhere; None without labels or without such examples.
    """

    runs: int
    examples: int
    raw: float
    chance: float
    kappa: Estimate | None
    entropy: float
    entropy_limit: float
    unanimous: float
    unanimous_interval: Interval | None
    accuracy_unanimous: float | None
    accuracy_contested: float | None
    contested: tuple[Contested, ...]
    contested_total: int


def vote_entropy(predictions: Integers) -> Floats:
    """[examples] -sum_k q_k log2 q_k of the votes of predictions [runs, examples], in bits."""
    share = votes(predictions) / len(predictions)
    logs = np.log2(share, out=np.zeros_like(share), where=share > 0)
    return np.asarray(np.abs((share * logs).sum(axis=1)))


def agreement(
    predictions: Integers,
    labels: Integers | None = None,
    *,
    classes: int | None = None,
    confidence: float = 0.95,
    keep: int = 100,
    pairing: Pairing | None = None,
) -> Agreement:
    """Of predictions [runs, examples], two runs at least; keep: how many contested examples to list, most contested first.

    pairing: the pairs of runs that share no seed, where not all do not; `raw` and `kappa` are of these, the rest of all runs.
    """
    runs, examples = predictions.shape
    entropy = vote_entropy(predictions)
    alike = (predictions == predictions[0]).all(axis=0)
    raw, chance = _raw_and_chance(predictions, pairing)
    order = np.argsort(-entropy, kind="stable")
    contested = [int(index) for index in order if not alike[index]]
    right = None if labels is None else np.where(labels >= 0, (predictions == labels).mean(axis=0), np.nan)
    return Agreement(
        runs,
        examples,
        raw,
        chance,
        _kappa(predictions, raw, chance, confidence, pairing),
        float(entropy.mean()),
        math.log2(max(1, min(runs, classes if classes is not None else runs))),
        float(alike.mean()),
        clopper_pearson(int(alike.sum()), examples, confidence),
        _mean(right, alike),
        _mean(right, ~alike),
        tuple(_contested(predictions, index, entropy, labels) for index in contested[:keep]),
        len(contested),
    )


def _raw_and_chance(predictions: Integers, pairing: Pairing | None) -> tuple[float, float]:
    return 1.0 - float(disagreement(predictions, pairing).mean()), _chance(predictions)


def _kappa(
    predictions: Integers, raw: float, chance: float, confidence: float, pairing: Pairing | None
) -> Estimate | None:
    """With the two-way jackknife, which follows from the counts: no example is read twice."""
    if chance >= 1.0:
        return None
    value = (raw - chance) / (1 - chance)
    runs, examples = predictions.shape
    pairs = every_pair(runs) if pairing is None else pairing
    bare = Estimate(value, None, None, None, 0.0, 0.0, confidence)
    if min(len(axis) for axis in pairs.axes) < 3 or examples < 2:
        return bare
    counts, apart = votes(predictions), disagreement(predictions, pairing)
    raws = 1.0 - (apart.sum() - apart) / (examples - 1)
    shares = (counts.sum(axis=0) - counts) / (runs * (examples - 1))
    chances = (shares * shares).sum(axis=1)
    by_seed: list[Floats] = []
    for axis, apart_without in zip(
        pairs.axes, pairs.deleted(churn_matrix(predictions, predictions)), strict=True
    ):
        left = np.array([_chance(np.delete(predictions, gone, axis=0)) for gone in axis])
        if (left >= 1.0).any():
            return bare
        by_seed.append((1.0 - apart_without - left) / (1 - left))
    if (chances >= 1.0).any():
        return bare
    by_example = (raws - chances) / (1 - chances)
    return estimate(
        value,
        [deleted_part(without) for without in by_seed],
        deleted_part(by_example),
        confidence,
        within=Interval(-1.0, 1.0),
    )


def _chance(predictions: Integers) -> float:
    share = votes(predictions).sum(axis=0) / predictions.size
    return float((share * share).sum())


def _mean(values: Floats | None, where: npt.NDArray[np.bool_]) -> float | None:
    if values is None:
        return None
    seen = values[where]
    seen = seen[~np.isnan(seen)]
    return float(seen.mean()) if len(seen) else None


def _contested(predictions: Integers, index: int, entropy: Floats, labels: Integers | None) -> Contested:
    found, counts = np.unique(predictions[:, index], return_counts=True)
    order = np.lexsort((found, -counts))
    label = int(labels[index]) if labels is not None and labels[index] >= 0 else None
    return Contested(
        index, float(entropy[index]), tuple((int(found[k]), int(counts[k])) for k in order), label
    )
