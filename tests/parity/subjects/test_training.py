"""The seeds that adapters declare: parity's own, and those of an adapter that another package brings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from parity.subjects.training import grids, known_factors, trainers, whole_sets

ADAPTER = """
from pathlib import Path
from parity.subjects.adapter import Adapter, Option
from parity.subjects.factors import Factor, Trains

FACTORS = (Factor("augmentation_seed", "augmentation"), Factor("weights_seed", "weights", makes=("weights",)))
adapter = Adapter(
    scheme="made",
    runner=Path(__file__),
    options=(*(Option(factor.name, "integer", factor.title) for factor in FACTORS), Option("repeat", "count", "again")),
    trains=Trains(FACTORS, every="all_seeds", recipes=(".made",), grid=("augmentation_seed", "weights_seed")),
)
"""
CODE = """
from parity.seed_audit.runs.requested import SeedPlan, is_recipe, requested_runs
from parity.subjects.training import grids, known_seeds
print(is_recipe("x.made"), is_recipe("made:x?weights_seed=1"))
for run in requested_runs(["x.made"], [], SeedPlan(crossed={"weights": 2})): print(run.name, run.subject, sep=" | ")
for run in requested_runs(["made:x"], [], SeedPlan(1, repeat=2)): print(run.name, run.subject, sep=" | ")
print(requested_runs(["made:x?all_seeds=4&weights_seed=1"], [], SeedPlan())[0].factors)
print(("augmentation_seed", "weights_seed") in grids(), "all_seeds" in known_seeds())
"""


def test_an_adapter_that_trains_brings_its_own_seeds_and_recipes(tmp_path: Path) -> None:
    (tmp_path / "made_adapter.py").write_text(ADAPTER, encoding="utf-8")
    facts = tmp_path / "made_adapter-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: made-adapter\nVersion: 1.0\n", encoding="utf-8"
    )
    (facts / "entry_points.txt").write_text(
        "[parity.adapters]\nmade = made_adapter:adapter\n", encoding="utf-8"
    )
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    done = subprocess.run([sys.executable, "-c", start + CODE], capture_output=True, text=True, check=False)
    assert [
        "True False",
        "augmentation 1, weights 1 | made:x.made?augmentation_seed=1&weights_seed=1",
        "augmentation 1, weights 2 | made:x.made?augmentation_seed=1&weights_seed=2",
        "seed 1, repeat 1 | made:x?augmentation_seed=1&weights_seed=1&repeat=1",
        "seed 1, repeat 2 | made:x?augmentation_seed=1&weights_seed=1&repeat=2",
        "{'augmentation_seed': 4, 'weights_seed': 1}",
        "True True",
    ] == done.stdout.splitlines(), done.stderr


def test_every_factor_is_an_option_of_its_adapter() -> None:
    from parity.subjects.adapter import adapters

    for adapter in adapters().values():
        options = {option.name for option in adapter.options}
        if adapter.trains is not None:
            assert {*adapter.trains.names, *adapter.trains.moved, adapter.trains.every, "repeat"} <= options


def test_seeds_that_can_be_moved_alone_come_first_and_each_training_has_its_whole_sets() -> None:
    assert ["finetune", "allennlp-train"] == list(trainers())
    assert ["init_seed", "order_seed", "dropout_seed", "seed"] == list(known_factors())[:4]
    assert [{"init_seed", "order_seed", "dropout_seed"}, {"seed"}] == [
        set(names) for names in whole_sets()[:2]
    ]
    assert (("init_seed", "order_seed"),) == grids()
