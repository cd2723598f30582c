"""A tokenizer of another commit than its model's: what one of the two changed there, the other does not know."""

from __future__ import annotations

from collections.abc import Iterator

from parity.border.description import Origin
from parity.causes.case import Case, pair, side
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence

__all__ = ["TokenizerCommit"]

_MIXED = side(origin=Origin("a" * 40, "b" * 40))
_ONE = side(origin=Origin("a" * 40, "a" * 40))
_SHOWN = 12


class TokenizerCommit(Cause):
    NAME = "tokenizer.commit"
    TITLE = "Tokenizer and model are of different commits"
    REMEDY = "Load both from one commit: ?revision=COMMIT, without ?tokenizer=."
    STAGE = "tokens"
    SPECIFICITY = 5
    CASES = (Case("another snapshot's tokenizer", pair(_ONE, _MIXED)),)
    BENIGN = (
        Case("one commit", pair(_ONE, _ONE)),
        Case("folders whose commits are not known", pair(side(origin=Origin()), side())),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        for name, described in evidence.sides:
            commits = described.origin.commit, described.origin.tokenizer_commit
            if None in commits or commits[0] == commits[1]:
                continue
            model, tokenizer = (str(commit)[:_SHOWN] for commit in commits)
            yield Suspicion(
                f"The {name}'s tokenizer is of commit {tokenizer}, its model of commit {model}.",
                self.STAGE,
                {"side": name, "model": commits[0], "tokenizer": commits[1]},
                standing="observed",
                could_hide=True,
            )
