"""Texts that two sides generate for the same rows: run, compared token by token, and where they differ held against noise.

The two sides may be one subject in two ways: with and without its cache, alone and in a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.border.generated import Asked, Generated, GeneratedRow
from parity.border.reply import Reply
from parity.measure.differing_texts import from_where_they_differ
from parity.measure.flip import Flip, flip_of
from parity.records.generation import FirstDifference
from parity.records.pair import Pair
from parity.session.session import Session

__all__ = ["PLAIN", "Along", "TextRuns", "Texts", "Way"]

_BYTES = 64 << 20  # of scores at once


class Way(NamedTuple):
    """How a side generates: with these settings in place of its own (None takes one away), so many rows together, through a streamer."""

    settings: Mapping[str, Any] = {}
    batch: int = 1
    stream: bool = False


PLAIN: Pair[Way] = Pair(Way(), Way())


class Along(NamedTuple):
    """A row whose scores are wanted along given tokens, at the steps from the first to before the last."""

    row: int
    tokens: Sequence[int]
    steps: tuple[int, int]


class Texts(NamedTuple):
    """What both sides generated for the rows that both could: `rows`, and each row's texts; `failed` are the others, with the reason."""

    rows: list[int]
    pairs: list[Pair[GeneratedRow]]
    failed: dict[int, str]
    differences: list[FirstDifference]


class _Ran(NamedTuple):
    """The rows that were run, in order, each side's way, and the ids that each side gave them."""

    rows: Sequence[int]
    ways: Pair[Way]
    ids: Pair[Mapping[int, Sequence[int]]]


class TextRuns:
    """Generation on two sides for rows of one window (`numbers`: by which each side knows it), of at most so many new tokens."""

    def __init__(self, sides: Pair[Session], numbers: Pair[int], most: int) -> None:
        self._sides = sides
        self._numbers = numbers
        self._most = most
        self.known = all(side.described.can.float64 for side in sides)
        digests = {side.described.tokenizer.get("vocabulary_digest") for side in sides}
        self._texts_only = any(side.described.can.texts_only for side in sides)
        self.shared = len(digests) == 1 and None not in digests and not self._texts_only

    def run(
        self,
        rows: Sequence[int],
        ways: Pair[Way] = PLAIN,
        precision: str | None = None,
    ) -> Pair[Generated]:
        """Generate for these rows on both sides at once."""
        asked = [
            Asked(self._most, way.settings, precision=precision, batch=way.batch, stream=way.stream)
            for way in ways
        ]
        replies = [self._generate(number, rows, one) for number, one in enumerate(asked)]
        return Pair(*(reply.wait() for reply in replies))

    def texts(
        self, rows: Sequence[int], ways: Pair[Way] = PLAIN, answers: Pair[Generated] | None = None
    ) -> Texts:
        """Generate for these rows, or take the answers of a run of them in these ways, and compare."""
        found = self.run(rows, ways) if answers is None else answers
        kept: list[int] = []
        pairs: list[Pair[GeneratedRow]] = []
        failed: dict[int, str] = {}
        for row, both in zip(rows, zip(*(answer.rows for answer in found), strict=True), strict=True):
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
        differences = [self._difference(row, pair) for row, pair in zip(kept, pairs, strict=True)]
        differing = [(item, pair) for item, pair in zip(differences, pairs, strict=True) if item is not None]
        ids = (dict(zip(rows, (one.ids for one in answer.rows), strict=True)) for answer in found)
        return Texts(kept, pairs, failed, self._explained(differing, _Ran(rows, ways, Pair(*ids))))

    def scores(
        self, wanted: Sequence[Along], precision: str | None = None, *, sampled: bool = False
    ) -> Pair[NDArray[np.floating]]:
        """Each side's scores [wanted, steps, vocabulary] for rows alone, after every processor, and with `sampled` those of sampling."""
        rows = [one.row for one in wanted]
        ran = _Ran(rows, PLAIN, Pair({}, {}))
        sent = [self._along(number, wanted, ran, precision, sampled=sampled) for number in (0, 1)]
        return Pair(*(_scores_of(one.wait()) for one in sent))

    @property
    def at_once(self) -> int:
        """How many steps' scores are held at once."""
        width = max(side.described.vocabulary_rows or 1 << 18 for side in self._sides)
        return max(1, _BYTES // (8 * width))

    def _difference(self, row: int, pair: Pair[GeneratedRow]) -> FirstDifference | None:
        ours, theirs = pair
        if self.shared and ours.ids == theirs.ids and ours.text != theirs.text:
            here, there = from_where_they_differ(ours.text, theirs.text)
            return FirstDifference(
                row=row, position=None, reference=here, candidate=there, explained_by_noise=False
            )
        if (
            self._texts_only
        ):  # without tokens nothing tells what rounding explains, nor whether a text begins with a space
            texts = [one.text.strip() for one in pair]
            if texts[0] == texts[1]:
                return None
            here, there = from_where_they_differ(*texts)
            return FirstDifference(row=row, position=None, reference=here, candidate=there)
        if ours.ids == theirs.ids if self.shared else ours.text == theirs.text:
            return None
        keys: list[Sequence[Any]] = [one.ids if self.shared else one.pieces for one in pair]
        position = next(
            (at for at, (one, two) in enumerate(zip(*keys, strict=False)) if one != two), min(map(len, keys))
        )
        shown = [one.pieces[position] if position < len(one.pieces) else None for one in pair]
        known = self.shared and None not in shown
        return FirstDifference(
            row=row,
            position=position,
            reference=shown[0],
            candidate=shown[1],
            explained_by_noise=None if known else False,
        )

    def _explained(
        self, found: Sequence[tuple[FirstDifference, Pair[GeneratedRow]]], ran: _Ran
    ) -> list[FirstDifference]:
        """The differences, each with its margin and whether noise explains it, where both sides chose a token after the same ones."""
        open_ones = [
            (item, pair) for item, pair in found if item.explained_by_noise is None and not self._texts_only
        ]
        beams = self.known and any(map(_beams, self._sides, ran.ways))
        exact_rows = self._equal_in_float64(ran) if beams and open_ones else set[int]()
        flips: dict[int, Flip] = {}
        for start in range(0, len(open_ones), self.at_once):
            flips.update(self._flips(open_ones[start : start + self.at_once], ran))
        explained: list[FirstDifference] = []
        for item, _ in found:
            flip = flips.get(item.row)
            if flip is not None:
                item = FirstDifference(
                    row=item.row,
                    position=item.position,
                    reference=item.reference,
                    candidate=item.candidate,
                    margin=flip.margin,
                    noise=flip.noise,
                    explained_by_noise=(item.row in exact_rows) if beams else flip.explained,
                )
            explained.append(item)
        return explained

    def _equal_in_float64(self, ran: _Ran) -> set[int]:
        """The rows for which both sides write the same tokens in double precision."""
        double = self.run(ran.rows, ran.ways, precision="float64")
        both = zip(ran.rows, double.reference.rows, double.candidate.rows, strict=True)
        return {row for row, one, two in both if one.ids == two.ids}

    def _flips(
        self, found: Sequence[tuple[FirstDifference, Pair[GeneratedRow]]], ran: _Ran
    ) -> dict[int, Flip]:
        places = [item.position or 0 for item, _ in found]
        wanted = [
            Along(item.row, pair.reference.ids[: at + 1], (at, at + 1))
            for at, (item, pair) in zip(places, found, strict=True)
        ]
        own, exact = (self._at_steps(wanted, ran, precision) for precision in (None, "float64"))
        flips: dict[int, Flip] = {}
        for number, (row, at, (_, pair)) in enumerate(
            zip((one.row for one in wanted), places, found, strict=True)
        ):
            chosen = Pair(pair.reference.ids[at], pair.candidate.ids[at])
            doubles = None if exact is None else Pair(*(side[number] for side in exact))
            assert own is not None, "in its own precision every side runs"
            flips[row] = flip_of(Pair(*(side[number] for side in own)), doubles, chosen)
        return flips

    def _at_steps(
        self, wanted: Sequence[Along], ran: _Ran, precision: str | None
    ) -> Pair[list[NDArray[np.floating]]] | None:
        """The scores [vocabulary] of each wanted row on each side at its one step; None in a precision that a side does not have."""
        if precision is not None and not self.known:
            return None
        sent = [self._along(number, wanted, ran, precision) for number in (0, 1)]
        places = [_places(wanted, ran, number) for number in (0, 1)]
        found: list[list[NDArray[np.floating]]] = []
        for reply, rows in zip(sent, places, strict=True):
            scores = _scores_of(reply.wait())
            found.append([scores[rows.index(one.row), 0] for one in wanted])
        return Pair(*found)

    def _along(
        self,
        number: int,
        wanted: Sequence[Along],
        ran: _Ran,
        precision: str | None,
        *,
        sampled: bool = False,
    ) -> Reply[Generated]:
        """Request one side's scores along given tokens; rows that are run beside others keep their company."""
        way, by_row = ran.ways[number], {one.row: one for one in wanted}
        rows = _places(wanted, ran, number)
        known = ran.ids[number]
        company = [by_row.get(row) or Along(row, known.get(row) or [0], (0, 1)) for row in rows]
        asked = Asked(
            self._most,
            way.settings,
            [one.tokens for one in company],
            [one.steps for one in company],
            sampled=sampled,
            precision=precision,
            batch=way.batch,
        )
        return self._generate(number, rows, asked)

    def _generate(self, number: int, rows: Sequence[int], asked: Asked) -> Reply[Generated]:
        return self._sides[number].runner.generate(rows, asked, window=self._numbers[number])


def _places(wanted: Sequence[Along], ran: _Ran, number: int) -> list[int]:
    """The rows that one side is given: those that are wanted, and where it runs rows together the whole batches that they are in."""
    size = ran.ways[number].batch
    if size == 1:
        return [one.row for one in wanted]
    rows = {one.row for one in wanted}
    batches = (ran.rows[start : start + size] for start in range(0, len(ran.rows), size))
    return [row for batch in batches if rows.intersection(batch) for row in batch]


def _beams(side: Session, way: Way) -> bool:
    own = side.described.generation.get("num_beams")
    return (way.settings.get("num_beams", own) or 1) > 1


def _scores_of(answer: Generated) -> NDArray[np.floating]:
    assert answer.scores is not None, "along given tokens a runner writes scores"
    return answer.scores
