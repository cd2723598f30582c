"""`parity record`: what one subject computes, as a trace."""

from __future__ import annotations

from typing import Annotated

import typer

from parity.cli import options as shared
from parity.cli.commands import single
from parity.cli.exit import listened_to

__all__ = ["command"]


@single(closing=shared.subjects_help)
def command(
    subject: shared.SubjectArgument,
    *,
    inputs: shared.InputsOption = None,
    text_column: shared.TextColumnOption = None,
    pair_column: shared.PairColumnOption = None,
    label_column: shared.LabelColumnOption = None,
    id_column: shared.IdColumnOption = None,
    limit: shared.LimitOption = None,
    encoding: shared.EncodingOption = "utf-8",
    out: Annotated[str, typer.Option("--out", metavar="PATH.trace", help="The folder to write.")],
    outputs_only: Annotated[bool, typer.Option("--outputs-only", help="Keep only the logits.")] = False,
    full_rows: Annotated[
        int | None,
        typer.Option(
            "--full-rows",
            metavar="N",
            parser=shared.at_least(0),
            help="Keep all stages only for the first N rows.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing trace.")] = False,
    timeout: shared.TimeoutOption = 600.0,
    quiet: shared.QuietOption = False,
) -> int:
    """Record what SUBJECT computes as a trace, to compare with later."""
    import parity
    from parity.cli.progress import watch

    with watch(quiet) as progress:
        digest = parity.record(
            subject,
            out,
            parity.InputsSpec(inputs, text_column, pair_column, label_column, id_column, limit, encoding),
            progress=progress,
            outputs_only=outputs_only,
            full_rows=full_rows,
            force=force,
            timeout=timeout,
        )
    if not quiet:
        with listened_to():
            typer.echo(f"{out}  {digest}\nCompare with it: parity compare trace:{out} OTHER")
    return 0
