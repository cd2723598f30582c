"""What either side's head gives for each layer, on the same rows: how far the probabilities are apart, and which decisions differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.align.plan import Plan
from parity.measure.distributions import TemperatureMeasurement, TemperatureSums
from parity.records.exhibit import Cell, Exhibit, ExhibitColumn
from parity.records.lens import LensRecord, LensTemperature
from parity.records.pair import Pair

__all__ = ["LayerDecisions", "Seen"]

_NAMED = 6  # classes of one decision


class Seen(NamedTuple):
    """One layer in one batch: logits [n, columns] of both sides with the row and the position of each; `best` are the columns [n] that decide
    in a vocabulary, of which the logits are a part."""

    logits: Pair[NDArray[np.float64]]
    rows: NDArray[np.int64]
    positions: NDArray[np.int64]
    best: Pair[NDArray[np.int64]] | None = None


class LayerDecisions:
    """All layers of all batches, in forward order."""

    def __init__(self, plan: Plan, temperatures: Sequence[float]) -> None:
        task = plan.task
        assert task is not None and task.rule is not None, "the pass is possible"
        assert task.activation is not None, "the pass is possible"
        self._own, self._rule, self._activation = plan.temperatures, task.rule, task.activation
        self._temperatures = temperatures
        self._seen: dict[str, list[Seen]] = {}

    def add(self, stage: str, seen: Seen) -> None:
        """One layer in one batch."""
        self._seen.setdefault(stage, []).append(seen)

    def records(self) -> list[LensRecord]:
        """One record a layer."""
        return [self._record(stage, _joined(parts)) for stage, parts in self._seen.items()]

    def exhibits(self, of: str, labels: Sequence[str]) -> tuple[Exhibit, ...]:
        """One example through all layers, where any decision differs: the first that ends differently, else the one that differs most often."""
        seen = {stage: _joined(parts) for stage, parts in self._seen.items()}
        differ = np.stack([~self._agree(one) for one in seen.values()])
        if not differ.any():
            return ()
        place = int(differ[-1].argmax() if differ[-1].any() else differ.sum(axis=0).argmax())
        any_one = next(iter(seen.values()))
        row, position = int(any_one.rows[place]), int(any_one.positions[place])
        per_token = bool(any_one.positions.any())
        where = f"row {row}, token {position}" if per_token else f"row {row}"
        return (
            Exhibit(
                title="One example through the layers",
                kind="table",
                columns=[
                    ExhibitColumn(name="stage"),
                    ExhibitColumn(name="reference", kind="data"),
                    ExhibitColumn(name="candidate", kind="data"),
                    ExhibitColumn(name="JS", kind="number"),
                    ExhibitColumn(name="TV", kind="number"),
                    ExhibitColumn(name="largest difference", kind="number"),
                    ExhibitColumn(name="same", kind="text"),
                ],
                rows=[
                    self._step(stage, _at(one, place), labels, same=not differ[index, place])
                    for index, (stage, one) in enumerate(seen.items())
                ],
                of=of,
                note=f"What each side would decide in {where} if the model ended there, and the distances of the probabilities at temperature 1.",
            ),
        )

    def _record(self, stage: str, seen: Seen) -> LensRecord:
        agree = self._agree(seen)
        return LensRecord(
            stage=stage,
            decided=int(self._usable(seen).sum()),
            undefined=int((~self._usable(seen)).sum()),
            temperatures=[
                LensTemperature(
                    temperature=item.temperature,
                    js_mean=_finite(item.js_mean),
                    tv_mean=_finite(item.tv_mean),
                    max_abs_probability=_finite(item.max_abs_probability),
                    agree=int(agree[self._usable(seen)].sum()),
                )
                for item in self._measured(seen, self._temperatures)
            ],
            over=None if seen.best is None else int(seen.logits.reference.shape[1]),
        )

    def _measured(self, seen: Seen, temperatures: Sequence[float]) -> tuple[TemperatureMeasurement, ...]:
        sums = TemperatureSums(
            temperatures,
            activation=self._activation,
            rule=self._rule,
            reference_temperature=self._own.reference,
            candidate_temperature=self._own.candidate,
        )
        sums.add(seen.logits.reference, seen.logits.candidate)
        return sums.measurements()

    def _usable(self, seen: Seen) -> NDArray[np.bool_]:
        """[n] where both sides decide."""
        rule = self._rule
        return rule.usable(seen.logits.reference) & rule.usable(seen.logits.candidate)

    def _agree(self, seen: Seen) -> NDArray[np.bool_]:
        """[n] where both sides decide alike, or one of them decides nothing."""
        rule = self._rule
        logits, best = seen.logits, seen.best
        same = (
            rule.same(logits.reference, logits.candidate)
            if best is None
            else best.reference == best.candidate
        )
        return np.asarray(same | ~self._usable(seen))

    def _step(self, stage: str, seen: Seen, labels: Sequence[str], *, same: bool) -> list[Cell]:
        (found,) = self._measured(seen, (1.0,))
        names = [self._named(seen, side, labels) for side in range(2)]
        distances = (found.js_mean, found.tv_mean, found.max_abs_probability)
        return [stage, *names, *map(_finite, distances), "yes" if same else "no"]

    def _named(self, seen: Seen, side: int, labels: Sequence[str]) -> str:
        """What a side decides, in words, with the probability where one column of several is chosen."""
        if seen.best is not None:
            return f"id {int(seen.best[side][0])}"
        rule, activation = self._rule, self._activation
        chosen = np.flatnonzero(rule.chosen(seen.logits[side])[0]).tolist()
        names = [labels[place] if place < len(labels) else f"column {place}" for place in chosen]
        if rule.several or len(names) != 1 or not activation.per_row:
            return ", ".join(names[:_NAMED]) or "none"
        share = activation.probabilities(seen.logits[side], self._own[side])[0, chosen[0]]
        return f"{names[0]} ({share:.3f})"


def _joined(parts: Sequence[Seen]) -> Seen:
    """All batches of a layer as one."""
    best = [part.best for part in parts if part.best is not None]
    return Seen(
        Pair(*(np.concatenate(side) for side in zip(*(part.logits for part in parts), strict=True))),
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.positions for part in parts]),
        Pair(*(np.concatenate(side) for side in zip(*best, strict=True))) if best else None,
    )


def _at(seen: Seen, place: int) -> Seen:
    """One decision alone."""
    part = slice(place, place + 1)
    return Seen(
        Pair(*(side[part] for side in seen.logits)),
        seen.rows[part],
        seen.positions[part],
        None if seen.best is None else Pair(*(side[part] for side in seen.best)),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
