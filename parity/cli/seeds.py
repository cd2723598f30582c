"""`parity seeds`: the audit of a population of runs, from a recipe or from runs that exist."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from parity.cli import exit as ending
from parity.cli.options import at_least, inputs_said, positive, running_options, temperature
from parity.errors import UsageError
from parity.metrics import METRICS

if TYPE_CHECKING:
    from parity.cli.out_folder import OutFolder
    from parity.records.seed_audit import SeedAudit
    from parity.seed_audit.runs.requested import Arm, RunAsked

__all__ = ["say_seeds", "seeds"]

_STALE = 7 * 24 * 3600.0  # seconds
_LEAST_ALPHA = 1e-6
_TEXTS = "Rows: .txt .jsonl .csv .tsv .parquet.  [default: those that the recipe, or a run, brings along]"


class _MetricName(click.Choice[str]):
    """A metric's name: one that is built in, or that of another package, which is looked for only when it is named."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As click's; raises BadParameter with the names that are built in."""
        from parity.metrics.registry import metric_names

        if value not in METRICS and value in metric_names():
            return value
        return super().convert(value, param, ctx)


def _inputs(command: Callable[..., Any]) -> Callable[..., Any]:
    return inputs_said(command, _TEXTS)


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
    "--metric", type=_MetricName(METRICS), default=METRICS[0], show_default=True, help="What decides."
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
@click.option("--temperature", "temperatures", type=temperature, multiple=True, default=(1.0,), metavar="T")
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
@_inputs
@running_options
@click.pass_obj
def seeds(
    out: OutFolder | None,
    /,
    runs: tuple[str, ...],
    seed_count: int | None,
    init_seeds: int | None,
    order_seeds: int | None,
    repeat: int,
    baseline: tuple[str, ...],
    factors: str | None,
    metric: str,
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

    from parity.audit_folder import check_folder, write_seed_folder
    from parity.cli.progress import watch
    from parity.inputs.choose import choose_for_runs
    from parity.inputs.spec import InputsSpec
    from parity.seed_audit.audit import SurveyRequest, survey
    from parity.seed_audit.runs.executors import run_here, run_on_ray
    from parity.seed_audit.runs.requested import SeedPlan, read_factors, runs_asked
    from parity.seed_audit.verdict.stability import Margins
    from parity.subjects.subject import parse_subject

    if out is not None:  # the command by itself, without `main`
        out.empty(Path(folder))
    _check(alpha, executor, address)
    _check_limits(metric, margin, churn_budget)
    known = read_factors(Path(factors)) if factors is not None else None
    asked = runs_asked(runs, baseline, SeedPlan(seed_count, init_seeds, order_seeds, repeat), known)
    arms: tuple[Arm, ...] = ("candidate", "baseline")
    subjects = [[parse_subject(run.subject) for run in asked if run.arm == arm] for arm in arms]
    spec = InputsSpec(**inputs)
    recipes: dict[Arm, dict[str, Any] | None] = {arm: _recipe(asked, arm) for arm in arms}
    digests: dict[Arm, str] = {arm: found["digest"] for arm, found in recipes.items() if found is not None}
    check_folder(Path(folder))
    with _collected_folder(executor) as work, watch(quiet) as progress:
        on_ray = partial(run_on_ray, jobs=jobs, address=address)
        request = SurveyRequest(
            runs=asked,
            inputs=choose_for_runs(spec, subjects, work / "inputs"),
            folder=work / "collected",
            execute=on_ray if executor == "ray" else partial(run_here, jobs=jobs),
            margins=Margins(metric=margin, churn=churn_budget, alpha=alpha),
            primary=metric,
            metric_named=_typed("metric"),
            temperatures=tuple(dict.fromkeys(temperatures)),
            slices=_slices(slices, recipes["candidate"] if spec.path is None else None),
            timeout=timeout,
            allow_inconclusive=allow_inconclusive,
            recipe=recipes["candidate"],
            recipe_digests=digests,
            command=shlex.join(["parity", *sys.argv[1:]]),
        )
        audit = survey(request, progress)
    written = write_seed_folder(audit, Path(folder))
    say_seeds(audit, written, quiet)
    return audit.exit_code


def _typed(option: str) -> bool:
    """Whether an option of this command was typed, and does not only have its default."""
    context = click.get_current_context()
    return context.get_parameter_source(option) is not ParameterSource.DEFAULT


def _check(alpha: float, executor: str, address: str | None) -> None:
    if not _LEAST_ALPHA <= alpha < 0.5:
        raise UsageError(
            f"--alpha {alpha:g} is no error rate to ask for.",
            next_step=f"Give one below 0.5, and not below {_LEAST_ALPHA:g}: so far out no interval is known.",
        )
    if address is not None and executor != "ray":
        raise UsageError("--address is of a Ray cluster.", next_step="Add --executor ray.")


def _check_limits(metric: str, margin: float, churn_budget: float) -> None:
    """Shares go to 1, and a Brier score to 2: a limit beyond that is a slip of units, and would pass whatever is seen."""
    from parity.metrics.registry import find_metric

    limits = (
        ("--margin", margin, metric, find_metric(metric).range.high),
        ("--churn-budget", churn_budget, "churn", 1.0),
    )
    for option, value, what, most in limits:
        if value > most:
            step = "Give a share: 0.02 is two points." if most == 1 else f"Give {most:g} at most."
            raise UsageError(f"{option} {value:g} is beyond what {what} can be ({most:g}).", next_step=step)


def _recipe(asked: Sequence[RunAsked], arm: str) -> dict[str, Any] | None:
    """The recipe of an arm as it was settled, read and checked once, before anything is trained; None where runs exist."""
    from parity.subjects.subject import parse_subject

    subjects = {parse_subject(run.subject)._replace(options=()) for run in asked if run.arm == arm}
    found: dict[str, Any] | None = None
    for subject in sorted(subjects, key=str):
        if subject.scheme == "finetune":
            from parity.training.recipe import read_recipe

            recipe = read_recipe(subject.locator)
            settled = {**recipe.settled(), "base": recipe.model.base, "slices": recipe.evaluation.slices}
            found = settled if len(subjects) == 1 else None
    return found


def _slices(named: str | None, recipe: dict[str, Any] | None) -> str | None:
    """The column that parts the inputs: in a recipe's own evaluation rows it is always called `slice`."""
    if recipe is None:
        return named
    column = recipe["slices"]
    if named in {None, column}:
        return None if column is None else "slice"
    if named == "label":
        return named
    parted = "no column parts them" if column is None else f"they are parted by {column!r}"
    raise UsageError(
        f"--slices {named}: of a recipe's own evaluation rows it is the recipe that says so, and {parted}.",
        next_step=f'Write slices = "{named}" under [data].',
    )


@contextlib.contextmanager
def _collected_folder(executor: str) -> Generator[Path]:
    """Where runs leave what they said, gone afterwards: on a cluster beside the runs, on storage that all nodes see."""
    place = None
    if executor == "ray":
        from parity.training.run_cache import runs_folder

        place = runs_folder() / ".collected"
        place.mkdir(parents=True, exist_ok=True)
        for old in place.iterdir():  # of audits that were killed
            if time.time() - old.stat().st_mtime > _STALE:
                shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="parity-", dir=place) as work:
        yield Path(work)


def say_seeds(audit: SeedAudit, written: Sequence[Path], quiet: bool) -> None:
    """Print the summary of a seed audit and what was written; its headline alone where that was asked for."""
    from parity.records.shown_paths import shown_paths

    audit = shown_paths(audit)
    with ending.listened_to():
        if quiet:
            click.echo(audit.headline)
            return
        from importlib.metadata import entry_points

        from rich.console import Console

        summaries = entry_points(group="parity.summaries", name="seeds")
        for entry in summaries:
            entry.load()(audit, Console())
        if not summaries:
            click.echo("\n".join([audit.headline, *(finding.sentence for finding in audit.findings)]))
        click.echo("Written: " + "  ".join(shown_paths([str(path) for path in written])))
