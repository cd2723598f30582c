"""Words that are the unknown token on one side only."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, tokens
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, TokensSeen
from parity.records.pair import Pair

__all__ = ["UnknownTokens"]

_SHARE = 0.5  # share of the rows with other pieces: fewer do not explain them


def _seen(reference: int, candidate: int, rows: int) -> TokensSeen:
    return TokensSeen(tokens(pieces=rows), unknown=Pair(reference, candidate))


class UnknownTokens(Cause):
    NAME = "tokenizer.unknown"
    TITLE = "Words unknown to one side"
    REMEDY = "Use the vocabulary the weights were trained with."
    STAGE = "tokens"
    SPECIFICITY = 10
    CASES = (Case("a vocabulary without some of the words", pair(first="tokens", tokens=_seen(0, 5, 6))),)
    BENIGN = (
        Case("other pieces, all of them known", pair(first="tokens", tokens=_seen(0, 0, 6))),
        Case("unknown words in few of the rows that differ", pair(first="tokens", tokens=_seen(0, 1, 6))),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        record, unknown = evidence.tokens.record, evidence.tokens.unknown
        differing = record.differences.get("pieces", 0)
        for name, rows in zip(Pair._fields, unknown, strict=True):
            if rows and differing and rows >= _SHARE * differing:
                yield Suspicion(
                    f"In {rows} of {record.rows} rows a word is the unknown token only in the {name}.",
                    self.STAGE,
                    {"side": name, "rows": rows},
                    severity="divergent",
                )
