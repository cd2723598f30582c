"""`parity seeds`: the audit of a population of runs, from a recipe or from runs that exist."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from parity import ending
from parity.options import at_least, inputs_options, positive, running_options

if TYPE_CHECKING:
    from parity.seed_audit import SeedAudit
    from parity.seeds.asked import RunAsked
    from parity.seeds.collect import InputsAsked

__all__ = ["say_seeds", "seeds"]

_METRICS = ("accuracy", "macro_f1", "nll", "brier")


@click.command()
@click.argument("runs", nargs=-1, required=True)
@click.option(
    "--seeds", "seed_count", type=at_least(1), metavar="N", help="N runs, each with all seeds moved. [5]"
)
@click.option(
    "--init-seeds", type=at_least(1), metavar="I", help="I seeds of the initial weights, crossed with …"
)
@click.option(
    "--order-seeds", type=at_least(1), metavar="J", help="… J seeds of the order of the training rows."
)
@click.option(
    "--repeat",
    type=at_least(1),
    default=1,
    metavar="R",
    help="Each run R times: the noise beneath the seeds.",
)
@click.option(
    "--baseline", multiple=True, metavar="RUN", help="A recipe, or a run, of the second arm; several times."
)
@click.option(
    "--factors",
    metavar="CSV",
    help="Seeds of runs made elsewhere: columns subject, init_seed, order_seed, arm.",
)
@click.option(
    "--metric", type=click.Choice(_METRICS), default="accuracy", show_default=True, help="What decides."
)
@click.option(
    "--margin",
    type=positive,
    default=0.02,
    show_default=True,
    help="How far the metric may move, in its unit.",
)
@click.option(
    "--churn-budget",
    type=positive,
    default=0.1,
    show_default=True,
    help="Share of decisions that may differ.",
)
@click.option(
    "--alpha",
    type=positive,
    default=0.05,
    show_default=True,
    help="The error rate of every test and interval.",
)
@click.option("--slices", metavar="NAME", help="A column of the inputs that parts them.")
@click.option("--temperature", "temperatures", type=positive, multiple=True, default=(1.0,), metavar="T")
@click.option(
    "--jobs", type=at_least(1), default=1, show_default=True, metavar="N", help="Runs side by side here."
)
@click.option("--executor", type=click.Choice(["local", "ray"]), default="local", show_default=True)
@click.option("--address", metavar="HOST:PORT", help="A Ray cluster.  [default: one is started here]")
@click.option("--allow-inconclusive", is_flag=True, help="Exit 0 where the runs cannot settle it.")
@click.option(
    "--out",
    "folder",
    default="parity-seeds",
    show_default=True,
    metavar="FOLDER",
    help="Where the audit goes.",
)
@inputs_options
@running_options
def seeds(
    runs: tuple[str, ...],
    seed_count: int | None,
    init_seeds: int | None,
    order_seeds: int | None,
    repeat: int,
    baseline: tuple[str, ...],
    factors: str | None,
    metric: Any,
    margin: float,
    churn_budget: float,
    alpha: float,
    slices: str | None,
    temperatures: tuple[float, ...],
    jobs: int,
    executor: str,
    address: str | None,
    allow_inconclusive: bool,
    folder: str,
    timeout: float,
    quiet: bool,
    **inputs: Any,
) -> int:
    """Is it the model, or the seed? Many runs, judged.

    RUNS is a recipe (recipe.toml, allennlp-train:config.jsonnet), or runs that exist.
    """
    from functools import partial

    from parity.rendering import check_folder, write_seed_folder
    from parity.seeds.asked import SeedPlan, read_factors, runs_asked
    from parity.seeds.executors import run_here, run_on_ray
    from parity.seeds.gate import Margins
    from parity.seeds.survey import SurveyRequest, survey
    from parity.watching import watch

    plan = SeedPlan(seed_count, init_seeds, order_seeds, repeat)
    known = read_factors(Path(factors)) if factors is not None else {}
    candidate = runs_asked(runs, "candidate", plan, known)
    other = runs_asked(baseline, "baseline", plan, known) if baseline else []
    check_folder(Path(folder))
    with tempfile.TemporaryDirectory(prefix="parity-") as work, watch(quiet) as progress:
        execute = (
            partial(_on_ray, run_on_ray, address, jobs)
            if executor == "ray"
            else partial(_here, run_here, jobs)
        )
        recipe = _recipe(runs)
        request = SurveyRequest(
            candidate=candidate,
            baseline=other,
            inputs=_inputs(inputs, candidate, Path(work)),
            folder=_collected_folder(executor, Path(work)),
            execute=execute,
            margins=Margins(metric=margin, churn=churn_budget, alpha=alpha),
            primary=metric,
            temperatures=tuple(dict.fromkeys(temperatures)),
            slices=slices or _slices(recipe),
            timeout=timeout,
            allow_inconclusive=allow_inconclusive,
            recipe=recipe,
            command=shlex.join(["parity", *sys.argv[1:]]),
        )
        audit = survey(request, progress)
    written = write_seed_folder(audit, Path(folder))
    say_seeds(audit, written, quiet)
    return audit.exit_code


def _here(run: Any, jobs: int, tasks: Any, progress: Any) -> Any:
    return run(tasks, jobs, progress)


def _on_ray(run: Any, address: str | None, jobs: int, tasks: Any, progress: Any) -> Any:
    return run(tasks, address, jobs, progress)


def _recipe(runs: Sequence[str]) -> dict[str, Any] | None:
    """The recipe as it was settled, where there is one."""
    if len(runs) != 1 or not runs[0].endswith(".toml"):
        return None
    from parity.seeds.recipe import read_recipe

    recipe = read_recipe(runs[0].removeprefix("finetune:"))
    return {**recipe.settled(), "base": recipe.model.base, "slices": recipe.evaluation.slices}


def _slices(recipe: dict[str, Any] | None) -> str | None:
    return "slice" if recipe is not None and recipe["slices"] is not None else None


def _inputs(options: dict[str, Any], runs: Sequence[RunAsked], work: Path) -> InputsAsked:
    """The inputs named; else those the first run brings along: a recipe's evaluation rows, a trace's own."""
    from parity.adapter import find_adapter
    from parity.errors import InputsError
    from parity.seeds.collect import InputsAsked
    from parity.subject import parse_subject

    path = options.pop("inputs_path")
    if path == "-":
        raise InputsError(
            "A seed audit asks its inputs several times, and standard input can be read once.",
            next_step="Give a file with --inputs.",
        )
    if path is None:
        subject = parse_subject(runs[0].subject)
        own = find_adapter(subject).own_inputs
        found = own(subject, work) if own is not None else None
        if found is None:
            raise InputsError(
                f"{runs[0].subject} brings no inputs along, and none are given.",
                next_step="Give labelled examples with --inputs FILE.",
            )
        path = str(found)
    return InputsAsked(path=str(Path(path).absolute()), **options)


def _collected_folder(executor: str, work: Path) -> Path:
    """Where runs leave what they said: on a cluster beside the runs, on storage that all nodes see."""
    if executor != "ray":
        return work / "collected"
    from parity.seeds.run_cache import runs_folder

    return runs_folder() / ".collected" / work.name


def say_seeds(audit: SeedAudit, written: Sequence[Path], quiet: bool) -> None:
    """Print the summary of a seed audit and what was written; its headline alone where that was asked for."""
    with ending.listened_to():
        if quiet:
            click.echo(audit.headline)
            return
        from importlib.metadata import entry_points

        from rich.console import Console

        for entry in entry_points(group="parity.summaries", name="seeds"):
            entry.load()(audit, Console())
        click.echo("Written: " + "  ".join(str(path) for path in written))
