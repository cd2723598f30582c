"""Reports of a seed audit: the same page, summary, JUnit file and terminal text as for a pair, from a `SeedAudit`."""

from __future__ import annotations

from parity_reports.seeds.html import render as render_html
from parity_reports.seeds.junit import render as render_junit
from parity_reports.seeds.markdown import render as render_markdown
from parity_reports.seeds.page import SeedPage, build_seed_page
from parity_reports.seeds.terminal import print_summary

__all__ = ["SeedPage", "build_seed_page", "print_summary", "render_html", "render_junit", "render_markdown"]
