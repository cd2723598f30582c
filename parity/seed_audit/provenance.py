"""Where an audit comes from: when and where it was made, with which versions, and what the runs warned of."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version

from parity.records.provenance import Provenance
from parity.seed_audit.population.arms import ArmRuns

__all__ = ["provenance_of"]


def provenance_of(started: datetime, clock: float, arms: Sequence[ArmRuns]) -> Provenance:
    """The record of it; `clock`: the monotonic time at which it began."""
    runs = [member.collected for arm in arms for member in arm.members if member.collected is not None]
    now = sum(
        1 for run in runs if run.description.training is not None and run.description.training.trained_now
    )
    return Provenance(
        parity=version("parity-audit"),
        started=started.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - clock, 3),
        trained_now=now,
        versions=runs[0].description.versions if runs else {},
        other_versions=_other_versions(arms),
        warnings=sorted({warning for run in runs for warning in run.warnings}),
        python=platform.python_version(),
        platform=platform.platform(),
    )


def _other_versions(arms: Sequence[ArmRuns]) -> dict[str, dict[str, str]]:
    """The versions that differ from the first run's, by run."""
    runs = [
        (f"{arm.arm} {member.requested.name}", member.collected.description.versions)
        for arm in arms
        for member in arm.members
        if member.collected is not None
    ]
    first = runs[0][1] if runs else {}
    found = {
        name: {key: value for key, value in had.items() if first.get(key) != value} for name, had in runs
    }
    return {name: had for name, had in found.items() if had}
