"""`parity seeds`: the audit of a population of runs, from a recipe or from runs that exist."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from parity.cli import options as shared
from parity.cli.commands import single
from parity.metrics import ANSWER_METRICS, EMBEDDING_METRICS, METRICS, SPAN_METRICS, TOKEN_METRICS

__all__ = ["command"]

_EXECUTORS = ("local", "ray")
_METRICS = (*METRICS, *SPAN_METRICS, *ANSWER_METRICS, *TOKEN_METRICS, *EMBEDDING_METRICS)


def _metric(value: str) -> str:
    """A metric's name: a built-in one, or one of another package, which is looked up only when it is named."""
    if value not in _METRICS:
        from parity.metrics.registry import metric_names

        if value in metric_names():
            return value
    return shared.one_of(_METRICS)(value)


def _factor(value: str) -> str:
    """A seed and how many values of it: NAME=K."""
    name, equals, count = value.partition("=")
    if not name or not equals:
        raise typer.BadParameter(f"{value!r} is not NAME=K, such as order=3.")
    shared.at_least(1)(count)
    return value


@single()
def command(
    context: typer.Context,
    runs: Annotated[list[str], typer.Argument(metavar="RUNS", hidden=True)],
    seeds: Annotated[
        int | None,
        typer.Option(
            "--seeds",
            metavar="N",
            parser=shared.at_least(1),
            help="N runs, each with other values of all seeds.  [default: 5]",
        ),
    ] = None,
    init_seeds: Annotated[
        int | None,
        typer.Option(
            "--init-seeds",
            metavar="I",
            parser=shared.at_least(1),
            help="I seeds of the initial weights, crossed with the other seeds.",
        ),
    ] = None,
    order_seeds: Annotated[
        int | None,
        typer.Option(
            "--order-seeds",
            metavar="J",
            parser=shared.at_least(1),
            help="J seeds of the order of the training rows, crossed with the other seeds.",
        ),
    ] = None,
    factor: Annotated[
        list[str] | None,
        typer.Option(
            "--factor",
            metavar="NAME=K",
            parser=_factor,
            help="K values of a seed that the recipe's adapter declares, crossed with the others; may be given several times.",
        ),
    ] = None,
    repeat: Annotated[
        int,
        typer.Option(
            "--repeat",
            metavar="R",
            parser=shared.at_least(1),
            show_default=False,
            help="Make each run R times, to measure the noise that no seed explains.",
        ),
    ] = 1,
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            "--baseline",
            metavar="RUN",
            help="A recipe or a run of the second arm; may be given several times.",
        ),
    ] = None,
    factors: Annotated[
        str | None,
        typer.Option(
            "--factors",
            metavar="CSV",
            help="Seeds of runs made elsewhere: columns subject, arm, and one for each seed.",
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric",
            metavar=f"[{'|'.join(_METRICS)}]",
            parser=_metric,
            autocompletion=lambda: list(_METRICS),
            help=f"The metric that decides.  [default: {METRICS[0]}; of words {SPAN_METRICS[0]}, of answers {ANSWER_METRICS[0]}, of language "
            f"models {TOKEN_METRICS[0]}, of scores {EMBEDDING_METRICS[0]}, of vectors {EMBEDDING_METRICS[1]}]",
        ),
    ] = None,
    margin: Annotated[
        float,
        typer.Option(
            "--margin",
            metavar="NUMBER",
            parser=shared.positive,
            help="How far the metric may move, in its own unit.",
        ),
    ] = 0.02,
    churn_budget: Annotated[
        float,
        typer.Option(
            "--churn-budget",
            metavar="SHARE",
            parser=shared.positive,
            help="Share of decisions that may differ between two runs.",
        ),
    ] = 0.1,
    alpha: Annotated[
        float,
        typer.Option(
            "--alpha",
            metavar="RATE",
            parser=shared.positive,
            help="The error rate of every test and interval.",
        ),
    ] = 0.05,
    slices: Annotated[
        str | None,
        typer.Option("--slices", metavar="NAME", help="A column that splits the inputs into slices."),
    ] = None,
    temperatures: shared.TemperaturesOption = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", metavar="N", parser=shared.at_least(1), help="How many runs at a time on this machine."
        ),
    ] = 1,
    executor: Annotated[
        str,
        typer.Option(
            "--executor",
            metavar=f"[{'|'.join(_EXECUTORS)}]",
            parser=shared.one_of(_EXECUTORS),
            autocompletion=lambda: list(_EXECUTORS),
            help="Where runs are made.",
        ),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            "--address", metavar="HOST:PORT", help="Address of a Ray cluster.  [default: one is started here]"
        ),
    ] = None,
    allow_inconclusive: shared.AllowInconclusiveOption = False,
    out: shared.OutOption = "parity-seeds",
    inputs: Annotated[
        str | None,
        typer.Option(
            "--inputs",
            metavar="FILE",
            help="Examples: .txt .jsonl .csv .tsv .parquet.  [default: those of the recipe, or of a run]",
        ),
    ] = None,
    text_column: shared.TextColumnOption = None,
    pair_column: shared.PairColumnOption = None,
    label_column: shared.LabelColumnOption = None,
    id_column: shared.IdColumnOption = None,
    limit: shared.LimitOption = None,
    encoding: shared.EncodingOption = "utf-8",
    timeout: shared.TimeoutOption = 600.0,
    json: shared.JsonOption = False,
    quiet: shared.QuietOption = False,
) -> int:
    """Is it the model, or the seed? Judge many runs.

    RUNS is a recipe (recipe.toml, allennlp-train:config.jsonnet), or runs that exist.
    """
    import parity
    from parity.cli.out_folder import prepare
    from parity.cli.progress import watch
    from parity.cli.summary import summarise, typed

    prepare(context.obj, Path(out))
    with watch(quiet) as progress:
        audit = parity.seeds(
            runs,
            parity.InputsSpec(inputs, text_column, pair_column, label_column, id_column, limit, encoding),
            baseline=baseline or (),
            progress=progress,
            seeds=seeds,
            init_seeds=init_seeds,
            order_seeds=order_seeds,
            cross={name: int(count) for name, _, count in (pair.partition("=") for pair in factor or ())},
            repeat=repeat,
            factors=factors,
            metric=metric,
            margin=margin,
            churn_budget=churn_budget,
            alpha=alpha,
            slices=slices,
            temperatures=temperatures or (1.0,),
            jobs=jobs,
            executor=cast("Any", executor),
            address=address,
            timeout=timeout,
            allow_inconclusive=allow_inconclusive,
            command=typed(),
        )
    summarise(audit, audit.save(out), quiet=quiet, as_json=json)
    return audit.exit_code
