"""What all records share: frozen, keyword-only structs; and a place, a status and a verdict."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Place", "Record", "Status", "Verdict"]

Verdict = Literal["parity", "equivalent", "divergent", "inconclusive", "not_comparable"]
Status = Literal["equal", "within_noise", "within_limit", "divergent", "not_comparable"]


class Record(msgspec.Struct, frozen=True, kw_only=True, rename={"pass_": "pass"}):
    """What all records share: frozen, keyword-only, `pass_` written as `pass`."""


class Place(Record, frozen=True, kw_only=True):
    """Where a largest difference was seen: the value and its index, such as `[row 4, token 7, unit 12]`."""

    value: float | None
    at: str | None
