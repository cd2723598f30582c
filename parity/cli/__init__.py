"""The command line: one file a command."""

from parity.cli.app import main

__all__ = ["main"]
