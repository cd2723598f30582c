"""Which runs are asked for: from a recipe and its seeds, or from subjects that exist, with their factors."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Literal, NamedTuple

from parity.errors import UsageError
from parity.subjects.subject import Subject, parse_subject

__all__ = ["Arm", "Known", "RunAsked", "SeedPlan", "is_recipe", "read_factors", "runs_asked"]

Arm = Literal["candidate", "baseline"]
_FACTORS = ("init_seed", "order_seed", "dropout_seed")
_ALLENNLP = ("random_seed", "numpy_seed", "pytorch_seed")
_COLUMNS = ("subject", "arm", *_FACTORS, "seed", *_ALLENNLP, "repeat")
_TRAINED = {"finetune": _FACTORS, "allennlp-train": ("seed",)}


class RunAsked(NamedTuple):
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
    """Which seeds a recipe is run with: `seeds` move everything, or `init_seeds` x `order_seeds`; each `repeat` times."""

    seeds: int | None = None
    init_seeds: int | None = None
    order_seeds: int | None = None
    repeat: int = 1

    def points(self, names: Sequence[str]) -> list[dict[str, int]]:
        """The seeds of every run, in order; raises UsageError where the plan does not say which.

        >>> SeedPlan(init_seeds=1, order_seeds=2).points(("init_seed", "order_seed", "dropout_seed"))
        [{'init_seed': 1, 'order_seed': 1, 'dropout_seed': 1}, {'init_seed': 1, 'order_seed': 2, 'dropout_seed': 1}]
        """
        crossed = self.init_seeds is not None or self.order_seeds is not None
        if crossed and self.seeds is not None:
            raise UsageError(
                "--seeds moves every seed at once, and --init-seeds with --order-seeds each alone.",
                next_step="Give one or the other.",
            )
        if crossed and tuple(names) != _FACTORS:
            raise UsageError(
                "AllenNLP draws initial weights and dropout from one stream (pytorch_seed) and the order from another (random_seed): "
                "initial weights cannot be moved alone.",
                next_step="Give --seeds N, or each run by itself: CONFIG?random_seed=1&pytorch_seed=2.",
            )
        if crossed:
            grid = product(range(1, (self.init_seeds or 1) + 1), range(1, (self.order_seeds or 1) + 1))
            found = [{"init_seed": init, "order_seed": order, "dropout_seed": 1} for init, order in grid]
        else:
            found = [dict.fromkeys(names, seed) for seed in range(1, (self.seeds or 5) + 1)]
        if self.repeat == 1:
            return found
        return [{**point, "repeat": again} for point in found for again in range(1, self.repeat + 1)]

    def said(self) -> str | None:
        """The first option of the plan that was given; None where none was."""
        options = {
            "--seeds": self.seeds is not None,
            "--init-seeds": self.init_seeds is not None,
            "--order-seeds": self.order_seeds is not None,
            "--repeat": self.repeat > 1,
        }
        return next((name for name, given in options.items() if given), None)


def is_recipe(text: str) -> bool:
    """Whether this names a recipe that is to be run with seeds, and not one run: it says none itself.

    >>> is_recipe("recipe.toml"), is_recipe("finetune:recipe.toml?seed=3"), is_recipe("hf:run-1")
    (True, False, False)
    """
    if text.endswith(".toml") and ":" not in text:
        return True
    if not text.startswith(tuple(f"{scheme}:" for scheme in _TRAINED)):
        return False
    said = {name for name, _ in parse_subject(text).options}
    return not said & {*_FACTORS, *_ALLENNLP, "seed", "repeat"}


def runs_asked(
    candidate: Sequence[str],
    baseline: Sequence[str],
    plan: SeedPlan,
    known: Mapping[str, Known] | None = None,
) -> list[RunAsked]:
    """The runs of both arms, the candidate's first: a recipe's, one for each point of the plan, or subjects as they stand.

    known: the lines of the CSV of factors, by subject (None: there is no CSV); a line may move its run into the other arm.
    Raises UsageError where what was given cannot be taken together.
    """
    found: list[RunAsked] = []
    arms: tuple[tuple[Arm, Sequence[str]], ...] = (("candidate", candidate), ("baseline", baseline))
    for arm, texts in arms:
        if len(texts) == 1 and is_recipe(texts[0]):
            found += _of_recipe(texts[0], arm, plan)
            continue
        for text in texts:
            if is_recipe(text):
                raise UsageError(
                    f"{text} is a recipe, and other runs stand beside it.",
                    next_step="Give one recipe, or runs only.",
                )
            found.append(_of_run(text, arm, known))
    given = plan.said()
    if given is not None and not any(is_recipe(text) for text in (*candidate, *baseline)):
        raise UsageError(
            f"{given} says how often a recipe is run, and there is none: the runs exist.",
            next_step=f"Leave {given} out, or name a recipe.",
        )
    if known:
        _all_used(known, [*candidate, *baseline])
    found.sort(key=lambda run: run.arm == "baseline")
    return _distinct(found)


def read_factors(path: Path) -> dict[str, Known]:
    """The seeds of runs made elsewhere, by subject, from a CSV with the columns subject, arm, init_seed, order_seed, ….

    Raises UsageError with the line that is wrong.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns, rows = list(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"--factors {path} cannot be read: {said}.", next_step="Name a CSV file.") from error
    _check_columns(path, columns)
    if not rows:
        raise UsageError(
            f"--factors {path} names its columns, and has no line beneath them.",
            next_step="Give each run one line.",
        )
    found: dict[str, Known] = {}
    for number, row in enumerate(rows, 2):
        where = f"--factors {path}, line {number}"
        subject = (row["subject"] or "").strip()
        if not subject or subject in found or None in row:
            wrong = "it names no subject" if not subject else f"{subject} stands there a second time"
            wrong = "it has more cells than there are columns" if None in row else wrong
            raise UsageError(f"{where}: {wrong}.", next_step="Give each run one line.")
        found[subject] = Known(_seeds(row, where), _arm((row.get("arm") or "").strip(), where))
    return found


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    known = f"The columns are: {', '.join(_COLUMNS)}."
    if "subject" not in columns:
        near = difflib.get_close_matches("subject", columns, n=1, cutoff=0.5)
        step = f"Call {near[0]!r} subject. " if near else "Its first line names the columns. "
        step = "Part the columns by commas. " if any(set(name) & {";", "\t"} for name in columns) else step
        raise UsageError(f"--factors {path} has no column `subject`.", next_step=f"{step}{known}")
    for name in columns:
        if columns.count(name) > 1:
            raise UsageError(f"--factors {path} has the column {name!r} twice.", next_step="Remove one.")
        if name not in _COLUMNS:
            near = difflib.get_close_matches(name.lower(), set(_COLUMNS) - set(columns), n=1, cutoff=0.5)
            raise UsageError(
                f"--factors {path} has an unknown column {name!r}.",
                next_step=f"{f'Did you mean {near[0]}? ' if near else 'Remove it. '}{known}",
            )


def _seeds(row: Mapping[str, str | None], where: str) -> dict[str, int]:
    seeds: dict[str, int] = {}
    for name, value in row.items():
        if name in {"subject", "arm"} or not value or not value.strip():
            continue
        try:
            seeds[name] = int(value)
        except ValueError as error:
            raise UsageError(
                f"{where}: {name} = {value!r} is no whole number.", next_step="Mend that line."
            ) from error
    return seeds


def _arm(said: str, where: str) -> Arm | None:
    if said in {"candidate", "baseline"}:
        return "candidate" if said == "candidate" else "baseline"
    if said:
        raise UsageError(f"{where}: arm = {said!r}.", next_step="An arm is candidate or baseline.")
    return None


def _of_recipe(text: str, arm: Arm, plan: SeedPlan) -> list[RunAsked]:
    subject = parse_subject(f"finetune:{text}" if ":" not in text else text)
    found: list[RunAsked] = []
    for point in plan.points(_TRAINED[subject.scheme]):
        asked = tuple((name, str(value)) for name, value in point.items())
        run = subject._replace(options=(*subject.options, *asked))
        said = ", ".join(f"{name.removesuffix('_seed')} {value}" for name, value in point.items())
        if plan.init_seeds is None and plan.order_seeds is None:
            said = f"seed {next(iter(point.values()))}"
            said += f", repeat {point['repeat']}" if "repeat" in point else ""
        found.append(RunAsked(said, str(run), arm, point))
    return found


def _of_run(text: str, arm: Arm, known: Mapping[str, Known] | None) -> RunAsked:
    subject = parse_subject(text)
    name = Path(subject.locator).name or subject.locator
    if known is None:
        return RunAsked(name, str(subject), arm, _own_seeds(subject))
    line = known.get(text, known.get(str(subject)))
    if line is None:
        raise UsageError(
            f"--factors has no line for {text}.", next_step="Give each run a line, its subject as written."
        )
    return RunAsked(name, str(subject), line.arm or arm, line.seeds or _own_seeds(subject))


def _own_seeds(subject: Subject) -> dict[str, int]:
    """The seeds that a subject which is trained says itself; none of any other."""
    names = _TRAINED.get(subject.scheme, ())
    said = dict(subject.options)
    values = {name: said.get(name, said.get("seed", "0")) for name in names}
    if subject.scheme == "allennlp-train" and said.keys() & set(_ALLENNLP):
        # What is not said is the config's own, and not known here.
        known = {name: said.get(name, said.get("seed")) for name in _ALLENNLP}
        values = {name: value for name, value in known.items() if value is not None}
    if "repeat" in said and names:
        values["repeat"] = said["repeat"]
    if not all(value.isdecimal() for value in values.values()):
        return {}  # the adapter says what is wrong with it
    return {name: int(value) for name, value in values.items()}


def _all_used(known: Mapping[str, Known], texts: Sequence[str]) -> None:
    names = {*texts, *(str(parse_subject(text)) for text in texts if not is_recipe(text))}
    strange = next((name for name in known if name not in names), None)
    if strange is not None:
        near = difflib.get_close_matches(strange, sorted(names - set(known)), n=1, cutoff=0.5)
        raise UsageError(
            f"--factors has a line for {strange}, which is no run here.",
            next_step=f"Did you mean {near[0]}?" if near else "Name it as a run, or remove its line.",
        )


def _distinct(runs: list[RunAsked]) -> list[RunAsked]:
    """Names told apart within an arm: by their subjects where two are called alike."""
    names = [(run.arm, run.name) for run in runs]
    return [run._replace(name=run.subject) if names.count((run.arm, run.name)) > 1 else run for run in runs]
