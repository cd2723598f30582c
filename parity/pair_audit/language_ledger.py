"""The language ledger: what both sides predict at each position of a text, and how likely they hold the text itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.align.batch import PairedStage
from parity.inputs.example import Example
from parity.measure.decision_rule import LARGEST
from parity.measure.kept_logits import KeptPair
from parity.measure.language import (
    BEST,
    Outlook,
    OverlapSums,
    Target,
    best_of,
    outlook_of,
    two_ways,
)
from parity.metrics.metric import Outputs
from parity.metrics.registry import find_metric
from parity.pair_audit.language_exhibits import language_exhibits
from parity.pair_audit.probability_ledger import finite
from parity.pair_audit.token_ledger import TokenLedger
from parity.records.decisions import Decisions, LabelledMetric, Temperature
from parity.records.exhibit import Exhibit
from parity.records.language import Language, TextLikelihood, TopOverlap
from parity.session.window import Window

__all__ = ["LanguageLedger", "Predicting"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_SHOWN = 8


class Predicting(NamedTuple):
    """What is predicted: the stage with the logits, which token of the row is held against them, which positions decide, and the
    piece of a masked token."""

    stage: str
    target: Target
    decided: str
    mask: str
    confidence: float


class _OpenText:
    """The tokens of the text whose positions are coming, as log probabilities of both sides."""

    def __init__(self, row: int) -> None:
        self.row = row
        self.here: list[Floats] = []
        self.there: list[Floats] = []


class LanguageLedger:
    """What accumulates over the logits of a vocabulary, of both sides' first pass. Positions of a row come one after the other."""

    def __init__(self, predicting: Predicting, tokens: TokenLedger) -> None:
        self._predicting = predicting
        self._tokens = tokens
        self._overlaps = OverlapSums()
        self._perplexity = find_metric("perplexity").paired()
        self._ids: dict[int, Integers] = {}
        self._texts: dict[int, str] = {}
        self._kept_texts: dict[int, str] = {}
        self._furthest: list[TextLikelihood] = []
        self._open: _OpenText | None = None
        self._sums = [0.0, 0.0]
        self._scored = self._count = self._unequal = self._undefined = 0
        self._in_part = False
        self._sampled = ""

    def open_window(self, window: Window) -> None:
        """The rows whose logits come next; the ids of those that are the same on both sides are what their logits are held against."""
        self._close()
        self._ids = {}
        self._texts = {example.row: example.text for example in window.examples}
        if not self._predicting.target:
            return
        for example, encoding, aligned in zip(
            window.examples, window.encodings.reference, window.alignments, strict=True
        ):
            if encoding is None or aligned is None or not aligned.equal:
                self._unequal += 1
            else:
                self._ids[example.row] = np.array(encoding.input_ids, dtype=np.int64)

    def add(self, item: PairedStage) -> None:
        """A stage of the first pass; of all but a vocabulary's logits nothing is taken."""
        stage, target, decided, mask, _ = self._predicting
        if item.stage != stage or not (item.wide or item.kept):
            return
        chosen = self._tokens.decide(item.rows, item.positions, decided, mask)
        if item.kept is not None:
            self._take_kept(item, item.kept, chosen)
            return
        targets = self._next(item.rows, item.positions) if target == "next" else None
        self._take_whole(item, chosen, targets)

    def _take_whole(self, item: PairedStage, chosen: NDArray[np.bool_], targets: Integers | None) -> None:
        """Positions of which both sides have every logit; without targets they are held against no token."""
        here, there = (np.asarray(side, dtype=np.float64) for side in item.values)
        usable = LARGEST.usable(here) & LARGEST.usable(there)
        self._undefined += int((chosen & ~usable).sum())
        chosen = chosen & usable
        if not chosen.any():
            return
        if not chosen.all():
            here, there = here[chosen], there[chosen]
        rows = item.rows[chosen]
        held = np.full(len(rows), -1) if targets is None else targets[chosen]
        best = [best_of(side, BEST) for side in (here, there)]
        outlooks = [
            outlook_of(side, best[number], best[1 - number], held)
            for number, side in enumerate((here, there))
        ]
        self.take(rows, outlooks[0], outlooks[1])

    def begin_masked(self, examples: Sequence[Example], sampled: str) -> None:
        """The texts of which each token is masked in turn."""
        self._close()
        self._texts = {example.row: example.text for example in examples}
        self._sampled = sampled

    def take_masked(self, item: PairedStage, targets: Integers) -> None:
        """Logits of both sides at masks, held against the tokens that were masked."""
        self._take_whole(item, np.ones(len(item.rows), dtype=bool), targets)

    def _take_kept(self, item: PairedStage, pair: KeptPair, chosen: NDArray[np.bool_]) -> None:
        """Positions of which a side holds a part: what is not among it makes a share of its own."""
        self._in_part = True
        usable = LARGEST.usable(pair.choices.reference) & LARGEST.usable(pair.choices.candidate)
        self._undefined += int((chosen & ~usable).sum())
        chosen = chosen & usable
        if not chosen.any():
            return
        rows, some = item.rows[chosen], pair.chosen(chosen)
        here, there = some.outlooks
        if self._predicting.target == "next":
            known = np.isin(rows, np.fromiter(self._ids, dtype=np.int64, count=len(self._ids)))
        else:
            known = np.zeros(len(rows), dtype=bool)
        here, there = (side._replace(target=np.where(known, side.target, np.nan)) for side in (here, there))
        self.take(rows, here, there)

    def take(self, rows: Integers, here: Outlook, there: Outlook) -> None:
        """What both sides give at some positions [n] of rows."""
        self._overlaps.add(here, there)
        scored = ~(np.isnan(here.target) | np.isnan(there.target))
        edges = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
        for start, end in zip(edges, [*edges[1:], len(rows)], strict=True):
            row, part = int(rows[start]), slice(start, end)
            if self._open is None or self._open.row != row:
                self._close()
                self._open = _OpenText(row)
            self._open.here.append(here.target[part][scored[part]])
            self._open.there.append(there.target[part][scored[part]])

    def _next(self, rows: Integers, positions: Integers) -> Integers:
        """[n] the token after each position; -1 where there is none, or where the sides have other tokens."""
        found = np.full(len(rows), -1, dtype=np.int64)
        for row in np.unique(rows).tolist():
            ids = self._ids.get(row)
            if ids is None:
                continue
            at = np.flatnonzero(rows == row)
            at = at[positions[at] + 1 < len(ids)]
            found[at] = ids[positions[at] + 1]
        return found

    def _close(self) -> None:
        """The text whose positions came is complete."""
        text, self._open = self._open, None
        if text is None:
            return
        here, there = np.concatenate(text.here), np.concatenate(text.there)
        if not len(here):
            return
        self._scored += 1
        self._count += len(here)
        labels, rows = np.zeros(len(here), dtype=np.int64), np.full(len(here), text.row)
        sides = [Outputs(two_ways(side), labels, labels, rows=rows) for side in (here, there)]
        self._perplexity.add(*sides)
        sums = [float(side.sum()) for side in (here, there)]
        self._sums = [known + one for known, one in zip(self._sums, sums, strict=True)]
        record = TextLikelihood(
            row=text.row, tokens=len(here), reference=finite(sums[0]), candidate=finite(sums[1])
        )
        self._furthest = sorted([*self._furthest, record], key=_apart)[:_SHOWN]
        named = {one.row for one in self._furthest}
        known = {**self._kept_texts, text.row: self._texts.get(text.row, "")}
        self._kept_texts = {row: words for row, words in known.items() if row in named}

    def record(self, decisions: Decisions | None) -> Language | None:
        """What the audit keeps; None where no position was seen. KL is that of the decisions at temperature 1."""
        self._close()
        if not self._overlaps.positions and not self._undefined:
            return None
        at_one = _at_one(decisions)
        scored = bool(self._count)
        perplexity = self._perplexity.values() if scored else (math.nan, math.nan)
        kind: Literal["next", "masked"] = "next" if self._predicting.target == "next" else "masked"
        return Language(
            predicts=kind,
            texts=self._scored,
            tokens=self._count,
            positions=self._overlaps.positions,
            overlaps=[
                TopOverlap(at=at, mean=mean, least=least) for at, mean, least in self._overlaps.overlaps()
            ],
            reference_log_likelihood=finite(self._sums[0]) if scored else None,
            candidate_log_likelihood=finite(self._sums[1]) if scored else None,
            reference_perplexity=finite(perplexity[0]),
            candidate_perplexity=finite(perplexity[1]),
            kl_mean=None if at_one is None else at_one.kl_mean,
            kl_max=None if at_one is None else at_one.kl_max,
            kl_at=None if at_one is None else at_one.kl_at,
            kl_of="kept" if self._in_part else "all",
            texts_excluded=self._unequal if kind == "next" else 0,
            undefined=self._undefined,
            furthest=self._furthest,
            sampled=self._sampled,
        )

    @property
    def sampled(self) -> str:
        """Of which texts each token was masked in turn; empty where none was."""
        return self._sampled

    def metrics(self) -> list[LabelledMetric]:
        """The perplexity of both sides, with the interval of the difference over texts; nothing where no token was scored."""
        self._close()
        if not self._count:
            return []
        reference, candidate = self._perplexity.values()
        if not math.isfinite(candidate - reference):
            return []
        confidence = self._predicting.confidence
        interval = self._perplexity.interval(confidence)
        return [
            LabelledMetric(
                metric="perplexity",
                reference=reference,
                candidate=candidate,
                difference=candidate - reference,
                low=None if interval is None else interval.low,
                high=None if interval is None else interval.high,
                confidence=confidence,
                labelled=self._count,
            )
        ]

    def exhibits(self, record: Language) -> Iterator[Exhibit]:
        """What the record shows."""
        return language_exhibits(record, self._kept_texts)


def _apart(one: TextLikelihood) -> tuple[float, int]:
    """The order of texts: the furthest apart first."""
    if one.reference is None or one.candidate is None:
        return (-math.inf, one.row)
    return (-abs(one.candidate - one.reference), one.row)


def _at_one(decisions: Decisions | None) -> Temperature | None:
    known: Sequence[Temperature] = () if decisions is None else decisions.temperatures
    return next((item for item in known if item.temperature == 1.0), None)
