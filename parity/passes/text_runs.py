"""Texts that both sides generate for the same rows: run, compared token by token, and where they differ held against noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from parity.border.generated import Asked, Generated, GeneratedRow
from parity.measure.flip import Flip, flip_of, variation
from parity.measure.noise import NOISE_FACTOR
from parity.records.generation import FirstDifference, StepDistributions
from parity.records.pair import Pair
from parity.session.session import Session
from parity.session.window import Window

__all__ = ["TextRuns", "Texts"]

_BYTES = 64 << 20  # of scores at once
_SAME_IN_FLOAT64 = 1e-9  # total variation
_TOO_SMALL = 1e-6  # a total variation that float32 cannot know
_NO_CHANGES: Pair[Mapping[str, Any]] = Pair({}, {})


class Texts(NamedTuple):
    """What both sides generated for the rows that both could: `rows`, and each row's texts; `failed` are the others, with the reason."""

    rows: list[int]
    pairs: list[Pair[GeneratedRow]]
    failed: dict[int, str]
    differences: list[FirstDifference]


class TextRuns:
    """Generation on both sides for rows of one window, of at most so many new tokens."""

    def __init__(self, sides: Pair[Session], window: Window, most: int) -> None:
        self._sides = sides
        self._window = window
        self._most = most
        self._known = all(side.described.can.float64 for side in sides)
        digests = {side.described.tokenizer.get("vocabulary_digest") for side in sides}
        self._texts_only = any(side.described.can.texts_only for side in sides)
        self._shared = len(digests) == 1 and None not in digests and not self._texts_only

    def texts(
        self, rows: Sequence[int], beams: bool, changes: Pair[Mapping[str, Any]] = _NO_CHANGES
    ) -> Texts:
        """Generate for these rows under each side's own settings with these changes, and compare."""
        answers = self._run(rows, Pair(*(Asked(self._most, one) for one in changes)))
        kept: list[int] = []
        pairs: list[Pair[GeneratedRow]] = []
        failed: dict[int, str] = {}
        for row, both in zip(rows, zip(*(answer.rows for answer in answers), strict=True), strict=True):
            reasons = [
                f"the {name}: {one.reason}"
                for name, one in zip(Pair._fields, both, strict=True)
                if one.reason
            ]
            if reasons:
                failed[row] = reasons[0]
            else:
                kept.append(row)
                pairs.append(Pair(*both))
        found = [self._difference(row, pair) for row, pair in zip(kept, pairs, strict=True)]
        differing = [(item, pair) for item, pair in zip(found, pairs, strict=True) if item is not None]
        return Texts(kept, pairs, failed, self._explained(differing, beams, changes))

    def distributions(self, texts: Texts) -> StepDistributions:
        """What each side would draw from, step by step on the reference's own tokens, after every processor."""
        steps, beyond, largest, rows = 0, 0, 0.0, list[int]()
        for row, pair in zip(texts.rows, texts.pairs, strict=True):
            tokens = pair.reference.ids
            for start, end in self._blocks(len(tokens)):
                own = self._scores([row], [tokens], [(start, end)], None, _NO_CHANGES, sampled=True)
                apart = variation(own.reference[0], own.candidate[0])
                over = apart > _TOO_SMALL
                if self._known and over.any():
                    exact = self._scores(
                        [row], [tokens], [(start, end)], "float64", _NO_CHANGES, sampled=True
                    )
                    noise = sum(variation(one[0], two[0]) for one, two in zip(own, exact, strict=True))
                    truly = variation(exact.reference[0], exact.candidate[0])
                    over &= (truly > _SAME_IN_FLOAT64) & (apart > NOISE_FACTOR * noise)
                steps += len(apart)
                beyond += int(over.sum())
                largest = max(largest, float(apart.max(initial=0.0)))
                if over.any() and row not in rows:
                    rows.append(row)
        return StepDistributions(steps=steps, beyond=beyond, largest=largest, rows_beyond=rows)

    def _difference(self, row: int, pair: Pair[GeneratedRow]) -> FirstDifference | None:
        ours, theirs = pair
        if self._shared and ours.ids == theirs.ids and ours.text != theirs.text:
            here, there = _from_where_they_differ(ours.text, theirs.text)
            return FirstDifference(
                row=row, position=None, reference=here, candidate=there, explained_by_noise=False
            )
        if (
            self._texts_only
        ):  # without tokens nothing tells what rounding explains, nor whether a text begins with a space
            texts = [one.text.strip() for one in pair]
            if texts[0] == texts[1]:
                return None
            here, there = _from_where_they_differ(*texts)
            return FirstDifference(row=row, position=None, reference=here, candidate=there)
        if ours.ids == theirs.ids if self._shared else ours.text == theirs.text:
            return None
        keys: list[Sequence[Any]] = [one.ids if self._shared else one.pieces for one in pair]
        position = next(
            (at for at, (one, two) in enumerate(zip(*keys, strict=False)) if one != two), min(map(len, keys))
        )
        shown = [one.pieces[position] if position < len(one.pieces) else None for one in pair]
        known = self._shared and None not in shown
        return FirstDifference(
            row=row,
            position=position,
            reference=shown[0],
            candidate=shown[1],
            explained_by_noise=None if known else False,
        )

    def _explained(
        self,
        found: Sequence[tuple[FirstDifference, Pair[GeneratedRow]]],
        beams: bool,
        changes: Pair[Mapping[str, Any]],
    ) -> list[FirstDifference]:
        """The differences, each with its margin and whether noise explains it, where both sides chose a token after the same ones."""
        open_ones = [
            (item, pair) for item, pair in found if item.explained_by_noise is None and not self._texts_only
        ]
        exact_rows = set[int]()
        if beams and self._known and open_ones:
            rows = [item.row for item, _ in open_ones]
            asked = Pair(*(Asked(self._most, one, precision="float64") for one in changes))
            double = self._run(rows, asked)
            exact_rows = {
                row
                for row, one, two in zip(rows, double.reference.rows, double.candidate.rows, strict=True)
                if one.ids == two.ids
            }
        flips: dict[int, Flip] = {}
        size = max(1, _BYTES // self._width)
        for start in range(0, len(open_ones), size):
            flips.update(self._flips(open_ones[start : start + size], changes))
        explained: list[FirstDifference] = []
        for item, _ in found:
            flip = flips.get(item.row)
            if flip is not None:
                by_noise = (item.row in exact_rows) if beams and self._known else flip.explained
                item = FirstDifference(
                    row=item.row,
                    position=item.position,
                    reference=item.reference,
                    candidate=item.candidate,
                    margin=flip.margin,
                    noise=flip.noise,
                    explained_by_noise=by_noise,
                )
            explained.append(item)
        return explained

    def _flips(
        self, found: Sequence[tuple[FirstDifference, Pair[GeneratedRow]]], changes: Pair[Mapping[str, Any]]
    ) -> dict[int, Flip]:
        rows = [item.row for item, _ in found]
        places = [item.position or 0 for item, _ in found]
        tokens = [pair.reference.ids[: at + 1] for at, (_, pair) in zip(places, found, strict=True)]
        steps = [(at, at + 1) for at in places]
        own = self._scores(rows, tokens, steps, None, changes)
        exact = self._scores(rows, tokens, steps, "float64", changes) if self._known else None
        flips: dict[int, Flip] = {}
        for number, (row, at, (_, pair)) in enumerate(zip(rows, places, found, strict=True)):
            chosen = Pair(pair.reference.ids[at], pair.candidate.ids[at])
            doubles = None if exact is None else Pair(*(side[number, 0] for side in exact))
            flips[row] = flip_of(Pair(*(side[number, 0] for side in own)), doubles, chosen)
        return flips

    def _scores(
        self,
        rows: Sequence[int],
        tokens: Sequence[Sequence[int]],
        steps: Sequence[tuple[int, int]],
        precision: str | None,
        changes: Pair[Mapping[str, Any]],
        *,
        sampled: bool = False,
    ) -> Pair[np.ndarray[Any, Any]]:
        asked = (
            Asked(self._most, one, tokens, steps, sampled=sampled, precision=precision) for one in changes
        )
        answers = self._run(rows, Pair(*asked))
        scores = [answer.scores for answer in answers]
        assert scores[0] is not None and scores[1] is not None, "along given tokens a runner writes scores"
        return Pair(scores[0], scores[1])

    def _run(self, rows: Sequence[int], asked: Pair[Asked]) -> Pair[Generated]:
        """Both sides at once."""
        numbers = self._window.numbers
        replies = [
            side.runner.generate(rows, one, window=number)
            for side, one, number in zip(self._sides, asked, numbers, strict=True)
        ]
        return Pair(*(reply.wait() for reply in replies))

    @property
    def _width(self) -> int:
        """Bytes of one step's scores."""
        return 8 * max(side.described.vocabulary_rows or 1 << 18 for side in self._sides)

    def _blocks(self, count: int) -> list[tuple[int, int]]:
        size = max(1, _BYTES // self._width)
        return [(start, min(start + size, count)) for start in range(0, count, size)]


def _from_where_they_differ(one: str, other: str) -> tuple[str, str]:
    at = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    return one[at : at + 20], other[at : at + 20]
