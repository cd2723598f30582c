"""Names of parameters: how those of two models are renamed, learned from the parameters that hold the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

__all__ = ["Renames", "likeness", "other_layer", "siblings"]

_NUMBER = "#"
_LAYER = 3  # parts of a name after a number: so many are those of a layer
_Key = TypeVar("_Key")


class _Form(NamedTuple):
    """A name with its numbers taken out: `a.3.b` is (a, #, b) and (3,)."""

    parts: tuple[str, ...]
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, name: str) -> _Form:
        parts = name.split(".")
        numbers = tuple(int(part) for part in parts if part.isdecimal())
        return cls(tuple(_NUMBER if part.isdecimal() else part for part in parts), numbers)


class Renames:
    """How names of the reference become names of the candidate, by votes: one for each pair of parameters that hold the same.

    A vote is for the whole name with the same numbers, and for its beginning, where the two have the same end.
    """

    def __init__(self) -> None:
        self._whole: dict[tuple[str, ...], Counter[tuple[str, ...]]] = {}
        self._begin: dict[str, Counter[str]] = {}

    def vote(self, reference: str, candidate: str) -> None:
        """Learn from one pair."""
        one, other = _Form.of(reference), _Form.of(candidate)
        if one.numbers == other.numbers:
            self._whole.setdefault(one.parts, Counter())[other.parts] += 1
        here, there = reference.split("."), candidate.split(".")
        shared = _shared_end(here, there)
        if shared:
            begin = ".".join(here[: len(here) - shared])
            self._begin.setdefault(begin, Counter())[".".join(there[: len(there) - shared])] += 1

    def of_name(self, name: str) -> Iterator[tuple[str, str]]:
        """Names that this one may have in the candidate, the likeliest first, each with what it was learned from."""
        form = _Form.of(name)
        for parts, votes in _most(self._whole.get(form.parts, Counter())):
            numbers = iter(form.numbers)
            made = ".".join(str(next(numbers)) if part == _NUMBER else part for part in parts)
            yield made, f"renamed as {_others(votes)}"
        yield from self.of_beginning(name)

    def of_beginning(self, name: str) -> Iterator[tuple[str, str]]:
        """The same by the beginnings of names alone, that of most pairs first."""
        parts = name.split(".")
        found: list[tuple[int, int, str]] = []
        for length in range(len(parts)):
            rest = parts[length:]
            for begin, votes in _most(self._begin.get(".".join(parts[:length]), Counter())):
                found.append((votes, length, ".".join([*([begin] if begin else []), *rest])))
        for votes, _, made in sorted(found, key=lambda one: (-one[0], -one[1], one[2])):
            yield made, f"renamed as {_others(votes)}"


def likeness(reference: str, candidate: str) -> tuple[int, int, int]:
    """How much two names are alike: the same numbers, the parts of the end that are the same in other spelling, the parts they share.

    >>> likeness("a.LayerNorm.weight", "b.layer_norm.weight")
    (1, 2, 2)
    """
    here, there = ([_plain(part) for part in name.split(".")] for name in (reference, candidate))
    numbers = [_Form.of(name).numbers for name in (reference, candidate)]
    shared = sum((Counter(here) & Counter(there)).values())
    least = min(map(len, numbers))
    same = numbers[0][len(numbers[0]) - least :] == numbers[1][len(numbers[1]) - least :]
    return int(same and (least > 0 or not any(numbers))), _shared_end(here, there), shared


def other_layer(reference: str, candidate: str) -> bool:
    """Whether two names differ in the number of their layer: it stands before the same end, in a list of the same name or before a long end.

    >>> other_layer("bert.layer.1.weight", "layers.0.weight"), other_layer("model.3.weight", "head.0.weight")
    (True, False)
    """
    one, other = _Form.of(reference), _Form.of(candidate)
    shared = _shared_end([_plain(part) for part in one.parts], [_plain(part) for part in other.parts])
    counted = one.parts[len(one.parts) - shared :].count(_NUMBER)
    if not counted or one.numbers[-counted:] == other.numbers[-counted:]:
        return False
    after = one.parts[::-1].index(_NUMBER)
    before = [_plain(form.parts[-after - 2]) for form in (one, other) if len(form.parts) > after + 1]
    return after >= _LAYER or (len(before) == 2 and before[0] == before[1])


def siblings(one: str, other: str) -> bool:
    """Whether two names of one side differ in one part alone, as those of modules beside one another do.

    >>> siblings("attention.query.weight", "attention.key.weight"), siblings("0.query.weight", "1.key.weight")
    (True, False)
    """
    here, there = one.split("."), other.split(".")
    return len(here) == len(there) and sum(a != b for a, b in zip(here, there, strict=True)) == 1


def _plain(part: str) -> str:
    """A part of a name in one spelling: LayerNorm as layer_norm, layers as layer."""
    return part.replace("_", "").lower().rstrip("s") or part


def _shared_end(here: Sequence[str], there: Sequence[str]) -> int:
    shared = 0
    while shared < min(len(here), len(there)) and here[-1 - shared] == there[-1 - shared]:
        shared += 1
    return shared


def _most(votes: Counter[_Key]) -> list[tuple[_Key, int]]:
    return sorted(votes.items(), key=lambda one: (-one[1], str(one[0])))


def _others(votes: int) -> str:
    return "1 other is" if votes == 1 else f"{votes} others are"
