"""`parity inspect`: the pre-flight of one subject."""

from __future__ import annotations

import typer

from parity.cli import options as shared
from parity.cli.commands import single
from parity.cli.exit import listened_to

__all__ = ["command"]


@single(closing=shared.subjects_help)
def command(
    subject: shared.SubjectArgument,
    timeout: shared.TimeoutOption = 600.0,
    json: shared.JsonOption = False,
    quiet: shared.QuietOption = False,
) -> int:
    """Open SUBJECT and show how it describes itself."""
    import parity
    from parity.cli.progress import watch

    with watch(quiet) as progress:
        found = parity.inspect(subject, timeout=timeout, progress=progress)
    with listened_to():
        if json:
            typer.echo(found.to_json().encode(), nl=False)
        else:
            typer.echo(str(found))
    return 0
