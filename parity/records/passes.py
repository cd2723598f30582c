"""The passes of a comparison as the record keeps them, so that a report knows their titles and order without their names."""

from __future__ import annotations

from typing import Literal

from parity.records.places import Record

__all__ = ["FeedKind", "PassRecord", "Phase"]

Phase = Literal["sample", "sweep", "after"]
FeedKind = Literal["own", "shared", "other"]


class PassRecord(Record, frozen=True, kw_only=True):
    """One pass: what it is called, on how many rows it ran, and why not on more.

    `title` heads its column, `sentence` says what was run, `note` explains it in a legend. `phase` is "sample" (on the sampled
    rows), "sweep" (on all) or "after" (at the end, on the sampled rows). `feed` is what the sides were fed: "own" (each its own), "shared" (both the same) or "other".
    `reason` is empty where it ran.
    """

    name: str
    title: str
    sentence: str
    note: str
    phase: Phase
    feed: FeedKind
    rows: int = 0
    reason: str = ""
