"""What is added up of selections: scores of the same names, decisions, and what was not compared; and the records made of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from parity.align.selecting import SCORES
from parity.inputs.example import Example
from parity.measure.noise import Floor
from parity.measure.stage_difference import Difference
from parity.pair_audit.judge import Measured, judge_stage
from parity.pair_audit.token_ledger import NAMED_ROWS
from parity.passes import FIRST
from parity.records.decisions import Decisions, Flip, FlipRate, ImpliedTemperature
from parity.records.exhibit import Cell, Exhibit, ExhibitColumn
from parity.records.pair import Pair
from parity.records.policy import PolicyRecord
from parity.records.stage import NotCompared, StageRecord
from parity.statistics.interval import one_sided_bounds

__all__ = ["Chosen", "Scored", "SelectionSums"]

_KEEP = 100
_SHOWN = 16
_TINY = 1e-300  # each score is measured against itself, however small it is


class Chosen(NamedTuple):
    """What both sides select at one place: the names, and, where they differ, by how much each prefers its own and whether rounding explains it."""

    names: Pair[str]
    same: bool = True
    margins: Pair[float | None] = Pair(None, None)
    explained: bool = False


class Scored(NamedTuple):
    """The score of one name on both sides, as probabilities; `name` for a reader."""

    name: str
    scores: Pair[float]


class SelectionSums:
    """The sums; `noun` is what is decided, `unit` and `stage` what the record calls them."""

    def __init__(self, noun: str, unit: str, confidence: float) -> None:
        self._noun, self._unit, self._confidence = noun, unit, confidence
        self._difference: Difference | None = None
        self._examples = self._differ = self._explained = 0
        self._rows: dict[int, bool] = {}
        self._flips: list[Flip] = []
        self._lost: dict[tuple[str, bool], list[int]] = {}
        self._furthest: list[tuple[float, list[Cell]]] = []
        self._overlap = [0, 0]

    def score(self, example: Example, at: int, scored: Sequence[Scored], limit: float) -> None:
        """Scores of one place; `limit` is how far one may lie beside the other before its position counts as beyond."""
        if not scored:
            return
        if self._difference is None:
            self._difference = Difference(limit, vector_floor=_TINY)
        here, there = (np.array([[one.scores[side]] for one in scored]) for side in (0, 1))
        count = len(scored)
        self._difference.add(here, there, np.full(count, example.row), np.full(count, at))
        for one in scored:
            ours, theirs = one.scores
            self._furthest.append((abs(ours - theirs), [example.row, at, one.name, ours, theirs]))
        self._furthest = sorted(self._furthest, key=lambda item: -item[0])[:_SHOWN]

    def decide(self, example: Example, at: int | None, chosen: Chosen) -> None:
        """What both sides select at one place."""
        self._examples += 1
        self._rows.setdefault(example.row, False)
        if chosen.same:
            return
        self._differ += 1
        self._explained += chosen.explained
        self._rows[example.row] = True
        if len(self._flips) < _KEEP:
            self._flips.append(
                Flip(
                    row=example.row,
                    id=example.id,
                    token=at if self._unit not in ("word", "example", "answer") else None,
                    text=example.text,
                    reference=chosen.names.reference,
                    candidate=chosen.names.candidate,
                    reference_margin=_finite(chosen.margins.reference),
                    candidate_margin=_finite(chosen.margins.candidate),
                    max_abs_logit=None,
                    explained_by_noise=chosen.explained,
                    label=example.label,
                    word=_word(example, at) if self._unit == "word" and at is not None else None,
                )
            )

    def overlap(self, common: int, of: int) -> None:
        """How many of the names that one side gives at a place are among as many that the other scores highest."""
        self._overlap = [self._overlap[0] + common, self._overlap[1] + of]

    def lose(self, row: int, reason: str, *, counts: bool = True) -> None:
        """Why a row was not compared, or something of it; whether that counts."""
        rows = self._lost.setdefault((reason, counts), [])
        if rows[-1:] != [row]:
            rows.append(row)

    def not_compared(self) -> list[NotCompared]:
        """The rows that were not compared, by their reasons."""
        return [
            NotCompared(stage=SCORES, pass_=FIRST.name, reason=f"{_rows(rows)}: {reason}", counts=counts)
            for (reason, counts), rows in self._lost.items()
        ]

    def stage(self, floor: Floor, policy: PolicyRecord) -> StageRecord | None:
        """The stage of the scores; None where there are none."""
        if self._difference is None:
            return None
        measured = Measured(SCORES, FIRST.name, self._difference.measurement(), floor, None)
        record = judge_stage(measured, policy)
        place = record.max_abs.at
        if place is not None:  # each score is a position by itself
            place = place.replace(", class 0", "").replace(", unit 0", "")
        return msgspec.structs.replace(record, max_abs=msgspec.structs.replace(record.max_abs, at=place))

    def decisions(self) -> Decisions | None:
        """The decisions as the audit keeps them; None where nothing was decided."""
        if not self._examples:
            return None
        flipped = sum(self._rows.values())
        return Decisions(
            examples=self._examples,
            agree=self._examples - self._differ,
            flips=self._flips,
            flip_rate=self._rate(self._differ, self._examples),
            temperatures=[],
            implied_temperature=ImpliedTemperature(value=None, r2=0.0),
            unit=self._unit,
            flips_total=self._differ,
            flips_explained=self._explained,
            rows=len(self._rows),
            rows_flipped=flipped,
            row_flip_rate=self._rate(flipped, len(self._rows)),
            noun=self._noun,
            decided_by="what one side selects, held against what the other scores highest",
            probabilities=False,
            stage="next_token" if self._unit == "next_token" else "label",
        )

    def exhibits(self) -> list[Exhibit]:
        """The scores that differ most."""
        if not self._furthest:
            return []
        note = "The scores that differ most, as probabilities."
        if self._overlap[1]:
            note += f" {100 * self._overlap[0] / self._overlap[1]:.4g} % of the names given are among as many that the other side scores highest."
        columns = [
            ExhibitColumn(name="row", kind="number"),
            ExhibitColumn(name="place", kind="number"),
            ExhibitColumn(name=self._noun, kind="data"),
            ExhibitColumn(name="reference", kind="number"),
            ExhibitColumn(name="candidate", kind="number"),
        ]
        rows = [cells for _, cells in self._furthest]
        return [
            Exhibit(
                title="Scores of what was selected",
                kind="table",
                columns=columns,
                rows=rows,
                of=SCORES,
                note=note,
            )
        ]

    def _rate(self, count: int, of: int) -> FlipRate:
        bounds = one_sided_bounds(count, of, self._confidence)
        return FlipRate(
            value=count / of,
            low=bounds.low,
            high=bounds.high,
            confidence=self._confidence,
            bounds="one-sided",
        )


def _rows(rows: Sequence[int]) -> str:
    named = ", ".join(map(str, rows[:NAMED_ROWS]))
    return (
        f"row {named}"
        if len(rows) == 1
        else f"{len(rows)} rows ({named}{' …' if len(rows) > NAMED_ROWS else ''})"
    )


def _word(example: Example, at: int) -> str:
    known = example.words is not None and at < len(example.words)
    return f"{at}, {example.words[at]!r}" if example.words is not None and known else str(at)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
