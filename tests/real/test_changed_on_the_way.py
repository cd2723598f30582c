"""What changes while runs are made: the recipe, its rows, its base model. Runs of two of them are never averaged."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from parity.border.runner import Runner
from parity.errors import RecipeError
from parity.records.runs import RunRecord
from parity.records.seed_audit import SeedAudit, load_seed_audit
from parity.subjects.adapter import find_adapter
from parity.subjects.subject import Subject, parse_subject
from parity.training.recipe import read_recipe
from tests.finished_runs import finished_runs
from tests.real.asking import ROOT
from tests.real.test_seeds import audit, started, wait_for

pytestmark = [pytest.mark.real, pytest.mark.long]

DEMO = ROOT / "fixtures" / "recipe"
RECIPE = """
[model]
base = "encoder"
max_length = 24
[data]
train = "train.jsonl"
evaluation = "evaluation.jsonl"
train_rows = 160
evaluation_rows = 100
[training]
epochs = 6
learning_rate = 5e-3
warmup = 0.1
"""
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe with a base model and rows of its own."""
    shutil.copytree(DEMO / "encoder", tmp_path / "encoder")
    for name in ("train.jsonl", "evaluation.jsonl"):
        shutil.copy(DEMO / name, tmp_path / name)
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE, "utf-8")
    return path


def rewrite(path: Path, old: str, new: str) -> None:
    """Change a file at one stroke, as an editor does."""
    draft = path.with_suffix(".draft")
    text = path.read_text("utf-8")
    assert old in text
    draft.write_text(text.replace(old, new, 1), "utf-8")
    os.replace(draft, path)


def nudge(folder: Path) -> None:
    """Change one weight of a base model."""
    weights = folder / "model.safetensors"
    tensors: Any = safetensors.numpy  # its types are partly unknown
    held: dict[str, Any] = dict(tensors.load_file(weights))
    name = next(name for name in sorted(held) if name.endswith("word_embeddings.weight"))
    held[name] = np.array(held[name])
    held[name][5] += 0.5
    draft = folder / "draft"
    tensors.save_file(held, draft, metadata={"format": "pt"})
    os.replace(draft, weights)


def change_recipe(recipe: Path) -> None:
    rewrite(recipe, "5e-3", "4e-3")


def change_rows(recipe: Path) -> None:
    line = recipe.with_name("train.jsonl").read_text("utf-8").splitlines()[0]
    text = json.loads(line)["text"]
    rewrite(recipe.with_name("train.jsonl"), json.dumps(text)[1:-1], "another text altogether")


def change_base(recipe: Path) -> None:
    nudge(recipe.with_name("encoder"))


def changed_after_one(
    recipe: Path, tmp_path: Path, change: Callable[[Path], None], *options: str
) -> SeedAudit:
    """The audit of three seeds of a recipe that was changed when the first run was finished."""
    runs, out = tmp_path / "kept", tmp_path / "out"
    with started(out, runs, str(recipe), "--seeds", "3", *options) as process:
        wait_for(process, lambda: any(finished_runs(runs)))
        change(recipe)
        _, complained = process.communicate(timeout=300)
    assert process.returncode == 1, complained
    return load_seed_audit(out / "audit.json")


def left_out(found: SeedAudit) -> list[RunRecord]:
    return [run for run in found.runs if run.standing != "kept"]


@pytest.mark.false_pass(35)
@pytest.mark.parametrize(
    ("change", "options"),
    [(change_recipe, ()), (change_recipe, ("--jobs", "2")), (change_rows, ()), (change_base, ())],
)
def test_runs_made_after_a_change_are_in_no_mean_and_bar_a_pass(
    recipe: Path, tmp_path: Path, change: Callable[[Path], None], options: tuple[str, ...]
) -> None:
    digest = read_recipe(recipe).digest
    found = changed_after_one(recipe, tmp_path, change, *options)
    assert "inconclusive" == found.verdict
    assert [] != left_out(found)
    assert {"other_recipe"} == {item.kind for item in found.findings if item.severity == "bars"}
    assert {"The recipe or its rows were changed while the audit ran."} == {
        run.reason for run in left_out(found)
    }
    kept = [run for run in found.runs if run.standing == "kept"]
    assert {digest} == {run.training.recipe_digest for run in kept if run.training is not None}
    assert len(kept) == found.arms[0].runs
    assert "missing_runs" in [reason.about for reason in found.reasons]


@needs_ray
def test_on_ray_too(recipe: Path, tmp_path: Path) -> None:
    found = changed_after_one(recipe, tmp_path, change_recipe, "--executor", "ray")
    assert {"other_recipe"} == {item.kind for item in found.findings if item.severity == "bars"}


@pytest.mark.false_pass(35)
def test_runs_of_two_recipes_that_were_named_one_by_one_are_not_averaged(
    recipe: Path, tmp_path: Path
) -> None:
    other = recipe.with_name("other.toml")
    shutil.copy(recipe, other)
    change_recipe(other)
    named = [f"finetune:{recipe}?seed={seed}" for seed in (1, 2)] + [f"finetune:{other}?seed=3"]
    found = audit(tmp_path / "out", tmp_path / "kept", *named)
    assert ["It followed another recipe than most runs."] == [run.reason for run in left_out(found)]


def test_a_base_that_changes_between_its_digest_and_its_loading_is_refused(
    recipe: Path, tmp_path: Path
) -> None:
    subject = parse_subject(f"finetune:{recipe}?runs={tmp_path / 'kept'}&seed=1")
    adapter = find_adapter(subject)
    prepare = adapter.prepare
    assert prepare is not None

    def late(asked: Subject, options: dict[str, str]) -> dict[str, str]:
        prepared = prepare(asked, options)
        nudge(recipe.with_name("encoder"))
        return prepared

    with (
        pytest.raises(RecipeError, match="changed while it was being used"),
        Runner.start(subject, dataclasses.replace(adapter, prepare=late), threads=1) as runner,
    ):
        runner.describe()
    assert [] == list(finished_runs(tmp_path / "kept"))


class Hub:
    """A hub's cache, written by hand: one model with two revisions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._model = folder / "hub" / "models--made--up"
        for commit in ("a" * 40, "b" * 40):
            shutil.copytree(DEMO / "encoder", self._model / "snapshots" / commit)
        nudge(self._model / "snapshots" / ("b" * 40))
        self.move("a")

    def move(self, commit: str) -> None:
        """Let `main` stand for another commit."""
        place = self._model / "refs" / "main"
        place.parent.mkdir(exist_ok=True)
        place.write_text(commit * 40, "utf-8")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    found = Hub(tmp_path / "home")
    monkeypatch.setenv("HF_HOME", str(found.folder))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return found


def from_hub(recipe: Path) -> Path:
    rewrite(recipe, '"encoder"', '"made/up"')
    return recipe


def bases(found: SeedAudit) -> set[str | None]:
    return {run.training.base_digest for run in found.runs if run.training is not None}


def test_a_hub_base_is_found_by_what_its_revision_holds(recipe: Path, tmp_path: Path, hub: Hub) -> None:
    named, runs = str(from_hub(recipe)), tmp_path / "kept"
    first = audit(tmp_path / "first", runs, named, "--seeds", "2")
    hub.move("b")
    second = audit(tmp_path / "second", runs, named, "--seeds", "2")
    assert (2, 2) == (first.provenance.trained_now, second.provenance.trained_now)
    assert set() == bases(first) & bases(second)
    assert set() == {run.weights_digest for run in first.runs} & {run.weights_digest for run in second.runs}
    hub.move("a")
    again = audit(tmp_path / "again", runs, named, "--seeds", "2")
    assert 0 == again.provenance.trained_now
    assert bases(first) == bases(again)
    assert [first.runs[0].metrics, first.churn] == [again.runs[0].metrics, again.churn]
    commits = {run.training.base_revision for run in first.runs if run.training is not None}
    assert {"a" * 40} == commits


def test_a_hub_base_whose_revision_moves_on_the_way_is_in_no_mean(
    recipe: Path, tmp_path: Path, hub: Hub
) -> None:
    found = changed_after_one(from_hub(recipe), tmp_path, lambda _: hub.move("b"))
    assert "inconclusive" == found.verdict
    assert {"It began with another base model than most runs."} == {run.reason for run in left_out(found)}
    assert {"other_recipe"} == {item.kind for item in found.findings if item.severity == "bars"}
