"""The record of a command that ended without an audit: what two reports are rendered from where there is no audit.json.

It is not written itself. `audited` is what would have been: a pair ("compare") or runs ("seeds").
"""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Failure"]


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One error as its user saw it; `started` is in UTC, `seconds` how long the command ran until then."""

    audited: Literal["compare", "seeds"]
    slug: str
    sentence: str
    next_step: str
    exit_code: int
    command: str
    started: str
    seconds: float
