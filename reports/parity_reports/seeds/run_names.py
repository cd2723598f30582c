"""Short names of runs for figures, and the order in which seeds stand together."""

from __future__ import annotations

from collections.abc import Sequence

from parity.records.runs import RunRecord
from parity.records.seed_audit import SeedAudit
from parity_reports.text import wording

__all__ = ["kept_runs", "order_by_factors", "seeds_text", "share_seeds", "short_names"]

_LONGEST = 18
_LETTERS = {"init_seed": "i", "order_seed": "o", "dropout_seed": "d", "seed": "s", "repeat": "r"}
_WORDS = {"init_seed": "initial weights", "order_seed": "order", "dropout_seed": "dropout", "seed": "seed"}


def kept_runs(audit: SeedAudit, arm: str) -> list[RunRecord]:
    """The runs of an arm that are averaged, in the order of its churn matrix and its values."""
    return [run for run in audit.runs if run.arm == arm and run.standing == "kept"]


def short_names(runs: Sequence[RunRecord]) -> tuple[str, ...]:
    """A name for each run that fits beside a figure: its seeds where they tell runs apart, else its own name, clipped."""
    moving = _moving(runs)
    if moving and all(len({run.factors[name] for name in moving}) == 1 for run in runs):
        by_seed = [f"seed {run.factors[moving[0]]}" for run in runs]
    else:
        by_seed = [
            " ".join(f"{_LETTERS.get(name, name)}{run.factors[name]}" for name in moving) for run in runs
        ]
    if moving and len(set(by_seed)) == len(runs):
        return tuple(by_seed)
    return tuple(run.name if len(run.name) <= _LONGEST else f"{run.name[: _LONGEST - 1]}…" for run in runs)


def order_by_factors(runs: Sequence[RunRecord]) -> list[int]:
    """Indices of runs with equal seeds beside each other; as they stand where they have none."""
    moving = _moving(runs)
    return sorted(range(len(runs)), key=lambda index: [runs[index].factors[name] for name in moving])


def seeds_text(run: RunRecord) -> str:
    """The seeds of a run; one number where all of them are the same."""
    if not run.factors:
        return wording.NOTHING
    seeds = {name: value for name, value in run.factors.items() if name != "repeat"}
    again = f", repeat {run.factors['repeat']}" if "repeat" in run.factors else ""
    if len(set(seeds.values())) == 1:
        return f"all {next(iter(seeds.values()))}{again}"
    return ", ".join(f"{_WORDS.get(name, name)} {value}" for name, value in seeds.items()) + again


def share_seeds(runs: Sequence[RunRecord]) -> bool:
    """Whether some runs have one seed alike and another not, so that a block of a matrix can say something."""
    return any(len({run.factors[name] for run in runs}) < len(runs) for name in _moving(runs))


def _moving(runs: Sequence[RunRecord]) -> list[str]:
    """The seeds that all runs have and that differ between some."""
    if not runs:
        return []
    shared = [name for name in runs[0].factors if all(name in run.factors for run in runs)]
    return [name for name in shared if len({run.factors[name] for run in runs}) > 1]
