"""A side whose generated texts depend on its cache of keys and values, which must change nothing but rounding."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, texts_again
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence

__all__ = ["GenerationCache"]


class GenerationCache(Cause):
    NAME = "generation.cache"
    TITLE = "Texts depend on the cache"
    REMEDY = (
        "Generate with ?use_cache=false on both sides to compare the models. Look for a mask or positions that are counted anew at each "
        "step, and for a cache that is used for another prompt."
    )
    STAGE = "generated"
    SPECIFICITY = 70
    CASES = (
        Case("other texts without the cache", pair(after=texts_again("cache", use_cache=False))),
        Case(
            "the two differ, and one of them depends on its cache",
            pair(first="generated", after=texts_again("cache", use_cache=False)),
        ),
    )
    BENIGN = (
        Case("the same texts without the cache", pair(after=texts_again("cache", differing=0))),
        Case("other texts in a batch", pair(after=texts_again("batch", batch=8))),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        generation = evidence.after.generation
        for one in generation.again if generation is not None else ():
            if one.way != "cache" or not one.first_differences:
                continue
            beyond = one.unexplained
            item = (beyond or one.first_differences)[0]
            noise = (
                "; noise explains it"
                if not beyond
                else f"; noise explains {len(one.first_differences) - len(beyond)} of them"
                if len(beyond) < len(one.first_differences)
                else ", and noise does not explain it"
            )
            yield Suspicion(
                f"With use_cache={str(one.use_cache).lower()} the {one.side} generates other texts than by its own settings in "
                f"{len(one.first_differences)} of {one.rows} rows (row {item.row}, {at_token(item.position)}){noise}.",
                self.STAGE,
                {"side": one.side, "rows": [found.row for found in one.first_differences]},
                severity="divergent" if beyond else "notice",
                standing="suspected" if beyond else "observed",
                named=bool(beyond),
            )


def at_token(position: int | None) -> str:
    """Where two texts first differ."""
    return "in the text of the same tokens" if position is None else f"from token {position} on"
