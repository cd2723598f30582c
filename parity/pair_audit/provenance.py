"""The provenance of a comparison: when it was run, how long it took, and on what."""

from __future__ import annotations

import os
import platform
import resource
import time
from datetime import UTC, datetime
from importlib.metadata import version

from parity.records.pair import Pair
from parity.records.provenance import Provenance

__all__ = ["Clock"]


class Clock:
    """Started with the comparison."""

    def __init__(self) -> None:
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._cpu = time.process_time()

    def provenance(self, seconds: Pair[float]) -> Provenance:
        """What the record keeps; `seconds` are the CPU seconds of each side's forwards."""
        return Provenance(
            parity=version("parity-audit"),
            started=self._started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - self._clock, 3),
            cpu_seconds={
                "reference forwards": round(seconds.reference, 3),
                "candidate forwards": round(seconds.candidate, 3),
                "comparer": round(time.process_time() - self._cpu, 3),
            },
            host_peak_memory_kib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            python=platform.python_version(),
            platform=platform.platform(),
            processors=os.cpu_count(),
        )
