"""Special tokens that one side lacks, has twice, or has others of."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, tokens
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, TokensSeen

__all__ = ["SpecialTokens"]


class SpecialTokens(Cause):
    NAME = "tokenizer.special_tokens"
    TITLE = "Special tokens differ"
    REMEDY = "Add or remove special tokens as the reference does."
    STAGE = "input_ids"
    CASES = (
        Case(
            "no [SEP] on one side",
            pair(first="input_ids", tokens=TokensSeen(tokens(special_tokens=10))),
        ),
    )
    BENIGN = (Case("other pieces alone", pair(first="tokens", tokens=TokensSeen(tokens(pieces=4)))),)

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        record = evidence.tokens.record
        count = record.differences.get("special_tokens", 0)
        if count:
            yield Suspicion(
                f"In {count} of {record.rows} rows special tokens are missing, repeated or different.",
                self.STAGE,
                {"rows": count},
                severity="divergent",
                settings=("tokenizer.special_tokens", "tokenizer.internals.post_processor"),
            )
