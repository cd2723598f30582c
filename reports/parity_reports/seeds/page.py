"""A seed audit's report: its sections in the order of the page, of the summary, and what a terminal shows."""

from __future__ import annotations

from typing import NamedTuple

from parity.records.seed_audit import SeedAudit
from parity_reports.again import build_again
from parity_reports.pages import Page, Section, Subject, brief_of
from parity_reports.seeds.agreement import build_agreement
from parity_reports.seeds.baseline import build_baseline
from parity_reports.seeds.calibration import build_calibration
from parity_reports.seeds.glance import build_glance_blocks
from parity_reports.seeds.integrity import build_integrity
from parity_reports.seeds.layers import build_layers
from parity_reports.seeds.limits import build_seed_limits
from parity_reports.seeds.metrics import build_metrics
from parity_reports.seeds.ran import build_ran
from parity_reports.seeds.screen import build_seed_screen
from parity_reports.seeds.settling import build_settling
from parity_reports.seeds.variance import build_variance
from parity_reports.text import wording

__all__ = ["SIZES", "SeedSizes", "build_glance", "build_page", "build_summary"]


class SeedSizes(NamedTuple):
    """How much of the long lists a page shows; the rest is in audit.json, and the page says so."""

    runs: int = 100
    contested: int = 15


SIZES = (SeedSizes(), SeedSizes(40, 10), SeedSizes(10, 5), SeedSizes(3, 0))
_IN_SUMMARY = SeedSizes(runs=15, contested=0)


def build_page(audit: SeedAudit, sizes: SeedSizes = SeedSizes()) -> Page:  # noqa: B008 - immutable
    """The page of a seed audit, its long lists cut to `sizes`."""
    return _page(audit, *_sections(audit, sizes), build_seed_limits(audit), build_again(audit.command))


def build_summary(audit: SeedAudit) -> Page:
    """What is pasted into a review: of each section what is brief, and always what would settle the audit."""
    sections = [brief_of(section) for section in _sections(audit, _IN_SUMMARY)]
    shown = [section for section in sections if section.blocks or section.anchor == "needed"]
    return _page(audit, *shown, build_seed_limits(audit), build_again(audit.command))


def build_glance(audit: SeedAudit) -> Page:
    """What a terminal shows."""
    return _page(audit, Section("glance", "", "", "", build_glance_blocks(audit)))


def _page(audit: SeedAudit, *sections: Section) -> Page:
    return Page(
        name="parity seeds",
        heading="parity seeds",
        title=f"{audit.verdict}: {_whole(audit)}",
        subjects=tuple(Subject(arm.arm, _arm(audit, arm.arm)) for arm in audit.arms),
        first=build_seed_screen(audit),
        sections=sections,
    )


def _sections(audit: SeedAudit, sizes: SeedSizes) -> tuple[Section, ...]:
    return (
        build_metrics(audit, sizes.runs),
        build_agreement(audit, sizes.contested),
        build_variance(audit),
        build_layers(audit),
        build_calibration(audit, sizes.runs),
        build_baseline(audit),
        build_settling(audit),
        build_integrity(audit, sizes.runs),
        build_ran(audit, sizes.runs),
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
