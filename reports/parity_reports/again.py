"""The command that made an audit: the last section of every report."""

from __future__ import annotations

from parity_reports.blocks import Command
from parity_reports.pages import Section

__all__ = ["build_again"]


def build_again(command: str) -> Section:
    """The section."""
    return Section("again", "Run it again", "Run it again", "", (Command(command),))
