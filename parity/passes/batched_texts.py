"""A prompt alone against the same prompt in the side's batch: padding, and the side that it is on, must not change a generated text.

Where one side's texts depend on it and the other's do not, users who batch get other texts from the two, though each prompt alone gives
the same: that is a difference. Where both depend on it alike it is a finding about each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from parity.border.description import Description
from parity.border.generated import Generated
from parity.passes.after import AfterContext
from parity.passes.text_runs import PLAIN, TextRuns, Way
from parity.passes.texts_again import TextPass, again, again_exhibit, sampled, text_stage
from parity.records.after import AfterResult
from parity.records.generation import TextsAgain
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.records.stage import StageRecord

__all__ = ["BATCHED_TEXTS", "batch_of"]

_BATCH, _MOST = 8, 16
_SIDES: Pair[Literal["reference", "candidate"]] = Pair("reference", "candidate")


@dataclass(frozen=True)
class _BatchedTexts(TextPass):
    name: str = "batched_texts"
    title: str = "prompts in a batch"
    sentence: str = "each side generates for a prompt alone and for the same prompt in its batch"
    note: str = "up to 16 of the sampled rows"
    condition: str = ""
    phase: Phase = "after"
    feed: FeedKind = "own"
    stage: str = "generated.batch"

    def run(self, context: AfterContext) -> AfterResult:
        """Each side against itself, and what both give in their batches."""
        described = Pair(*(side.described for side in context.sides))
        sizes = [batch_of(side, _BATCH) for side in described]
        rows = sampled(context, min(_MOST, max(_BATCH, *sizes)))
        ways = Pair(*(Way(batch=min(size, len(rows))) for size in sizes))
        if max(way.batch for way in ways) == 1:
            return AfterResult(reason=_why_alone(described, len(rows)))
        runs = TextRuns(context.sides, context.window.numbers, context.settings.generate)
        alone, batch = runs.run(rows), runs.run(rows, ways)
        seen = [_seen(context, number, rows, ways, Pair(alone[number], batch[number])) for number in (0, 1)]
        stage = _together(self.stage, runs, rows, ways, Pair(alone, batch))
        note = "Each side's texts for a prompt alone, and again for the same prompts in a batch, padded as the side pads. The margin is by how much its own token is scored above the other."
        return AfterResult(
            rows=len(rows),
            stages=() if stage is None else (stage,),
            exhibits=again_exhibit(self.name, "Texts of prompts in a batch", note, seen),
            texts=seen,
        )


def batch_of(described: Description, size: int) -> int:
    """How many prompts a side is given together: as its user runs it, else this many; one where it cannot pad."""
    if described.max_rows == 1 or described.tokenizer.get("pad_token_id") is None:
        return 1
    return described.batch_size or size


def _why_alone(described: Pair[Description], rows: int) -> str:
    if rows == 1:
        return "one prompt makes no batch"
    if all(side.batch_size == 1 for side in described):
        return "both sides are run one row at a time"
    return "no side has a token to pad with: prompts are run one at a time"


def _seen(
    context: AfterContext, number: int, rows: list[int], ways: Pair[Way], answers: Pair[Generated]
) -> TextsAgain:
    size = ways[number].batch
    if size == 1:
        return TextsAgain(way="batch", side=_SIDES[number], reason="it is run one row at a time")
    side, window = context.sides[number], context.window.numbers[number]
    runs = TextRuns(Pair(side, side), Pair(window, window), context.settings.generate)
    return again("batch", number, runs.texts(rows, Pair(Way(), ways[number]), answers), batch=size)


def _together(
    stage: str, runs: TextRuns, rows: Sequence[int], ways: Pair[Way], answers: Pair[Pair[Generated]]
) -> StageRecord | None:
    """The texts that both sides give in their batches, of the prompts for which they agree alone; None where they agree for none."""
    single = runs.texts(rows, PLAIN, answers[0])
    apart = {item.row for item in single.differences}
    texts = runs.texts(rows, ways, answers[1])
    agreed = [row for row in single.rows if row not in apart and row in set(texts.rows)]
    if not agreed:
        return None
    differences = [item for item in texts.differences if item.row in set(agreed)]
    compared = sum(
        len(pair.reference.ids)
        for row, pair in zip(texts.rows, texts.pairs, strict=True)
        if row in set(agreed)
    )
    what = "in their batches the two sides generate other texts, though the same for each prompt alone"
    return text_stage(stage, len(agreed), compared, differences, what)


BATCHED_TEXTS = _BatchedTexts()
