"""Reports: an Audit rendered as a page, as Markdown, as JUnit XML and for a terminal."""

from __future__ import annotations

from parity_reports.html import render as render_html
from parity_reports.junit import render as render_junit
from parity_reports.markdown import render as render_markdown
from parity_reports.terminal import print_summary, summary
from parity_reports.view import Page, build_page

__all__ = ["Page", "build_page", "print_summary", "render_html", "render_junit", "render_markdown", "summary"]
