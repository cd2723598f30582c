"""The page of a seed audit: the pair's page with other sections, as self-contained and as deaf to its data."""

from __future__ import annotations

from parity.records.seed_audit import SeedAudit
from parity_reports.figures.drawings import draw
from parity_reports.formats.html import LARGEST, render_page
from parity_reports.seeds.page import SeedSizes, build_seed_page

__all__ = ["render"]

_SIZES = (SeedSizes(), SeedSizes(40, 10), SeedSizes(10, 5), SeedSizes(3, 0))


def render(audit: SeedAudit) -> str:
    """The page of a seed audit."""
    text = ""
    for sizes in _SIZES:
        text = render_page("seeds.html.j2", page=build_seed_page(audit, sizes), draw=draw)
        if len(text.encode()) <= LARGEST:
            break
    return text
