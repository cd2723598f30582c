"""Segments that differ: token type ids of tokens that are the same."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, tokens
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, TokensSeen

__all__ = ["TokenTypeIds"]


class TokenTypeIds(Cause):
    NAME = "batch.token_type_ids"
    TITLE = "Token type ids differ"
    REMEDY = "Feed the same token type ids as the reference."
    STAGE = "token_type_ids"
    CASES = (
        Case(
            "a pair of texts fed as one segment",
            pair(first="token_type_ids", tokens=TokensSeen(tokens(token_type_ids=10))),
        ),
    )
    BENIGN = (Case("texts that are cut differently", pair(tokens=TokensSeen(tokens(truncation=2)))),)

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        record = evidence.tokens.record
        count = record.differences.get("token_type_ids", 0)
        if count:
            yield Suspicion(
                f"In {count} of {record.rows} rows the segments differ.",
                self.STAGE,
                {"rows": count},
                severity="divergent",
            )
