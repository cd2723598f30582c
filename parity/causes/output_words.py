"""Logits of words made of those of their pieces in other ways: words of one piece are equal, words of several are not."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, side
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, Outputs, WordsSeen

__all__ = ["OutputWords"]

_READS = {
    "first": "reads the first piece of a word",
    "last": "reads the last piece of a word",
    "average": "takes the average of all pieces of a word",
    "sum": "takes the sum of all pieces of a word",
}
_AVERAGE, _FIRST = side(tokenizer={"words": "average"}), side(tokenizer={"words": "first"})
_SEVERAL = Outputs(words=WordsSeen(80, 0, 20, 20))


class OutputWords(Cause):
    NAME = "output.words"
    TITLE = "Words are made of their pieces in another way"
    REMEDY = "Make words of their pieces as the reference does: ?words=average, first or last, or sub_token_mode in AllenNLP."
    STAGE = "words"
    SPECIFICITY = 60
    CASES = (
        Case(
            "the average of the pieces against the first",
            pair(_AVERAGE, _FIRST, first="words", outputs=_SEVERAL),
        ),
    )
    BENIGN = (
        Case("both read the first piece", pair(_FIRST, _FIRST, first="words", outputs=_SEVERAL)),
        Case(
            "words of one piece differ as well",
            pair(_AVERAGE, _FIRST, first="words", outputs=Outputs(words=WordsSeen(80, 80, 20, 20))),
        ),
        Case("nothing differs", pair(_AVERAGE, _FIRST, outputs=Outputs(words=WordsSeen(80, 0, 20, 0)))),
        Case("an earlier stage differs", pair(_AVERAGE, _FIRST, first="layer.0", outputs=_SEVERAL)),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        ways = [described.tokenizer.get("words") for described in evidence.described]
        seen, first = evidence.outputs.words, evidence.first
        if not all(ways) or ways[0] == ways[1] or first is None:
            return
        if first.stage not in (self.STAGE, "probabilities", "label") or seen.single_differing:
            return
        if seen.several_differing:
            reads = [_READS.get(str(way), f"uses {way!r}") for way in ways]
            yield Suspicion(
                f"{seen.several_differing} of {seen.several} words of several pieces differ, and none of {seen.single} words of one "
                f"piece: the reference {reads[0]}, the candidate {reads[1]}.",
                self.STAGE,
                {"reference words": ways[0], "candidate words": ways[1], **seen._asdict()},
                severity="divergent",
                settings=("tokenizer.words",),
            )
