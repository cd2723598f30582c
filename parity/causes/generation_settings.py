"""Other settings of generation: equal models whose users get other texts, as one stops, searches or samples otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parity.align.generation_settings import changed_generation
from parity.causes.case import Case, pair, side
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence
from parity.records.after import AfterResult
from parity.records.generation import FirstDifference, Generation, SameSettings

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
            "other texts, which are the same with the same settings",
            pair(
                side(generation=_BEAMS),
                side(generation=_GREEDY),
                first="generated",
                after=AfterResult(
                    generation=Generation(
                        rows=10,
                        equal=0,
                        settings=[],
                        first_differences=[
                            FirstDifference(
                                row=0, position=3, reference="a", candidate="b", explained_by_noise=False
                            )
                        ],
                        new_tokens=20,
                        same_settings=SameSettings(equal=9, explained_by_noise=1),
                    )
                ),
            ),
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
        generation = evidence.after.generation
        count = "1 setting" if len(found) == 1 else f"{len(found)} settings"
        verb = "differs" if len(found) == 1 else "differ"
        named = ", ".join(item.in_words() for item in found)
        facts = {"settings": {item.key: [item.reference, item.candidate] for item in found}}
        if generation is None:
            sentence = f"Generation was not run, and {count} of it {verb}: {named}."
        else:
            sentence = f"{count} of generation {verb}: {named}. {_seen(generation)}"
        explains = generation is not None and generation.differs
        yield Suspicion(
            sentence,
            self.STAGE,
            facts,
            severity=evidence.severity if explains else "notice",
            standing="suspected" if explains else "observed",
            could_hide=True,
        )


def _seen(generation: Generation) -> str:
    """What was generated under them."""
    rows, same, drawn = generation.rows, generation.same_settings, generation.distributions
    if same is None and drawn is not None and drawn.beyond:
        return f"Chosen without sampling, all {rows} texts are equal; what is drawn from differs at {drawn.beyond} of {drawn.steps} steps."
    if same is None:
        return f"All {rows} texts of up to {generation.new_tokens} new tokens are equal; longer ones were not generated."
    alike = same.equal + same.explained_by_noise
    noise = f" ({same.explained_by_noise} of them up to noise)" if same.explained_by_noise else ""
    return f"{generation.equal} of {rows} texts are equal; with the reference's settings {alike} of {rows} are{noise}."
