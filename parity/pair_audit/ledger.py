"""The ledger: everything that is added up while batches go by, and nothing that grows with the number of inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.align.batch import PairedStage, Unfit, decides, paired_stages
from parity.align.padding import padding_side
from parity.align.plan import Plan
from parity.align.positions import gather, pair_positions
from parity.align.texts import text_change
from parity.align.tokens import RowAlignment
from parity.border.breakdown import Breakdown
from parity.border.runner import Batch
from parity.inputs.example import Encoding, Example
from parity.measure.noise import Floor
from parity.measure.relations import Relations
from parity.measure.stage_difference import Difference
from parity.pair_audit.decision_ledger import DecisionTally
from parity.records.pair import Pair
from parity.records.stage import Pass
from parity.records.tokens import TokenExample

__all__ = ["Heap", "Ledger"]

Integers = NDArray[np.int64]
Heap = Literal["both", "own", "given"]


_EXAMPLES = 12
_NAMED_ROWS = 8
_PASSES: dict[Heap, tuple[Pass, ...]] = {"both": ("own", "same_ids"), "own": ("own",), "given": ("same_ids",)}


class Ledger:
    """What one sweep added up.

    Stage differences are kept in three heaps, so that a batch which fed both sides the same is measured once and counts in
    both passes: `both` (same feed), `own` (each side's own, feeds differ), `given` (the candidate on the reference's ids).
    `centred` holds the logits of each heap less their rows' means (a shift of a whole row moves no probability of a softmax);
    `whole` names the stages that hold whole numbers; `failures` are the reasons in `unfit` that are failures of a runner;
    `shifts` the differences, reference less candidate, between positions of tokens that are the same. `unpaired` counts the tokens of either side that have no counterpart
    (special tokens apart), `unpaired_rows` the rows with such; `decided_by_token` says that each token has logits of its own.
    `breakdowns` are the sides whose own forwards failed, `ended` says how the process of one ended, empty while both run.
    """

    def __init__(self, floors: Callable[[str], Floor], tally: DecisionTally | None) -> None:
        self.tally = tally
        self.heaps: dict[Heap, dict[str, Difference]] = {"both": {}, "own": {}, "given": {}}
        self.centred: dict[str, Difference] = {}
        self.relations = Relations()
        self.whole: set[str] = set()
        self.unfit: dict[tuple[str, Pass], str] = {}
        self.failures: set[str] = set()
        self.rows = 0
        self.rows_equal = 0
        self.kinds: Counter[str] = Counter()
        self.kinds_together: Counter[tuple[str, ...]] = Counter()
        self.kind_rows: dict[str, list[int]] = {}
        self.text_changes: Counter[str] = Counter()
        self.texts_known = 0
        self.token_count = 0
        self.examples: list[TokenExample] = []
        self.padding: Pair[Counter[str]] = Pair(Counter(), Counter())
        self.padded_rows: Pair[int] = Pair(0, 0)
        self.padded_named: list[int] = []
        self.unmasked: Pair[Counter[int]] = Pair(Counter(), Counter())
        self.mask_rows: list[int] = []
        self.mask_differing = 0
        self.position_rows: list[int] = []
        self.position_differing = 0
        self.positions_known = 0
        self.shifts: set[int] = set()
        self.pairs_aligned = 0
        self.unpaired: Pair[int] = Pair(0, 0)
        self.unpaired_rows = 0
        self.decided_by_token = False
        self.breakdowns: dict[str, Breakdown] = {}
        self.ended = ""
        self._encodings: dict[int, Encoding] = {}
        self._floors = floors

    def open_window(self) -> None:
        """Forget the reference's encodings of the last window: no row of it comes again."""
        self._encodings.clear()

    def add_tokens(self, example: Example, encodings: Pair[Encoding], aligned: RowAlignment) -> None:
        """One row's encodings and how they align."""
        self.rows += 1
        here, there = encodings
        self._encodings[example.row] = here
        self.token_count += len(here.input_ids)
        if here.normalized is not None and there.normalized is not None:
            self.texts_known += 1
        if aligned.equal:
            self.rows_equal += 1
            return
        self.pairs_aligned += len(aligned.pairs)
        alone = [_alone(encodings[side], aligned.pairs[:, side]) for side in (0, 1)]
        self.unpaired = Pair(self.unpaired.reference + alone[0], self.unpaired.candidate + alone[1])
        self.unpaired_rows += any(alone)
        self.kinds_together[aligned.kinds] += 1
        for kind in aligned.kinds:
            self.kinds[kind] += 1
            named = self.kind_rows.setdefault(kind, [])
            if len(named) < _NAMED_ROWS:
                named.append(example.row)
        if "text" in aligned.kinds and here.normalized is not None and there.normalized is not None:
            change = text_change(here.normalized, there.normalized)
            if change is None and here.normalized_pair is not None and there.normalized_pair is not None:
                change = text_change(here.normalized_pair, there.normalized_pair)
            self.text_changes[change or "other"] += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(
                TokenExample(
                    row=example.row,
                    kinds=list(aligned.kinds),
                    text=example.text,
                    pair=example.pair,
                    reference_pieces=list(here.pieces),
                    candidate_pieces=list(there.pieces),
                    reference_ids=list(here.input_ids),
                    candidate_ids=list(there.input_ids),
                    script=[list(step) for step in aligned.script],
                )
            )

    def add_failures(self, batches: Pair[Batch], rows: Sequence[int], plan: Plan) -> None:
        """What is lost of a pair of own batches because a forward failed; what it wrote before is added as usual."""
        lost = ("reference", batches.reference), ("candidate", batches.candidate)
        for side, batch in lost:
            if batch.failure is None:
                continue
            reason = batch.failure.sentence.rstrip(".")
            missing = [stage for stage in plan.stages if stage not in batch.stages] or list(plan.stages[-1:])
            for stage in missing:
                self.unfit.setdefault((stage, "own"), reason)
            self.failures.add(reason)
            first = missing[0] if missing else "logits"
            known = self.breakdowns.get(side) or Breakdown(side, batch.failure, first, 0)
            self.breakdowns[side] = known._replace(rows=known.rows + len(rows))
            self.ended = self.ended or (reason if batch.ended else "")

    def add_unasked(self, rows: int, plan: Plan) -> None:
        """Rows that nobody was asked about any more, because the process of a side had ended."""
        if not rows:
            return
        reason = f"{self.ended} ({rows} rows were not asked any more)"
        self.failures.add(reason)
        for stage in plan.stages:
            for pass_ in _PASSES["both"]:
                self.unfit.setdefault((stage, pass_), reason)

    @property
    def empty(self) -> bool:
        """Whether no stage was measured at all."""
        return not any(self.heaps.values())

    def add_feeds(self, batches: Pair[Batch], rows: Sequence[int], equal_rows: Sequence[bool]) -> None:
        """How the two batches were padded and masked, and which positions they gave their real tokens."""
        reals = [batch.stages.get("real") for batch in batches]
        if reals[0] is None or reals[1] is None:
            return
        padded: list[int] = []
        padded_here: list[NDArray[np.bool_]] = []
        unmasked: list[NDArray[np.bool_]] = []
        layouts = [_layout(batches.reference)]
        layouts.append(layouts[0] if _laid_out_alike(batches) else _layout(batches.candidate))
        for number, layout in enumerate(layouts):
            self.padding[number][layout.side] += 1
            padded.append(int(layout.padded.sum()))
            padded_here.append(layout.padded)
            unmasked.append(layout.loose)
            self.unmasked[number].update({1: int(layout.loose.sum())})
        self.padded_rows = Pair(
            self.padded_rows.reference + padded[0], self.padded_rows.candidate + padded[1]
        )
        self._name(
            self.padded_named,
            [rows[place] for place in np.flatnonzero(padded_here[0] & padded_here[1]).tolist()],
        )
        differing = np.flatnonzero(unmasked[0] != unmasked[1])
        self.mask_differing += len(differing)
        self._name(self.mask_rows, [rows[place] for place in differing.tolist()])
        self._positions(batches, rows, equal_rows)

    def _positions(self, batches: Pair[Batch], rows: Sequence[int], equal_rows: Sequence[bool]) -> None:
        known = [batch.stages.get("position_ids") for batch in batches]
        if known[0] is None or known[1] is None:
            return
        reals = [batch.stages["real"].values.astype(np.uint8) for batch in batches]
        equal = np.asarray(equal_rows, dtype=bool)
        if np.array_equal(reals[0], reals[1]) and np.array_equal(known[0].values, known[1].values):
            self.positions_known += int(equal.sum())  # the usual case, told in fewer steps than below
            return
        pairing = pair_positions(reals[0], reals[1])
        here, there = (
            np.asarray(gather(side.values, index), dtype=np.int64)
            for side, index in ((known[0], pairing.reference), (known[1], pairing.candidate))
        )
        apart = here - there
        concerned = np.zeros(len(rows), dtype=bool)
        concerned[pairing.rows[apart[:, 0] != 0]] = True
        if concerned.any() and len(self.shifts) < 2:  # more than one is as good as many
            self.shifts.update(np.unique(apart[equal[pairing.rows], 0]).tolist())
        differing = np.flatnonzero(concerned & equal)
        self.positions_known += int(equal.sum())
        self.position_differing += len(differing)
        self._name(self.position_rows, [rows[place] for place in differing.tolist()])

    def add_stages(
        self,
        heap: Heap,
        batches: Pair[Batch],
        rows: Sequence[int],
        pairs: Sequence[Integers | None] | None,
        plan: Plan,
    ) -> None:
        """Measure every stage of a pair of batches into a heap; `own` and `both` also count decisions."""
        passes = _PASSES[heap]
        heaps = self.heaps[heap]
        softmax = plan.classed and not plan.multi_label
        for item in paired_stages(plan, batches, rows, pairs, in_place=True):
            if isinstance(item, Unfit):
                for pass_ in passes:
                    self.unfit.setdefault((item.stage, pass_), item.reason)
                continue
            if item.stage not in heaps:
                heaps[item.stage] = Difference(2.0 * self._floors(item.stage).allowed)
            heaps[item.stage].add(
                item.values.reference, item.values.candidate, item.rows, item.positions, real=item.real
            )
            if item.values.reference.dtype.kind != "f":
                self.whole.add(item.stage)
            elif item.stage == "logits" and softmax and item.values.reference.shape[1] > 1:
                centred = self.centred.setdefault(heap, Difference(centred=True))
                centred.add(item.values.reference, item.values.candidate, item.rows, item.positions)
            if item.stage == "logits" and heap != "given" and item.values.reference.dtype.kind == "f":
                self.relations.add(item.values.reference, item.values.candidate)
            if item.stage == "logits" and heap != "given" and decides(plan, item.values.reference):
                self._decide(item, batches.reference.stages["logits"].axes)

    def _decide(self, item: PairedStage, axes: Sequence[str]) -> None:
        """Count decisions; where each token is one, those of special tokens are nobody's."""
        if self.tally is None:
            return
        values, rows, positions = item.values, item.rows, item.positions
        if tuple(axes[:2]) == ("row", "token"):
            self.decided_by_token = True
            real = self._bears_text(rows, positions)
            values = Pair(values.reference[real], values.candidate[real])
            rows, positions = rows[real], positions[real]
        self.tally.add(values, rows, positions)

    def _bears_text(self, rows: Integers, positions: Integers) -> NDArray[np.bool_]:
        """[n] False for the reference's special tokens, as far as its encodings tell."""
        bears = np.ones(len(rows), dtype=bool)
        for row in np.unique(rows).tolist():
            if row not in self._encodings:
                continue
            frame = _frame(self._encodings[row])
            at = np.flatnonzero(rows == row)
            at = at[positions[at] < len(frame)]
            bears[at] = ~frame[positions[at]]
        return bears

    def _name(self, named: list[int], rows: Sequence[int]) -> None:
        named.extend(list(rows)[: max(0, _NAMED_ROWS - len(named))])


def _frame(encoding: Encoding) -> NDArray[np.bool_]:
    """[tokens] True for special tokens that stand for no characters, such as [CLS]."""
    pairs = zip(encoding.special, encoding.segments, strict=True)
    return np.fromiter((special and segment is None for special, segment in pairs), dtype=bool)


def _alone(encoding: Encoding, paired: Integers) -> int:
    """How many tokens of a row are in no pair, special ones apart."""
    alone = ~_frame(encoding)
    alone[paired] = False
    return int(alone.sum())


class _Layout(NamedTuple):
    """How a batch was laid out: the side it was padded on, and which rows [rows] are padded, or attend to other than real tokens."""

    side: str
    padded: NDArray[np.bool_]
    loose: NDArray[np.bool_]


def _layout(batch: Batch) -> _Layout:
    real = batch.stages["real"].values.astype(bool)
    mask = batch.stages.get("attention_mask")
    attended = np.ones(real.shape, dtype=bool) if mask is None else mask.values.astype(bool)
    return _Layout(
        padding_side(real.astype(np.uint8)),
        np.asarray((~real).any(axis=1)),
        np.asarray((attended != real).any(axis=1)),
    )


def _laid_out_alike(batches: Pair[Batch]) -> bool:
    here, there = (batch.stages for batch in batches)
    return all(
        name in here and name in there and np.array_equal(here[name].values, there[name].values)
        for name in ("real", "attention_mask")
    )
