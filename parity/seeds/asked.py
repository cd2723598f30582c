"""Which runs are asked for: from a recipe and its seeds, or from subjects that exist, with their factors."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Literal, NamedTuple

from parity.errors import UsageError
from parity.subject import Subject, parse_subject

__all__ = ["Arm", "RunAsked", "SeedPlan", "is_recipe", "read_factors", "runs_asked"]

Arm = Literal["candidate", "baseline"]
_FACTORS = ("init_seed", "order_seed", "dropout_seed")
_TRAINED = {"finetune": _FACTORS, "allennlp-train": ("seed",)}


class RunAsked(NamedTuple):
    """One run: its name in every sentence, the subject that is it, its arm, and the seeds it is made with."""

    name: str
    subject: str
    arm: Arm
    factors: dict[str, int]


class SeedPlan(NamedTuple):
    """Which seeds a recipe is run with: `seeds` move everything, or `init_seeds` x `order_seeds`; each `repeat` times."""

    seeds: int | None = None
    init_seeds: int | None = None
    order_seeds: int | None = None
    repeat: int = 1

    def points(self, names: Sequence[str]) -> list[dict[str, int]]:
        """The seeds of every run, in order; raises UsageError where the plan does not say which."""
        crossed = self.init_seeds is not None or self.order_seeds is not None
        if crossed and self.seeds is not None:
            raise UsageError(
                "--seeds moves every seed at once, and --init-seeds with --order-seeds each alone.",
                next_step="Give one or the other.",
            )
        if crossed and tuple(names) != _FACTORS:
            raise UsageError(
                "AllenNLP draws initial weights, order and dropout from one stream: its seeds cannot be crossed.",
                next_step="Give --seeds N.",
            )
        if crossed:
            grid = product(range(1, (self.init_seeds or 1) + 1), range(1, (self.order_seeds or 1) + 1))
            found = [{"init_seed": init, "order_seed": order, "dropout_seed": 1} for init, order in grid]
        else:
            found = [dict.fromkeys(names, seed) for seed in range(1, (self.seeds or 5) + 1)]
        if self.repeat == 1:
            return found
        return [{**point, "repeat": again} for point in found for again in range(1, self.repeat + 1)]


def is_recipe(text: str) -> bool:
    """Whether this names a recipe that is run with seeds, and not a run that exists."""
    return text.endswith(".toml") or text.startswith(("allennlp-train:", "finetune:"))


def runs_asked(
    texts: Sequence[str], arm: Arm, plan: SeedPlan, factors: dict[str, dict[str, int]]
) -> list[RunAsked]:
    """The runs of one arm: a recipe's, one for each point of the plan, or the subjects as they stand."""
    if len(texts) == 1 and is_recipe(texts[0]):
        return _of_recipe(texts[0], arm, plan)
    found: list[RunAsked] = []
    for text in texts:
        if text.endswith(".toml"):
            raise UsageError(
                f"{text} is a recipe, and other runs stand beside it.",
                next_step="Give one recipe, or runs only.",
            )
        subject = parse_subject(text)
        found.append(
            RunAsked(_name(subject), str(subject), arm, factors.get(text, factors.get(str(subject), {})))
        )
    return _distinct(found)


def read_factors(path: Path) -> dict[str, dict[str, int]]:
    """The seeds of runs made elsewhere, by subject, from a CSV with the columns subject, init_seed, order_seed, ….

    A column named `arm` is left to the command line. Raises UsageError with the line that is wrong.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--factors {path} cannot be read: {error}.", next_step="Check the path.") from error
    if not rows or "subject" not in rows[0]:
        raise UsageError(
            f"--factors {path} has no column `subject`.", next_step="Its first line names the columns."
        )
    found: dict[str, dict[str, int]] = {}
    for number, row in enumerate(rows, 2):
        seeds: dict[str, int] = {}
        for name, value in row.items():
            if name in {"subject", "arm"} or not value:
                continue
            try:
                seeds[name] = int(value)
            except (TypeError, ValueError) as error:
                raise UsageError(
                    f"--factors {path}, line {number}: {name} = {value!r} is no whole number.",
                    next_step="Mend that line.",
                ) from error
        found[row["subject"]] = seeds
    return found


def _of_recipe(text: str, arm: Arm, plan: SeedPlan) -> list[RunAsked]:
    subject = parse_subject(f"finetune:{text}" if text.endswith(".toml") and ":" not in text else text)
    names = _TRAINED.get(subject.scheme, ("seed",))
    found: list[RunAsked] = []
    for point in plan.points(names):
        asked = tuple((name, str(value)) for name, value in point.items())
        run = subject._replace(options=(*subject.options, *asked))
        said = ", ".join(f"{name.removesuffix('_seed')} {value}" for name, value in point.items())
        if len({value for name, value in point.items() if name != "repeat"}) == 1:
            said = f"seed {next(iter(point.values()))}"
            said += f", repeat {point['repeat']}" if "repeat" in point else ""
        found.append(RunAsked(said, str(run), arm, point))
    return found


def _name(subject: Subject) -> str:
    return Path(subject.locator).name or subject.locator


def _distinct(runs: list[RunAsked]) -> list[RunAsked]:
    """Names told apart: by their subjects where two are called alike."""
    names = [run.name for run in runs]
    return [run._replace(name=run.subject) if names.count(run.name) > 1 else run for run in runs]
