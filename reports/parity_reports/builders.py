"""What a format renders, of either audit: its page, its summary, what a terminal shows, its first screen, and its cases.

The one place that knows both kinds of audit; a format knows records, blocks and cases only.
"""

from __future__ import annotations

from parity.records.audit import Audit
from parity.records.seed_audit import SeedAudit
from parity_reports.cases import Suite
from parity_reports.compare import cases as pair_cases
from parity_reports.compare import page as pair
from parity_reports.compare.screen import build_first_screen as pair_screen
from parity_reports.pages import FirstScreen, Page
from parity_reports.seeds import cases as seed_cases
from parity_reports.seeds import page as seeds
from parity_reports.seeds.screen import build_seed_screen

__all__ = [
    "LENGTHS",
    "AnyAudit",
    "build_first_screen",
    "build_glance",
    "build_page",
    "build_suite",
    "build_summary",
]

AnyAudit = Audit | SeedAudit

LENGTHS = 4
"""How many lengths a page has, each with shorter lists than the one before."""


def build_page(audit: AnyAudit, length: int = 0) -> Page:
    """The whole page, its long lists cut to one of the lengths (0: the longest)."""
    if isinstance(audit, SeedAudit):
        return seeds.build_page(audit, seeds.SIZES[length])
    return pair.build_page(audit, pair.SIZES[length])


def build_summary(audit: AnyAudit) -> Page:
    """What is pasted into a review."""
    return seeds.build_summary(audit) if isinstance(audit, SeedAudit) else pair.build_summary(audit)


def build_glance(audit: AnyAudit) -> Page:
    """What a terminal shows."""
    return seeds.build_glance(audit) if isinstance(audit, SeedAudit) else pair.build_glance(audit)


def build_first_screen(audit: AnyAudit) -> FirstScreen:
    """The verdict and the four answers."""
    return build_seed_screen(audit) if isinstance(audit, SeedAudit) else pair_screen(audit)


def build_suite(audit: AnyAudit) -> Suite:
    """The cases of a test system."""
    return seed_cases.build_suite(audit) if isinstance(audit, SeedAudit) else pair_cases.build_suite(audit)
