"""How the parameters of two models compare: which are equal, and how the others are related."""

from __future__ import annotations

from parity.records.places import Record

__all__ = ["ParameterPair", "Parameters"]


class ParameterPair(Record, frozen=True, kw_only=True):
    """Two parameters that are one another's and not equal, by their names.

    `relation` is one of `dtype:KIND` (the same numbers, held as another dtype), `rounded:KIND` (one is the other rounded to a dtype or to a grid
    of `int8`), `permuted:rows`, `permuted:columns`, `permuted:heads`, `permuted:numbers`, `permuted:layers` and `permuted:names` (the same tensor
    under the name of another one), `fused:rows` and `fused:columns` (the one is these rows or columns of the other, as a query is of a matrix that
    holds query, key and value; `fused:permuted` in another order), `transposed`, `reshaped`, `resized`, `shape`, `scaled`, `zeros`, `changed`, `retrained` (changed, as
    nearly all are), `newly_initialised`, and `unknown` where the numbers could not be examined.

    `relative_l2` is of the difference to the reference's norm; null where the two cannot be subtracted or were not read. `by` says why they are
    one another's, `detail` how much and where.
    """

    reference: str
    candidate: str
    relation: str
    relative_l2: float | None
    by: str = ""
    detail: str = ""


class Parameters(Record, frozen=True, kw_only=True):
    """All parameters of both: how many were compared, how many of them hold the same bytes, the others, and those without a counterpart.

    `tied` are sentences on parameters that are one tensor on one side alone. `paired_by` counts the reasons for which two were paired. `reason` says
    why nothing was compared, or what was not examined.
    """

    compared: int
    equal: int
    differing: list[ParameterPair] = []
    only_reference: list[str] = []
    only_candidate: list[str] = []
    tied: list[str] = []
    paired_by: dict[str, int] = {}
    reason: str = ""
