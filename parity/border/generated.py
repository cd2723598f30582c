"""What a runner generates: the request, and its answer: a text for each row, or the scores of steps along given tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from parity.border.messages import prepare
from parity.border.slots import Array
from parity.errors import RunnerSpokeGarbage

__all__ = ["Asked", "Generated", "GeneratedRow", "read_generated"]


class Asked(NamedTuple):
    """How to generate: at most `most` new tokens, under the side's own settings with these changes (None takes one away).

    `batch` rows are run together. Nothing is drawn at random. With `stream` the text is also taken from the library's streamer, which
    takes neither beams nor a batch. With `tokens`, one list for each row, nothing is chosen: the scores of the `steps` of each list, the first
    and the one after the last, are written instead, after every processor; with `sampled` after those of sampling too.
    """

    most: int
    settings: Mapping[str, Any] = {}
    tokens: Sequence[Sequence[int]] | None = None
    steps: Sequence[tuple[int, int]] | None = None
    sampled: bool = False
    precision: str | None = None
    batch: int = 1
    stream: bool = False


class GeneratedRow(msgspec.Struct, frozen=True):
    """One row's new tokens, without its prompt; `reason` says why there are none.

    `streamed` is the text that a streamer gave, None where none was requested or the subject has none.
    """

    ids: list[int]
    pieces: list[str]
    text: str
    reason: str = ""
    streamed: str | None = None


prepare(GeneratedRow)


class Generated(NamedTuple):
    """The answer: the rows, or the scores [rows, steps, vocabulary] of the steps, not a number after the subject's own end; `float64` says
    how a run in double precision went."""

    rows: tuple[GeneratedRow, ...]
    scores: Array | None = None
    float64: str | None = None


def read_generated(value: object, count: int, subject: str) -> tuple[GeneratedRow, ...]:
    """The rows of an answer, as many as were requested; raises RunnerSpokeGarbage with what is wrong."""
    try:
        rows = msgspec.convert(value, list[GeneratedRow])
    except msgspec.ValidationError as error:
        raise RunnerSpokeGarbage(
            f"{subject} sent a generated text that parity cannot read: {error}."
        ) from error
    wrong = next((row for row in rows if len(row.ids) != len(row.pieces)), None)
    if len(rows) != count or wrong is not None:
        what = (
            f"{len(rows)} texts for {count} rows" if wrong is None else "another number of pieces than of ids"
        )
        raise RunnerSpokeGarbage(f"{subject} generated {what}.")
    return tuple(rows)
