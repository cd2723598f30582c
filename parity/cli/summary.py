"""What a command prints of an audit: its first screen and the files that were written, its record, or one line."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from parity.cli.exit import listened_to

if TYPE_CHECKING:
    import parity

__all__ = ["summarise", "typed"]


def summarise(
    audit: parity.Audit | parity.SeedAudit, written: Sequence[Path], *, quiet: bool, as_json: bool = False
) -> None:
    """Print the audit on standard output; with `as_json` its record is printed there, and all the rest on standard error."""
    from parity.records.shown_paths import shown_paths

    if as_json:
        with listened_to():
            typer.echo(audit.to_json().encode(), nl=False)
    with listened_to():
        if quiet:
            typer.echo(audit.line, err=as_json)
            return
        audit.show(sys.stderr if as_json else None)
        typer.echo("Written: " + "  ".join(shown_paths([str(path) for path in written])), err=as_json)


def typed() -> str:
    """The command line, for the record."""
    return shlex.join(["parity", *sys.argv[1:]])
