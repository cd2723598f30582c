"""A finding: what is different, as a sentence with evidence."""

from __future__ import annotations

from typing import Any, Literal

from parity.records.places import Record

__all__ = ["Finding"]


class Finding(Record, frozen=True, kw_only=True):
    """What is different, as a sentence with evidence. `cause` is from the published list, or absent.

    `could_hide` marks a notice of something that could hide a difference, as inputs that exercise little do.
    """

    stage: str
    sentence: str
    evidence: dict[str, Any]
    cause: str | None = None
    severity: Literal["divergent", "notice"] = "notice"
    could_hide: bool = False
