"""Reports: an audit of either kind rendered as a page, as Markdown, as JUnit XML and for a terminal."""

from __future__ import annotations

from parity_reports.formats.html import render as render_html
from parity_reports.formats.junit import render as render_junit
from parity_reports.formats.markdown import render as render_markdown
from parity_reports.formats.terminal import print_summary

__all__ = ["print_summary", "render_html", "render_junit", "render_markdown"]
