"""Two sets of class names that obviously mean the same: suggested in a sentence, never applied.

Names are the same in other letters (`NEG`), one begins with the other (`neg`, `negative`), or one set only counts
(`LABEL_0`, `0`). It is offered only where every name finds another one of its own by one and the same rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

__all__ = ["likely_mapping", "offered"]

_SHORTEST = 2  # letters that two names must share to be one the beginning of the other
_MOST = 6
_COUNTED = re.compile(r"(?:label|class)[_ -]?(\d+)|(\d+)", re.IGNORECASE)


def likely_mapping(names: Sequence[str], classes: Sequence[str]) -> dict[str, str] | None:
    """Each of `names` with the class that it obviously means; None where one means none, or two mean the same.

    >>> likely_mapping(["negative", "positive"], ["neg", "pos"])
    {'negative': 'neg', 'positive': 'pos'}
    >>> likely_mapping(["LABEL_1"], ["neg", "pos"])
    {'LABEL_1': 'pos'}
    >>> likely_mapping(["good", "bad"], ["pos", "neg"]) is None
    True
    """
    wanted = list(dict.fromkeys(names))
    if not wanted or not classes or set(wanted) <= set(classes):
        return None
    for rule in (_same_letters, _beginning, _by_number):
        found = [_means(name, classes, rule) for name in wanted]
        if None not in found and len(set(found)) == len(found):
            return {
                name: classes[place] for name, place in zip(wanted, found, strict=True) if place is not None
            }
    return None


def offered(names: Sequence[str], classes: Sequence[str]) -> str:
    """The mapping as the end of a sentence, with the space before it; empty where there is none."""
    mapping = likely_mapping(names, classes)
    if mapping is None:
        return ""
    pairs = [f"{name!r} for {meant!r}" for name, meant in mapping.items() if name != meant]
    more = f" and {len(pairs) - _MOST} more" if len(pairs) > _MOST else ""
    return f" They look like the same classes ({', '.join(pairs[:_MOST])}{more}); parity does not guess: give both sides the same names."


_Rule = Callable[[str, str, int], bool]


def _means(name: str, classes: Sequence[str], rule: _Rule) -> int | None:
    found = [place for place, meant in enumerate(classes) if rule(name, meant, place)]
    return found[0] if len(found) == 1 else None


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


def _same_letters(name: str, meant: str, place: int) -> bool:
    return _folded(name) == _folded(meant)


def _beginning(name: str, meant: str, place: int) -> bool:
    one, other = sorted((_folded(name), _folded(meant)), key=len)
    return len(one) >= _SHORTEST and other.startswith(one)


def _by_number(name: str, meant: str, place: int) -> bool:
    """A name that only counts means the class at that place; the other way round it means the place of the counted class."""
    number = _number(name)
    return number is not None and number == (place if _number(meant) is None else _number(meant))


def _number(name: str) -> int | None:
    found = _COUNTED.fullmatch(name.strip())
    return int(found.group(1) or found.group(2)) if found and len(name) < 20 else None
