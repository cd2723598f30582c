"""A pair: the reference's something and the candidate's."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

__all__ = ["Pair"]

T = TypeVar("T")


class Pair(NamedTuple, Generic[T]):
    """The same thing of either side."""

    reference: T
    candidate: T
