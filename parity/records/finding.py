"""A finding: what is different, as a sentence with evidence."""

from __future__ import annotations

from typing import Any, Literal

from parity.records.places import Record

__all__ = ["Finding", "Standing"]

Standing = Literal["observed", "suspected", "confirmed", "refuted"]


class Finding(Record, frozen=True, kw_only=True):
    """What is different, as a sentence with evidence. `cause` is the name of a published cause, or absent.

    `could_hide` marks a notice of something that could hide a difference, as inputs that exercise little do. `standing` says whether
    the difference itself was observed, or the cause is suspected, confirmed or refuted as the reason of what differs; `title` is the
    cause in a few words, `remedy` the next step, `explained` the share of the divergence that vanished with the cause. Records of
    earlier versions have none of these four (null or empty), and their standing is in the evidence.
    """

    stage: str
    sentence: str
    evidence: dict[str, Any]
    cause: str | None = None
    severity: Literal["divergent", "notice"] = "notice"
    could_hide: bool = False
    standing: Standing | None = None
    title: str = ""
    remedy: str = ""
    explained: float | None = None
