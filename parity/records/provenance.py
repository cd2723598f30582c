"""Where an audit comes from: when it was made, on what, how long it took, and with which versions."""

from __future__ import annotations

from typing import Any

import msgspec

from parity.records.places import Record

__all__ = ["Forwards", "Provenance"]


class Forwards(Record, frozen=True, kw_only=True):
    """The wall time of one forward of each side, in seconds: the least of so many, on the same rows; `ratio` is the candidate's to the reference's."""

    rows: int
    repeats: int
    reference: float
    candidate: float
    ratio: float


class Provenance(Record, frozen=True, kw_only=True, omit_defaults=True):
    """The provenance of either kind of audit; what is not known of one is not written.

    `started` is in ISO 8601, UTC; `seconds` is wall time. Of a comparison: `cpu_seconds` by what they were spent on, and
    `host_peak_memory_kib` of the process that compares, `forwards` where the two are served otherwise. Of a seed audit: how many runs it trained itself (`trained_now`), the `versions` of the
    first run, what differs from them in `other_versions` by run, and the `warnings` of all runs.
    """

    parity: str = ""
    started: str = ""
    seconds: float | None = None
    cpu_seconds: dict[str, float] | None = None
    host_peak_memory_kib: int | None = None
    forwards: Forwards | None = None
    trained_now: int | None = None
    versions: dict[str, str] | None = None
    other_versions: dict[str, dict[str, str]] | None = None
    warnings: list[str] | None = None
    python: str = ""
    platform: str = ""
    processors: int | None = None

    def facts(self) -> dict[str, Any]:
        """What is known, by name, as it is written."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found
