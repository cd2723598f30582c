"""`parity.seeds`: the audit of a population of runs, from a recipe or from runs that exist, from Python."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from functools import partial
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from parity.api.audits import SeedAudit, as_seed_audit
from parity.api.call import Call, known_settings
from parity.api.given import Given, given_inputs
from parity.api.values import checked, checked_temperatures, positive, whole
from parity.errors import UsageError
from parity.inputs.choose import choose_for_runs
from parity.metrics import METRICS
from parity.metrics.registry import runs_metric
from parity.seed_audit.audit import SurveyRequest, survey
from parity.seed_audit.margins import Margins
from parity.seed_audit.runs.executors import run_here, run_on_ray
from parity.seed_audit.runs.requested import SeedPlan, read_factors, requested_runs
from parity.subjects.adapter import find_adapter
from parity.subjects.progress import OnProgress, unwatched
from parity.subjects.subject import parse_subject

if TYPE_CHECKING:
    from parity.seed_audit.runs.requested import Arm, RequestedRun

__all__ = ["SeedSettings", "seeds"]

_STALE = 7 * 24 * 3600.0  # seconds
_LEAST_ALPHA = 1e-6


class SeedSettings(TypedDict, total=False):
    """The optional settings of a seed audit, named as the command line's options.

    Of a recipe: `seeds` runs with each seed moved, or `init_seeds` crossed with `order_seeds`, or any seeds that its adapter
    declares (`cross`, by name: how many of each); each run `repeat` times. Of runs
    made elsewhere: `factors`, a CSV of their seeds. What would matter: `metric`, `margin` (in its unit), `churn_budget`, `alpha`.
    `slices`: a column of the inputs that splits them. `temperatures`: that probabilities are compared at. How: `jobs` side by
    side, `executor` (`local` or `ray`), `address` of a Ray cluster, `timeout` in seconds. `allow_inconclusive`: whether runs that
    cannot settle it pass. `command`: what the record says was called.
    """

    seeds: int | None
    init_seeds: int | None
    order_seeds: int | None
    cross: Mapping[str, int] | None
    repeat: int
    factors: str | PathLike[str] | None
    metric: str | None
    margin: float
    churn_budget: float
    alpha: float
    slices: str | None
    temperatures: Sequence[float]
    jobs: int
    executor: Literal["local", "ray"]
    address: str | None
    timeout: float
    allow_inconclusive: bool
    command: str


def seeds(
    runs: str | Sequence[str],
    inputs: Given = None,
    *,
    baseline: str | Sequence[str] = (),
    progress: OnProgress | None = None,
    **settings: Unpack[SeedSettings],
) -> SeedAudit:
    """Audit a recipe, or runs that exist, and return the audit; nothing is written but the runs themselves.

        audit = parity.seeds("fixtures/recipe/recipe.toml", seeds=2, jobs=2)
        audit.verdict, audit.headline, [run.metrics for run in audit.runs]

    runs: a recipe, or subjects. inputs: as of `compare`, and None stands for the rows that the recipe, or a run, brings along.
    baseline: a recipe, or the subjects, of a second arm. The other settings are those of `SeedSettings`. Raises a ParityError
    where the audit cannot be made; a run that fails on the way is in the audit.
    """
    known_settings("seeds", settings, SeedSettings.__annotations__)
    metric = settings.get("metric") or METRICS[0]
    margins = _margins(settings, metric)
    executor, address = settings.get("executor", "local"), settings.get("address")
    _check_executor(executor, address)
    jobs = checked("jobs", settings.get("jobs", 1), whole(1))
    factors = settings.get("factors")
    known = None if factors is None else read_factors(Path(factors))
    runs, baseline = _list(runs), _list(baseline)
    requested = requested_runs(runs, baseline, _plan(settings), known)
    arms: tuple[Arm, ...] = ("candidate", "baseline")
    subjects = [[parse_subject(run.subject) for run in requested if run.arm == arm] for arm in arms]
    recipes: dict[Arm, dict[str, Any] | None] = {arm: _recipe(requested, arm) for arm in arms}
    digests: dict[Arm, str] = {arm: found["digest"] for arm, found in recipes.items() if found is not None}
    call = Call("seeds", (runs,), {"inputs": inputs, "baseline": baseline, **settings})
    with _folder(executor) as work:
        spec = given_inputs(inputs, work)
        here = partial(run_here, jobs=jobs)
        request = SurveyRequest(
            runs=requested,
            inputs=choose_for_runs(spec, subjects, work / "inputs"),
            folder=work / "collected",
            execute=partial(run_on_ray, jobs=jobs, address=address) if executor == "ray" else here,
            margins=margins,
            primary=metric,
            metric_named=settings.get("metric") is not None,
            temperatures=checked_temperatures(settings.get("temperatures", (1.0,))),
            slices=_slices(settings.get("slices"), recipes["candidate"] if spec.path is None else None),
            timeout=checked("timeout", settings.get("timeout", 600.0), positive),
            allow_inconclusive=settings.get("allow_inconclusive", False),
            recipe=recipes["candidate"],
            recipe_digests=digests,
            command=settings.get("command", str(call)),
        )
        return as_seed_audit(survey(request, progress or unwatched))


def _list(runs: str | Sequence[str]) -> list[str]:
    return [runs] if isinstance(runs, str) else [fspath(run) for run in runs]


def _plan(settings: SeedSettings) -> SeedPlan:
    every = settings.get("seeds")
    crossed = {
        "init": settings.get("init_seeds"),
        "order": settings.get("order_seeds"),
        **(settings.get("cross") or {}),
    }
    return SeedPlan(
        None if every is None else checked("seeds", every, whole(1)),
        {
            name: checked(f"{name}_seeds", count, whole(1))
            for name, count in crossed.items()
            if count is not None
        },
        checked("repeat", settings.get("repeat", 1), whole(1)),
    )


def _margins(settings: SeedSettings, metric: str) -> Margins:
    """What was stated beforehand. Shares go to 1, and a Brier score to 2: a limit beyond that is a mistake in units, and would always
    pass.
    """
    margin = checked("margin", settings.get("margin", 0.02), positive)
    churn = checked("churn_budget", settings.get("churn_budget", 0.1), positive)
    alpha = checked("alpha", settings.get("alpha", 0.05), positive)
    if not _LEAST_ALPHA <= alpha < 0.5:
        raise UsageError(
            f"--alpha {alpha:g} is not a usable error rate.",
            next_step=f"Give a rate from {_LEAST_ALPHA:g} to below 0.5: smaller rates are beyond what the intervals can compute.",
        )
    limits = (
        ("--margin", margin, metric, runs_metric(metric).range.high),
        ("--churn-budget", churn, "churn", 1.0),
    )
    for option, value, what, most in limits:
        if value > most:
            step = "Give a share: 0.02 is two points." if most == 1 else f"Give {most:g} at most."
            raise UsageError(f"{option} {value:g} is more than {what} can be ({most:g}).", next_step=step)
    return Margins(metric=margin, churn=churn, alpha=alpha)


def _check_executor(executor: str, address: str | None) -> None:
    if executor not in ("local", "ray"):
        raise UsageError(f"{executor!r} is not an executor.", next_step="Use local or ray.")
    if address is not None and executor != "ray":
        raise UsageError("--address is only for a Ray cluster.", next_step="Add --executor ray.")


def _recipe(requested: Sequence[RequestedRun], arm: str) -> dict[str, Any] | None:
    """The settings of an arm's recipe, read and checked once, before anything is trained; None where runs exist."""
    subjects = {parse_subject(run.subject)._replace(options=()) for run in requested if run.arm == arm}
    found: dict[str, Any] | None = None
    for subject in sorted(subjects, key=str):
        trains = find_adapter(subject).trains
        if trains is not None and trains.settled is not None:
            settled = trains.settled(subject)
            found = settled if len(subjects) == 1 else None
    return found


def _slices(named: str | None, recipe: dict[str, Any] | None) -> str | None:
    """The column that splits the inputs: in a recipe's own evaluation rows it is always called `slice`."""
    if recipe is None:
        return named
    column = recipe["slices"]
    if named in {None, column}:
        return None if column is None else "slice"
    if named == "label":
        return named
    parted = "no column splits them" if column is None else f"{column!r} splits them"
    raise UsageError(
        f"--slices {named}: a recipe's own evaluation rows are split as the recipe states, and {parted}.",
        next_step=f'Write slices = "{named}" under [data].',
    )


@contextlib.contextmanager
def _folder(executor: str) -> Generator[Path]:
    """The temporary folder of the runs' results: on a cluster beside the runs, on storage that all nodes see."""
    place = None
    if executor == "ray":
        from parity.training.run_cache import runs_folder

        place = runs_folder() / ".collected"
        place.mkdir(parents=True, exist_ok=True)
        for old in place.iterdir():  # left by audits that were killed
            if time.time() - old.stat().st_mtime > _STALE:
                shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="parity-", dir=place) as work:
        yield Path(work)
