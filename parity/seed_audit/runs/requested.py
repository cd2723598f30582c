"""Which runs are requested: from a recipe and its seeds, or from subjects that exist, with their factors."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Literal, NamedTuple

from parity.errors import UsageError
from parity.subjects.factors import Trains
from parity.subjects.subject import Subject, parse_subject
from parity.subjects.training import known_seeds, trainers

__all__ = ["Arm", "Known", "RequestedRun", "SeedPlan", "is_recipe", "read_factors", "requested_runs"]

Arm = Literal["candidate", "baseline"]
_LEADING, _REPEAT = ("subject", "arm"), "repeat"
_SEEDS = 5  # that a recipe is run with where no number is given


class RequestedRun(NamedTuple):
    """One run: its name in every sentence, the subject that is it, its arm, and the seeds it is made with."""

    name: str
    subject: str
    arm: Arm
    factors: dict[str, int]


class Known(NamedTuple):
    """A line of the CSV of factors: the seeds of a run, and its arm where the line says one."""

    seeds: dict[str, int]
    arm: Arm | None


class SeedPlan(NamedTuple):
    """Which seeds a recipe is run with: `seeds` move everything, or so many values of each factor in `crossed` (by its name, with or
    without `_seed`), crossed with one another; each run `repeat` times.
    """

    seeds: int | None = None
    crossed: Mapping[str, int] = {}
    repeat: int = 1

    def points(self, trains: Trains) -> list[dict[str, int]]:
        """The seeds of every run, in order; raises UsageError where the plan does not say which, or the adapter cannot follow it.

        >>> from parity.subjects.factors import Factor
        >>> trains = Trains((Factor("init_seed", "weights"), Factor("order_seed", "order"), Factor("dropout_seed", "dropout")))
        >>> SeedPlan(crossed={"init": 1, "order": 2}).points(trains)
        [{'init_seed': 1, 'order_seed': 1, 'dropout_seed': 1}, {'init_seed': 1, 'order_seed': 2, 'dropout_seed': 1}]
        """
        if self.crossed and self.seeds is not None:
            raise UsageError(
                "--seeds moves every seed at once, and --init-seeds with --order-seeds each alone.",
                next_step="Give one or the other.",
            )
        if self.crossed and trains.together:
            raise UsageError(trains.together, next_step=trains.instead)
        if self.crossed:
            counts = self._counts(trains)
            values = product(*(range(1, counts.get(name, 1) + 1) for name in trains.names))
            found = [dict(zip(trains.names, point, strict=True)) for point in values]
        else:
            moved = trains.moved or trains.names
            found = [dict.fromkeys(moved, seed) for seed in range(1, (self.seeds or _SEEDS) + 1)]
        if self.repeat == 1:
            return found
        return [{**point, _REPEAT: again} for point in found for again in range(1, self.repeat + 1)]

    def given(self) -> str | None:
        """The first option of the plan that was given; None where none was."""
        if self.seeds is not None:
            return "--seeds"
        if self.crossed:
            return f"--{next(iter(self.crossed)).removesuffix('_seed')}-seeds"
        return "--repeat" if self.repeat > 1 else None

    def _counts(self, trains: Trains) -> dict[str, int]:
        """How many values of each factor, by its whole name."""
        names = {name: factor.name for factor in trains.factors for name in (factor.name, factor.short)}
        for name in self.crossed:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
                raise UsageError(
                    f"This recipe has no seed called {name!r}.",
                    next_step=f"{f'Did you mean {near[0]}? ' if near else ''}Its seeds are: {', '.join(trains.names)}.",
                )
        return {names[name]: count for name, count in self.crossed.items()}


def is_recipe(text: str) -> bool:
    """Whether this names a recipe that is to be run with seeds, and not one run: it gives no seed itself.

    >>> is_recipe("recipe.toml"), is_recipe("finetune:recipe.toml?seed=3"), is_recipe("hf:run-1")
    (True, False, False)
    """
    if ":" not in text:
        return _scheme_of_file(text) is not None
    if not text.startswith(tuple(f"{scheme}:" for scheme in trainers())):
        return False
    given = {name for name, _ in parse_subject(text).options}
    return not given & {*known_seeds(), _REPEAT}


def _scheme_of_file(name: str) -> str | None:
    """The adapter whose recipes are files of this name."""
    found = (
        scheme for scheme, trains in trainers().items() if trains.recipes and name.endswith(trains.recipes)
    )
    return next(found, None)


def requested_runs(
    candidate: Sequence[str],
    baseline: Sequence[str],
    plan: SeedPlan,
    known: Mapping[str, Known] | None = None,
) -> list[RequestedRun]:
    """The runs of both arms, the candidate's first: a recipe's, one for each point of the plan, or subjects as they stand.

    known: the lines of the CSV of factors, by subject (None: there is no CSV); a line may move its run into the other arm.
    Raises UsageError where what was given cannot be taken together.
    """
    found: list[RequestedRun] = []
    arms: tuple[tuple[Arm, Sequence[str]], ...] = (("candidate", candidate), ("baseline", baseline))
    for arm, texts in arms:
        if len(texts) == 1 and is_recipe(texts[0]):
            found += _of_recipe(texts[0], arm, plan)
            continue
        for text in texts:
            if is_recipe(text):
                raise UsageError(
                    f"{text} is a recipe, and other runs are named with it.",
                    next_step="Give one recipe, or runs only.",
                )
            found.append(_of_run(text, arm, known))
    given = plan.given()
    if given is not None and not any(is_recipe(text) for text in (*candidate, *baseline)):
        raise UsageError(
            f"{given} sets how often a recipe is run, but the runs exist already.",
            next_step=f"Omit {given}, or name a recipe.",
        )
    if known:
        _all_used(known, [*candidate, *baseline])
    found.sort(key=lambda run: run.arm == "baseline")
    return _distinct(found)


def read_factors(path: Path) -> dict[str, Known]:
    """The seeds of runs made elsewhere, by subject, from a CSV with the columns subject, arm, and any seeds that adapters declare.

    Raises UsageError with the line that is wrong.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns, rows = list(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"--factors {path} cannot be read: {reason}.", next_step="Name a CSV file."
        ) from error
    _check_columns(path, columns)
    if not rows:
        raise UsageError(
            f"--factors {path} has a header and no line below it.",
            next_step="Give each run one line.",
        )
    found: dict[str, Known] = {}
    for number, row in enumerate(rows, 2):
        where = f"--factors {path}, line {number}"
        subject = (row["subject"] or "").strip()
        if not subject or subject in found or None in row:
            wrong = "it names no subject" if not subject else f"{subject} appears a second time"
            wrong = "it has more cells than there are columns" if None in row else wrong
            raise UsageError(f"{where}: {wrong}.", next_step="Give each run one line.")
        found[subject] = Known(_seeds(row, where), _arm((row.get("arm") or "").strip(), where))
    return found


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    possible = (*_LEADING, *known_seeds(), _REPEAT)
    known = f"The columns are: {', '.join(possible)}."
    if "subject" not in columns:
        near = difflib.get_close_matches("subject", columns, n=1, cutoff=0.5)
        step = f"Call {near[0]!r} subject. " if near else "Its first line names the columns. "
        step = (
            "Separate the columns by commas. " if any(set(name) & {";", "\t"} for name in columns) else step
        )
        raise UsageError(f"--factors {path} has no column `subject`.", next_step=f"{step}{known}")
    for name in columns:
        if columns.count(name) > 1:
            raise UsageError(f"--factors {path} has the column {name!r} twice.", next_step="Remove one.")
        if name not in possible:
            near = difflib.get_close_matches(name.lower(), set(possible) - set(columns), n=1, cutoff=0.5)
            raise UsageError(
                f"--factors {path} has an unknown column {name!r}.",
                next_step=f"{f'Did you mean {near[0]}? ' if near else 'Remove it. '}{known}",
            )


def _seeds(row: Mapping[str, str | None], where: str) -> dict[str, int]:
    seeds: dict[str, int] = {}
    for name, value in row.items():
        if name in _LEADING or not value or not value.strip():
            continue
        try:
            seeds[name] = int(value)
        except ValueError as error:
            raise UsageError(
                f"{where}: {name} = {value!r} is not a whole number.", next_step="Fix that line."
            ) from error
    return seeds


def _arm(value: str, where: str) -> Arm | None:
    if value in {"candidate", "baseline"}:
        return "candidate" if value == "candidate" else "baseline"
    if value:
        raise UsageError(f"{where}: arm = {value!r}.", next_step="An arm is candidate or baseline.")
    return None


def _of_recipe(text: str, arm: Arm, plan: SeedPlan) -> list[RequestedRun]:
    subject = parse_subject(f"{_scheme_of_file(text)}:{text}" if ":" not in text else text)
    found: list[RequestedRun] = []
    for point in plan.points(trainers()[subject.scheme]):
        moved = tuple((name, str(value)) for name, value in point.items())
        run = subject._replace(options=(*subject.options, *moved))
        title = ", ".join(f"{name.removesuffix('_seed')} {value}" for name, value in point.items())
        if not plan.crossed:
            title = f"seed {next(iter(point.values()))}"
            title += f", repeat {point['repeat']}" if "repeat" in point else ""
        found.append(RequestedRun(title, str(run), arm, point))
    return found


def _of_run(text: str, arm: Arm, known: Mapping[str, Known] | None) -> RequestedRun:
    subject = parse_subject(text)
    name = Path(subject.locator).name or subject.locator
    if known is None:
        return RequestedRun(name, str(subject), arm, _own_seeds(subject))
    line = known.get(text, known.get(str(subject)))
    if line is None:
        raise UsageError(
            f"--factors has no line for {text}.",
            next_step="Give each run a line, with its subject as written.",
        )
    return RequestedRun(name, str(subject), line.arm or arm, line.seeds or _own_seeds(subject))


def _own_seeds(subject: Subject) -> dict[str, int]:
    """The seeds that a subject which is trained gives itself; none of any other."""
    trains = trainers().get(subject.scheme)
    if trains is None:
        return {}
    given = dict(subject.options)
    if all(factor.default is not None for factor in trains.factors):
        seeds = [
            (factor.name, given.get(factor.name, given.get(trains.every, str(factor.default))))
            for factor in trains.factors
        ]
    elif given.keys() & set(trains.names):
        # What is not given is the artifact's own, and not known here.
        seeds = [(name, given.get(name, given.get(trains.every, ""))) for name in trains.names]
    else:
        seeds = [(trains.every, given.get(trains.every, "0"))]
    values = {name: value for name, value in seeds if value}
    if _REPEAT in given:
        values[_REPEAT] = given[_REPEAT]
    if not all(value.isdecimal() for value in values.values()):
        return {}  # the adapter's own check reports the mistake
    return {name: int(value) for name, value in values.items()}


def _all_used(known: Mapping[str, Known], texts: Sequence[str]) -> None:
    names = {*texts, *(str(parse_subject(text)) for text in texts if not is_recipe(text))}
    strange = next((name for name in known if name not in names), None)
    if strange is not None:
        near = difflib.get_close_matches(strange, sorted(names - set(known)), n=1, cutoff=0.5)
        raise UsageError(
            f"--factors has a line for {strange}, which is not one of the runs.",
            next_step=f"Did you mean {near[0]}?" if near else "Name it as a run, or remove its line.",
        )


def _distinct(runs: list[RequestedRun]) -> list[RequestedRun]:
    """Distinct names within an arm: the subject is added where two are equal."""
    names = [(run.arm, run.name) for run in runs]
    return [run._replace(name=run.subject) if names.count((run.arm, run.name)) > 1 else run for run in runs]
