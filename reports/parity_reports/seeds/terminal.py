"""The format of both kinds of audit, where environments that were installed before look for it."""

from parity_reports.formats.terminal import print_summary as print_summary  # noqa: PLC0414
