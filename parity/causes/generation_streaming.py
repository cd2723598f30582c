"""A streamed text that is not the text of the same tokens: pieces are decoded a few at a time, and some read otherwise together."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, texts_again
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence

__all__ = ["GenerationStreaming"]


class GenerationStreaming(Cause):
    NAME = "generation.streaming"
    TITLE = "A streamed text is not the generated one"
    REMEDY = "Show the text of all tokens when a stream has ended, or use a streamer that decodes the tokens so far as a whole."
    STAGE = "generated.streamed"
    CASES = (Case("a streamer drops a space", pair(after=texts_again("streamed"))),)
    BENIGN = (
        Case("the same text", pair(after=texts_again("streamed", differing=0))),
        Case("other texts in a batch", pair(after=texts_again("batch", batch=8))),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        generation = evidence.after.generation
        for one in generation.again if generation is not None else ():
            if one.way != "streamed" or not one.first_differences:
                continue
            item = one.first_differences[0]
            explains = evidence.first is not None and evidence.first.stage == self.STAGE
            yield Suspicion(
                f"In {len(one.first_differences)} of {one.rows} rows the text that the {one.side}'s streamer gives is not that of the same "
                f"tokens: row {item.row}, {item.candidate!r} in place of {item.reference!r}.",
                self.STAGE,
                {"side": one.side, "rows": [found.row for found in one.first_differences]},
                severity="divergent" if explains else "notice",
                standing="suspected" if explains else "observed",
            )
