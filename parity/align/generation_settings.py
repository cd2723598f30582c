"""Settings of generation that two sides hold with other values: what a user's own call would run with where nothing is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from parity.border.description import Description
from parity.records.pair import Pair

__all__ = ["GenerationSetting", "changed_generation", "changed_generation_note"]

_SAMPLING = ("temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff")
_BEAMS = ("length_penalty", "early_stopping", "num_beam_groups", "diversity_penalty")
_SHOWN = 40  # characters of a value in a sentence
_FIRST = ("max_length", "max_new_tokens", "num_beams", "do_sample", "min_length", "no_repeat_ngram_size")
_IN_HEADLINE = 4


class GenerationSetting(NamedTuple):
    """One setting by its name with the value of each side, None where it has none.

    `where` says when it has an effect, where neither side's own settings make it have one; empty for one that has.
    """

    key: str
    reference: Any
    candidate: Any
    where: str = ""

    def in_words(self) -> str:
        """The name with both values, as a part of a sentence."""
        more = f", which {self.where}" if self.where else ""
        return f"{self.key} ({_short(self.reference)} and {_short(self.candidate)}{more})"


def changed_generation(sides: Pair[Description]) -> list[GenerationSetting]:
    """The settings that differ, those with an effect first; none where a side does not generate."""
    ours, theirs = (side.generation for side in sides)
    if not ours or not theirs:
        return []
    found = [
        GenerationSetting(key, ours.get(key), theirs.get(key), _without_effect(key, ours, theirs))
        for key in sorted({*ours, *theirs})
        if not _same(ours.get(key), theirs.get(key))
    ]
    return sorted(found, key=lambda item: (bool(item.where), _rank(item.key)))


def changed_generation_note(sides: Pair[Description]) -> str:
    """The differing settings of generation that was not run, as a clause; empty where none differs."""
    found = changed_generation(sides)
    if not found:
        return ""
    shown = ", ".join(item.in_words() for item in found[:_IN_HEADLINE])
    more = f" and {len(found) - _IN_HEADLINE} more" if len(found) > _IN_HEADLINE else ""
    what = "its settings differ" if len(found) > 1 else "one of its settings differs"
    return f"generation was not run, and {what}: {shown}{more}"


def _rank(key: str) -> int:
    return _FIRST.index(key) if key in _FIRST else len(_FIRST)


def _without_effect(key: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    if key in _SAMPLING and not any(side.get("do_sample") for side in (ours, theirs)):
        return "has an effect only with do_sample"
    if key in _BEAMS and all((side.get("num_beams") or 1) == 1 for side in (ours, theirs)):
        return "has an effect only with beams"
    return ""


def _same(ours: Any, theirs: Any) -> bool:
    """Whether two values are one: 1 and 1.0 are, 1 and True are not."""
    return bool(ours == theirs) and isinstance(ours, bool) == isinstance(theirs, bool)


def _short(value: Any) -> str:
    text = "not set" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
