"""What the library chooses in a call without arguments, where parity chose otherwise: users of such a call get other numbers."""

from __future__ import annotations

from collections.abc import Iterator

from parity.border.description import Chosen
from parity.causes.case import Case, pair, side, tokens
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, TokensSeen
from parity.records.pair import Pair

__all__ = ["LibraryDefault"]

_HALF = side(chosen=[Chosen("dtype", "float32", "float16", "parity")])
_CUT = side(chosen=[Chosen("truncation", "512 tokens", "none", "parity")])
_LEFT = side(chosen=[Chosen("dtype", "float16", "float16", "library")])
_GIVEN = side(chosen=[Chosen("dtype", "float32", "float16", "option")])
_STAGES = {"truncation": "input_ids"}


class LibraryDefault(Cause):
    NAME = "runtime.library_default"
    TITLE = "The library chooses otherwise"
    REMEDY = "Add ?as=library to run what a call without arguments runs, or name the setting in the call that users make."
    STAGE = "embeddings"
    SPECIFICITY = 5
    CASES = (
        Case("float32 where the library loads float16", pair(_HALF, _HALF)),
        Case(
            "rows that only parity truncates", pair(_CUT, side(), tokens=TokensSeen(tokens(), cut=Pair(3, 0)))
        ),
    )
    BENIGN = (
        Case("left to the library", pair(_LEFT, _LEFT)),
        Case("chosen by the user", pair(_GIVEN, _GIVEN)),
        Case("a length that no row reaches", pair(_CUT, _CUT)),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        if evidence.upgrade:
            yield _upgrade(evidence)
        cut = dict(zip(Pair._fields, evidence.tokens.cut, strict=True))
        found: dict[Chosen, list[str]] = {}
        for name, described in evidence.sides:
            for item in described.chosen:
                applies = item.setting != "truncation" or cut[name] > 0
                if item.by == "parity" and item.value != item.library and applies:
                    found.setdefault(item, []).append(name)
        for item, sides in found.items():
            whose = f"The library of the {' and of the '.join(sides)}"
            yield Suspicion(
                f"{whose} would have chosen {item.library} for {item.setting} in a call without arguments; parity chose {item.value}. "
                "This does not decide the verdict.",
                _STAGES.get(item.setting, self.STAGE),
                {"setting": item.setting, "sides": sides, "parity": item.value, "library": item.library},
                standing="observed",
                could_hide=True,
            )


def _upgrade(evidence: Evidence) -> Suspicion:
    """That both sides were run as their libraries run them, with the values that they chose."""
    chosen = [{item.setting: item for item in described.chosen} for described in evidence.described]
    words = [
        f"{name} {here.value}" + ("" if here.value == there.value else f" and {there.value}")
        for name, here in chosen[0].items()
        if (there := chosen[1].get(name)) is not None
    ]
    return Suspicion(
        "Both sides have the same weights and other versions, so each was run as its library runs it in a call without "
        f"arguments ({'; '.join(words)}). ?as=parity on both runs them alike.",
        "embeddings",
        {
            "chosen": {
                name: [here[name].value if name in here else None for here in chosen] for name in chosen[0]
            }
        },
        standing="observed",
        named=False,
    )
