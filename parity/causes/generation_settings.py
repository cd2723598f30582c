"""Other settings of generation: equal models whose users get other texts, as one stops, searches or samples otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parity.align.generation_settings import changed_generation
from parity.causes.case import Case, pair, side
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence

__all__ = ["GenerationSettings"]

_BEAMS: dict[str, Any] = {"max_length": 142, "num_beams": 4, "length_penalty": 2.0, "do_sample": False}
_GREEDY: dict[str, Any] = {"max_length": 20, "num_beams": 1, "length_penalty": 1.0, "do_sample": False}


class GenerationSettings(Cause):
    NAME = "generation.settings"
    TITLE = "Other settings of generation"
    REMEDY = "Copy generation_config.json from the side whose texts are right, or give both calls of generate() the same settings."
    STAGE = "generated"
    SPECIFICITY = 60
    CASES = (
        Case(
            "beams and a length against the defaults", pair(side(generation=_BEAMS), side(generation=_GREEDY))
        ),
        Case(
            "a temperature without sampling, which takes effect in a call that samples",
            pair(
                side(generation={**_GREEDY, "temperature": 0.6}),
                side(generation={**_GREEDY, "temperature": 1.0}),
            ),
        ),
    )
    BENIGN = (
        Case("the same settings", pair(side(generation=_BEAMS), side(generation=_BEAMS))),
        Case("one that generates, and one that does not", pair(side(generation=_BEAMS), side())),
        Case(
            "a whole number for the same number with a point",
            pair(side(generation=_GREEDY), side(generation={**_GREEDY, "length_penalty": 1})),
        ),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        found = changed_generation(evidence.described)
        if not found:
            return
        count = "1 setting" if len(found) == 1 else f"{len(found)} settings"
        verb = "differs" if len(found) == 1 else "differ"
        yield Suspicion(
            f"Generation was not run, and {count} of it {verb}: {', '.join(item.in_words() for item in found)}.",
            self.STAGE,
            {"settings": {item.key: [item.reference, item.candidate] for item in found}},
            standing="observed",
            could_hide=True,
        )
