"""A space before the first word, which one tokenizer adds and the other does not: other pieces at the start of a text."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, side, tokens
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, TokensSeen

__all__ = ["PrefixSpace"]

_KEY = "add_prefix_space"
_WITH, _WITHOUT = side(tokenizer={_KEY: True}), side(tokenizer={_KEY: False})
_KINDS = ("pieces", "ids", "text")


class PrefixSpace(Cause):
    NAME = "tokenizer.prefix_space"
    TITLE = "A space before the first word"
    REMEDY = "Give both tokenizers the same add_prefix_space, that of training."
    STAGE = "tokens"
    SPECIFICITY = 30
    CASES = (
        Case(
            "one tokenizer adds a space",
            pair(_WITH, _WITHOUT, first="tokens", tokens=TokensSeen(tokens(pieces=10))),
        ),
    )
    BENIGN = (
        Case("both add one", pair(_WITH, _WITH, first="tokens", tokens=TokensSeen(tokens(pieces=10)))),
        Case("no other tokens", pair(_WITH, _WITHOUT)),
        Case("one does not tell", pair(_WITH, side(), first="tokens", tokens=TokensSeen(tokens(pieces=10)))),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        adds = [described.tokenizer.get(_KEY) for described in evidence.described]
        record = evidence.tokens.record
        count = max((record.differences.get(kind, 0) for kind in _KINDS), default=0)
        if count and None not in adds and adds[0] != adds[1]:
            which, other = ("reference", "candidate") if adds[0] else ("candidate", "reference")
            yield Suspicion(
                f"In {count} of {record.rows} rows tokens differ: the {which} adds a space before the first word of a text, the "
                f"{other} does not.",
                self.STAGE,
                {"rows": count, "reference add_prefix_space": adds[0], "candidate add_prefix_space": adds[1]},
                severity="divergent",
                settings=("tokenizer." + _KEY, "tokenizer.internals"),
            )
