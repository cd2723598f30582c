"""The targets that the decoders of both sides were given, and how their tokens compare."""

from __future__ import annotations

from parity.records.places import Record
from parity.records.tokens import Tokens

__all__ = ["Targets"]


class Targets(Record, frozen=True, kw_only=True):
    """The targets of an encoder-decoder pair: both decoders were given the same text, token by token.

    `given` counts the rows whose target is that of the inputs, `written` those whose target is the reference's own greedy output, of
    `least` to `most` tokens; `as_text` says that the candidate was given these as a text, since the two vocabularies differ. `tokens` is how
    what the two decoders were fed compares: each side's start token, then its own tokens of the target but for the last.
    """

    given: int
    written: int
    least: int
    most: int
    as_text: bool
    tokens: Tokens
