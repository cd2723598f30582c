"""The pass of a masked language model with each token masked in turn: where the texts have no mask, what it is for shows only so.

It runs on a bounded sample of the texts without a mask, drawn with a fixed seed, each side on its own ids with its own mask. The logits at
the mask are compared and decide, and the log probabilities of the tokens that were masked add up to a pseudo-log-likelihood
(Salazar et al., 2020).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.align.kept import BLOCK_BYTES
from parity.align.paired_stage import PairedStage
from parity.align.plan import Plan
from parity.align.texts import mask_piece
from parity.border.runner import Batch, Wide
from parity.errors import RunnerSpokeGarbage
from parity.inputs.example import Encoding, Example
from parity.passes.after import AfterContext, AfterSettings
from parity.records.after import AfterResult
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.session.masking import mask_id, maskable, masked_forward
from parity.session.session import Session
from parity.session.window import Window, open_window

__all__ = ["MASKED", "masks_in_turn"]

_TEXTS = 256  # that are looked at
_TOKENS = 1 << 15  # that are computed: a text of n tokens takes n times n
_SEED = 0


class _Job(NamedTuple):
    """Copies of one row, each with another of its tokens masked: `places` are those tokens."""

    example: Example
    encodings: Pair[Encoding]
    places: list[int]


def masks_in_turn(sides: Pair[Session], plan: Plan) -> str:
    """Empty where each token can be masked in turn on both sides, or why not."""
    task = plan.task
    if task is None or not task.wide or task.decided != "mask":
        return "the task predicts no masked tokens"
    for name, side in zip(Pair._fields, sides, strict=True):
        if not side.described.can.accepts_feed:
            return f"the {name} cannot be given other ids"
        if not mask_piece(side.described.tokenizer):
            return f"the {name} has no mask token"
    return ""


@dataclass(frozen=True)
class _Masked:
    name: str = "masked"
    title: str = "masked in turn"
    sentence: str = "each token of a sample of texts masked in turn, each side on its own ids"
    note: str = "where the texts have no mask"
    condition: str = ""
    phase: Phase = "after"
    feed: FeedKind = "other"
    stage: str = "masked_logits"

    def possible(self, sides: Pair[Session], plan: Plan, settings: AfterSettings) -> str:
        """Where both sides predict masked tokens and can be given ids."""
        return masks_in_turn(sides, plan)

    def run(self, context: AfterContext) -> AfterResult:
        """Run the sample, text by text, and pass on what was seen at the masks."""
        if context.masked is None:
            return AfterResult(reason="nothing takes in what is seen at masks")
        masks = Pair(*(mask_id(side) for side in context.sides))
        count = context.inputs.count
        drawn = random.Random(_SEED).sample(range(count), min(count, _TEXTS))
        window = open_window(context.sides, context.inputs.picked(sorted(drawn)))
        jobs = _jobs(window, drawn, masks)
        if not jobs:
            return AfterResult(
                reason="no text of the sample is without a mask and has the same ids on both sides"
            )
        tokens = sum(len(job.places) for job in jobs)
        whole = all(len(job.places) == len(maskable(job.encodings.reference)) for job in jobs)
        context.masked.begin(
            [job.example for job in jobs],
            f"each of {tokens:,} tokens masked in turn, in {len(jobs):,} of {count:,} texts, drawn with seed {_SEED}"
            + ("" if whole else " (of long texts some tokens)"),
        )
        for job in jobs:
            for item, targets in self._seen(context, job, masks):
                context.masked.take(item, targets)
        window.forget(context.sides)
        return AfterResult(rows=len(jobs))

    def _seen(
        self, context: AfterContext, job: _Job, masks: Pair[int]
    ) -> Iterator[tuple[PairedStage, NDArray[np.int64]]]:
        """The logits at the masks of one text, some at a time, and the tokens that were masked."""
        output = context.plan.task.outputs[0] if context.plan.task is not None else ""
        ids = np.array(job.encodings.reference.input_ids, dtype=np.int64)
        step = max(1, context.plan.sizes.budget // len(ids))
        for start in range(0, len(job.places), step):
            places = job.places[start : start + step]
            replies = [
                masked_forward(side, encoding, places, mask, output)
                for side, encoding, mask in zip(context.sides, job.encodings, masks, strict=True)
            ]
            batches = [reply.wait() for reply in replies]
            wides = Pair(
                *(_wide(side, batch, output) for side, batch in zip(context.sides, batches, strict=True))
            )
            at = np.arange(len(places)) * len(ids) + np.array(places)
            few = max(1, BLOCK_BYTES // max(1, *(wide.bytes_each for wide in wides)))
            for first in range(0, len(at), few):
                part = slice(first, first + few)
                positions = np.array(places[part])
                values = Pair(*(wide.block(at[part]) for wide in wides))
                rows = np.full(len(positions), job.example.row)
                yield PairedStage(self.stage, values, rows, positions, wide=True), ids[positions]


def _jobs(window: Window, drawn: Sequence[int], masks: Pair[int]) -> list[_Job]:
    """What is run, in the order in which the rows were drawn, until enough tokens are computed; the first row in any case."""
    known = {example.row: place for place, example in enumerate(window.examples)}
    jobs: list[_Job] = []
    left = _TOKENS
    for row in drawn:
        place = known.get(row)
        if place is None:
            continue
        encodings = [side[place] for side in window.encodings]
        aligned = window.alignments[place]
        here, there = encodings
        if here is None or there is None or aligned is None or not aligned.equal:
            continue
        both = Pair(here, there)
        if any(mask in one.input_ids for one, mask in zip(both, masks, strict=True)):
            continue
        places = maskable(here)
        most = left // max(1, len(here.input_ids))
        if len(places) > most:
            if jobs:
                break
            places = sorted(random.Random(_SEED).sample(places, max(1, min(len(places), most))))
        if places:
            jobs.append(_Job(window.examples[place], both, places))
            left -= len(places) * len(here.input_ids)
    return jobs


def _wide(side: Session, batch: Batch, output: str) -> Wide:
    stage = batch.stages.get(output)
    if stage is None or stage.wide is None:
        raise RunnerSpokeGarbage(f"The runner of {side.subject} wrote no {output} for masked tokens.")
    return stage.wide


MASKED = _Masked()
