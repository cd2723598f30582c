"""`parity compare`: two subjects against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parity.cli import options as shared
from parity.cli.commands import single

__all__ = ["command"]


@single(closing=shared.subjects_help)
def command(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="REFERENCE", hidden=True)],
    candidate: Annotated[str, typer.Argument(metavar="CANDIDATE", hidden=True)],
    inputs: shared.InputsOption = None,
    text_column: shared.TextColumnOption = None,
    pair_column: shared.PairColumnOption = None,
    label_column: shared.LabelColumnOption = None,
    id_column: shared.IdColumnOption = None,
    target_column: shared.TargetColumnOption = None,
    limit: shared.LimitOption = None,
    encoding: shared.EncodingOption = "utf-8",
    policy: Annotated[
        str,
        typer.Option(
            "--policy",
            metavar="NAME",
            help="What is required: faithful, decisions, bitwise, or a .toml file.",
        ),
    ] = "faithful",
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore",
            metavar="STAGE",
            help="A stage, or a pattern such as 'layer.*', to measure but not to count; may be given several times.",
        ),
    ] = None,
    allow_inconclusive: shared.AllowInconclusiveOption = False,
    temperatures: shared.TemperaturesOption = None,
    depth: Annotated[
        str,
        typer.Option(
            "--depth",
            metavar="layer|module",
            parser=shared.one_of(("layer", "module")),
            help="How small a thing is named that has an error of its own.",
        ),
    ] = "module",
    generate: Annotated[
        int,
        typer.Option(
            "--generate",
            metavar="N",
            parser=shared.at_least(0),
            help="Also generate up to N new tokens on the examples of the sample, by each side's own settings; off by default.",
            show_default=False,
        ),
    ] = 0,
    sample: Annotated[
        int,
        typer.Option(
            "--sample",
            metavar="N",
            parser=shared.at_least(1),
            help="How many examples to measure the noise floor on.",
        ),
    ] = 32,
    seeds: Annotated[
        str | None,
        typer.Option(
            "--seeds",
            metavar="AUDIT",
            help="An audit.json of parity seeds: also show the differences relative to those between seeds.",
        ),
    ] = None,
    pairs: Annotated[
        str | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="Which stage, module and parameter is which, as parity align wrote it, edited.",
        ),
    ] = None,
    out: shared.OutOption = "parity-audit",
    timeout: shared.TimeoutOption = 600.0,
    json: shared.JsonOption = False,
    quiet: shared.QuietOption = False,
) -> int:
    """Compare two subjects: REFERENCE against CANDIDATE."""
    import parity
    from parity.cli.out_folder import prepare
    from parity.cli.progress import watch
    from parity.cli.summary import summarise, typed

    prepare(context.obj, Path(out), kept=seeds)
    with watch(quiet) as progress:
        audit = parity.compare(
            reference,
            candidate,
            parity.InputsSpec(
                inputs,
                text_column,
                pair_column,
                label_column,
                id_column,
                limit,
                encoding,
                target_column=target_column,
            ),
            policy=policy,
            progress=progress,
            ignore=ignore or (),
            allow_inconclusive=allow_inconclusive,
            temperatures=temperatures or (1.0,),
            depth=depth,
            generate=generate,
            sample=sample,
            seeds=seeds,
            map=pairs,
            timeout=timeout,
            command=typed(),
        )
    summarise(audit, audit.save(out), quiet=quiet, as_json=json)
    return audit.exit_code
