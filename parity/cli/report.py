"""`parity report`: an audit's reports again, from its record alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parity.cli.commands import single

__all__ = ["command"]


@single()
def command(
    audit: Annotated[str, typer.Argument(metavar="AUDIT", hidden=True)],
    folder: Annotated[
        str | None,
        typer.Option("--out", metavar="FOLDER", help="Folder of the reports.  [default: the audit's folder]"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the result in one line.")] = False,
) -> int:
    """Render an AUDIT's reports again; nothing is run.

    AUDIT is an audit.json, or the folder that holds it.
    """
    import parity
    from parity.cli.summary import summarise
    from parity.records.audit_folder import check_folder

    loaded = parity.load_audit(audit)
    beside = Path(audit) if Path(audit).is_dir() else Path(audit).parent
    place = Path(folder) if folder else beside
    check_folder(place)
    summarise(loaded, loaded.render(place), quiet=quiet)
    return loaded.exit_code
