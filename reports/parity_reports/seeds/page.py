"""The view of a seed audit: everything a report says, as plain records, in the order of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from parity.records.seed_audit import SeedAudit
from parity_reports.blocks import Section
from parity_reports.seeds.agreement import build_agreement
from parity_reports.seeds.baseline import build_baseline
from parity_reports.seeds.calibration import build_calibration
from parity_reports.seeds.integrity import build_integrity
from parity_reports.seeds.layers import build_layers
from parity_reports.seeds.limits import build_seed_limits
from parity_reports.seeds.metrics import build_metrics
from parity_reports.seeds.ran import build_ran
from parity_reports.seeds.screen import SeedScreen, build_seed_screen
from parity_reports.seeds.settling import build_settling
from parity_reports.seeds.variance import build_variance
from parity_reports.text import wording

__all__ = ["SeedPage", "SeedSizes", "build_seed_page"]


class SeedSizes(NamedTuple):
    """How much of the long lists a page shows; the rest is in audit.json, and the page says so."""

    runs: int = 100
    contested: int = 15


@dataclass(frozen=True)
class SeedPage:
    """Everything a report says. `population` is what was audited, in a line for each arm."""

    title: str
    population: tuple[tuple[str, str], ...]
    first: SeedScreen
    sections: tuple[Section, ...]
    limits: tuple[str, ...]
    command: str


def build_seed_page(audit: SeedAudit, sizes: SeedSizes = SeedSizes()) -> SeedPage:  # noqa: B008 - immutable
    """The page of a seed audit, its long lists cut to `sizes`."""
    return SeedPage(
        title=f"{audit.verdict}: {_whole(audit)}",
        population=tuple((arm.arm, _arm(audit, arm.arm)) for arm in audit.arms),
        first=build_seed_screen(audit),
        sections=(
            build_metrics(audit, sizes.runs),
            build_agreement(audit, sizes.contested),
            build_variance(audit),
            build_layers(audit),
            build_calibration(audit, sizes.runs),
            build_baseline(audit),
            build_settling(audit),
            build_integrity(audit, sizes.runs),
            build_ran(audit, sizes.runs),
        ),
        limits=build_seed_limits(audit),
        command=audit.command,
    )


def _whole(audit: SeedAudit) -> str:
    return " against ".join(_arm(audit, arm.arm) for arm in audit.arms) or wording.plural(
        len(audit.runs), "run"
    )


def _arm(audit: SeedAudit, name: str) -> str:
    """The subject of an arm where all of its runs have one, without its seeds, and how many of them are kept."""
    runs = [run for run in audit.runs if run.arm == name]
    kept = sum(run.standing == "kept" for run in runs)
    subjects = list(dict.fromkeys(run.spec.partition("?")[0] for run in runs))
    shown = subjects[0] if len(subjects) == 1 else wording.plural(len(subjects), "subject")
    counted = (
        wording.plural(len(runs), "run")
        if kept == len(runs)
        else f"{wording.count(kept)} of {wording.plural(len(runs), 'run')} kept"
    )
    return f"{shown}, {counted}"
