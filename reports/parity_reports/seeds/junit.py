"""The format of both kinds of audit, where environments that were installed before look for it."""

from parity_reports.formats.junit import render as render  # noqa: PLC0414
