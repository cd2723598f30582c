"""`parity align`: which stage, module and parameter of two subjects is which, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parity.cli import options as shared
from parity.cli.commands import single
from parity.cli.exit import listened_to

__all__ = ["command"]


@single(closing=shared.subjects_help)
def command(
    reference: Annotated[str, typer.Argument(metavar="REFERENCE", hidden=True)],
    candidate: Annotated[str, typer.Argument(metavar="CANDIDATE", hidden=True)],
    *,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="The file to write.")] = "map.toml",
    timeout: shared.TimeoutOption = 600.0,
    quiet: shared.QuietOption = False,
) -> int:
    """Write which stage, module and parameter of REFERENCE is which of CANDIDATE, for parity compare --map."""
    import parity
    from parity.cli.progress import watch

    with watch(quiet) as progress:
        text = parity.pairing(reference, candidate, timeout=timeout, progress=progress)
    try:
        Path(out).write_text(text, encoding="utf-8")
    except OSError as error:
        raise parity.UsageError(
            f"{out} cannot be written: {error.strerror}.", next_step="Name another file: --out FILE."
        ) from error
    if not quiet:
        with listened_to():
            lone = text.split("[without_counterpart]")[-1].strip()
            kinds = ("stage", "module", "parameter")
            counts = [f"{text.count(f'[[{kind}]]')} {kind}s" for kind in kinds]
            typer.echo(
                f"{out}: {', '.join(counts[:-1])} and {counts[-1]} are paired. Without a counterpart:\n{lone}"
            )
    return 0
