"""The text that a streamer gives piece by piece against the text of the same tokens as a whole: a user who streams reads the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from parity.border.generated import Generated
from parity.measure.differing_texts import from_where_they_differ
from parity.passes.after import AfterContext
from parity.passes.text_runs import TextRuns, Way
from parity.passes.texts_again import TextPass, again_exhibit, sampled, text_stage
from parity.records.after import AfterResult
from parity.records.generation import FirstDifference, TextsAgain
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.records.stage import StageRecord
from parity.session.session import Session

__all__ = ["STREAMED_TEXTS"]

_SIDES: Pair[Literal["reference", "candidate"]] = Pair("reference", "candidate")


@dataclass(frozen=True)
class _StreamedTexts(TextPass):
    name: str = "streamed_texts"
    title: str = "streamed"
    sentence: str = "each side generates through its library's streamer"
    note: str = "up to 8 of the sampled rows, without beams"
    condition: str = ""
    phase: Phase = "after"
    feed: FeedKind = "own"
    stage: str = "generated.streamed"

    def run(self, context: AfterContext) -> AfterResult:
        """Each side against the text of its tokens, and both streams where the texts are the same."""
        ways = Pair(*(Way(stream=not _beams(side)) for side in context.sides))
        if not any(way.stream for way in ways):
            return AfterResult(reason="a streamer takes no beams")
        rows = sampled(context)
        runs = TextRuns(context.sides, context.window.numbers, context.settings.generate)
        answers = runs.run(rows, ways)
        seen = [_seen(number, rows, answers[number], beams=not way.stream) for number, way in enumerate(ways)]
        stage = _both(self.stage, rows, answers) if runs.shared else None
        note = "The text of a row's tokens as a whole, and the text that the streamer gave piece by piece, from where they differ."
        return AfterResult(
            rows=max(one.rows for one in seen),
            reason="" if any(one.rows for one in seen) else seen[0].reason,
            stages=() if stage is None else (stage,),
            exhibits=again_exhibit(self.name, "Streamed texts", note, seen),
            texts=seen,
        )


def _beams(side: Session) -> bool:
    return (side.described.generation.get("num_beams") or 1) > 1


def _seen(number: int, rows: list[int], answer: Generated, *, beams: bool) -> TextsAgain:
    streamed = [(row, one) for row, one in zip(rows, answer.rows, strict=True) if one.streamed is not None]
    if not streamed:
        reason = "a streamer takes no beams" if beams else "its library gave no stream"
        return TextsAgain(way="streamed", side=_SIDES[number], reason=reason)
    unlike = [_unlike(row, one.text, one.streamed or "") for row, one in streamed if one.text != one.streamed]
    return TextsAgain(
        way="streamed",
        side=_SIDES[number],
        rows=len(streamed),
        equal=len(streamed) - len(unlike),
        first_differences=unlike,
    )


def _both(stage: str, rows: list[int], answers: Pair[Generated]) -> StageRecord | None:
    """The streams of both sides where their texts are the same; None where there is none."""
    pairs = list(_pairs(rows, answers))
    if not pairs:
        return None
    unlike = [_unlike(row, one, other) for row, one, other in pairs if one != other]
    what = "the streamed texts differ, though the generated ones are the same"
    return text_stage(stage, len(pairs), len(pairs), unlike, what)


def _pairs(rows: list[int], answers: Pair[Generated]) -> Iterator[tuple[int, str, str]]:
    for row, one, other in zip(rows, answers.reference.rows, answers.candidate.rows, strict=True):
        same = one.ids == other.ids and one.text == other.text
        if same and one.streamed is not None and other.streamed is not None:
            yield row, one.streamed, other.streamed


def _unlike(row: int, one: str, other: str) -> FirstDifference:
    here, there = from_where_they_differ(one, other)
    return FirstDifference(row=row, position=None, reference=here, candidate=there, explained_by_noise=False)


STREAMED_TEXTS = _StreamedTexts()
