"""Generation with the cache of keys and values the other way: off where a side uses it. The texts must be the same but for rounding.

A side whose texts depend on it by more than that is never the same as another by its own settings alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from parity.errors import RunnerRaised
from parity.passes.after import AfterContext
from parity.passes.text_runs import TextRuns, Way
from parity.passes.texts_again import TextPass, again, again_exhibit, difference_in_words, sampled
from parity.records.after import AfterResult
from parity.records.generation import TextsAgain
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.records.stage import NotCompared

__all__ = ["CACHE_OFF"]

_SIDES: Pair[Literal["reference", "candidate"]] = Pair("reference", "candidate")


@dataclass(frozen=True)
class _CacheOff(TextPass):
    name: str = "cache_off"
    title: str = "without the cache"
    sentence: str = "each side generates with use_cache the other way"
    note: str = "up to 8 of the sampled rows"
    condition: str = ""
    phase: Phase = "after"
    feed: FeedKind = "own"
    stage: str = "generated"

    def run(self, context: AfterContext) -> AfterResult:
        """Each side against itself."""
        rows = sampled(context)
        seen = [_seen(context, number, rows) for number in (0, 1)]
        lost = [
            NotCompared(stage=self.stage, side=one.side, reason=reason)
            for one in seen
            if (reason := _lost(one))
        ]
        note = "Each side's texts by its own settings, and again with use_cache the other way. The margin is by how much its own token is scored above the other."
        return AfterResult(
            rows=len(rows),
            not_compared=lost,
            exhibits=again_exhibit(self.name, "Texts with the cache the other way", note, seen),
            texts=seen,
        )


def _seen(context: AfterContext, number: int, rows: list[int]) -> TextsAgain:
    side, window = context.sides[number], context.window.numbers[number]
    other = not side.described.generation.get("use_cache", True)
    runs = TextRuns(Pair(side, side), Pair(window, window), context.settings.generate)
    try:
        return again(
            "cache", number, runs.texts(rows, Pair(Way(), Way({"use_cache": other}))), use_cache=other
        )
    except RunnerRaised as error:
        reason = error.sentence.rstrip(".")
        return TextsAgain(way="cache", side=_SIDES[number], use_cache=other, reason=reason)


def _lost(one: TextsAgain) -> str:
    """Why the comparison cannot be relied on; empty where it can. A side without its cache need not run with it."""
    value = str(one.use_cache).lower()
    if one.reason and not one.use_cache:
        return f"with use_cache={value} the {one.side} was not run: {one.reason}"
    if not one.unexplained:
        return ""
    return (
        f"with use_cache={value} the {one.side} generates other texts than by its own settings in {len(one.unexplained)} of {one.rows} rows, and noise "
        f"does not explain it ({difference_in_words(one.unexplained[0])})"
    )


CACHE_OFF = _CacheOff()
