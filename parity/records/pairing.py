"""Which stage of one side is which of the other, and why; and what a map changed of that."""

from __future__ import annotations

from parity.records.places import Record

__all__ = ["StagePair", "StagePairing"]


class StagePair(Record, frozen=True, kw_only=True):
    """Two stages that were compared with one another, each by the name that its side has for it, and why they are one another's."""

    reference: str
    candidate: str
    by: str


class StagePairing(Record, frozen=True, kw_only=True):
    """The stages that were compared, in the reference's forward order; those without a counterpart are among what was not compared.

    `map` is the file that said what is paired (empty: none), `overrides` are clauses on what it pairs otherwise than it would have been.
    """

    stages: list[StagePair] = []
    map: str = ""
    overrides: list[str] = []
