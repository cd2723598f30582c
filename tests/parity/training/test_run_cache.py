"""The folder of runs: a run is whole or not there, made once, and found again."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from parity._in_process import run_folder
from parity.errors import RecipeError, UsageError
from parity.training.recipe import read_recipe
from parity.training.run_cache import runs_folder, store_rows
from tests.finished_runs import finished_runs

ROOT = Path(__file__).parents[3]
RUN_FOLDER = ROOT / "parity" / "_in_process" / "run_folder.py"
KEY = "0123456789abcdef01234567"


class Refused(Exception):
    """A sentence for the user, as a runner's host has it."""

    def __init__(self, slug: str, sentence: str, next_step: str = "") -> None:
        super().__init__(sentence)
        self.slug = slug


class Listener:
    """A host that keeps what it is told."""

    Refusal = Refused

    def __init__(self) -> None:
        self.progressed: list[str] = []
        self.warned: list[str] = []

    def progress(self, what: str, done: int = 0, total: int | None = None) -> None:
        self.progressed.append(what)

    def warn(self, sentence: str) -> None:
        self.warned.append(sentence)


def make(runs: Path, weights: str = "weights", host: Listener | None = None) -> Any:
    """Claim the run and, where it is not there, make it."""
    with run_folder.claim(str(runs), KEY, host or Listener()) as claimed:
        if claimed.record is None:
            Path(claimed.draft, "model.safetensors").write_text(weights, "utf-8")
            claimed.finish({"final_loss": 0.5})
    return claimed


def test_a_run_is_made_once_and_then_found(tmp_path: Path) -> None:
    assert make(tmp_path).made_now
    again = make(tmp_path, "others")
    assert not again.made_now
    assert "weights" == (tmp_path / KEY / "model.safetensors").read_text("utf-8")
    assert 0.5 == again.record["final_loss"]
    assert [KEY] == [run.folder.name for run in finished_runs(tmp_path)]


def test_a_process_killed_in_the_middle_leaves_no_run(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from parity._in_process import run_folder\n"
        f"with run_folder.claim(sys.argv[1], {KEY!r}, None) as claimed:\n"
        "    open(os.path.join(claimed.draft, 'model.safetensors'), 'w').write('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, cwd=ROOT)
    assert -9 == killed.returncode
    assert (tmp_path / ".drafts" / KEY / "model.safetensors").exists()
    assert [] == list(finished_runs(tmp_path))
    assert make(tmp_path).made_now
    assert "weights" == (tmp_path / KEY / "model.safetensors").read_text("utf-8")
    assert not (tmp_path / ".drafts" / KEY).exists()


def test_an_error_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), run_folder.claim(str(tmp_path), KEY, Listener()):
        raise ZeroDivisionError
    assert [] == list((tmp_path / ".drafts").iterdir())
    assert make(tmp_path).made_now


@pytest.mark.parametrize("damage", ["cut", "gone", "no record"])
def test_a_damaged_run_is_made_again(tmp_path: Path, damage: str) -> None:
    make(tmp_path)
    weights = tmp_path / KEY / "model.safetensors"
    if damage == "cut":
        weights.write_text("weight", "utf-8")
    elif damage == "gone":
        weights.unlink()
    else:
        (tmp_path / KEY / "run.json").unlink()
    host = Listener()
    assert make(tmp_path, host=host).made_now
    assert (damage != "no record") == ("is damaged" in "".join(host.warned))
    assert "weights" == weights.read_text("utf-8")


def test_who_asks_while_it_is_made_waits_says_so_and_finds_it(tmp_path: Path) -> None:
    host = Listener()
    found: list[Any] = []
    with run_folder.claim(str(tmp_path), KEY, Listener()) as claimed:
        other = threading.Thread(target=lambda: found.append(make(tmp_path, "others", host)))
        other.start()
        while not host.progressed:
            assert other.is_alive()
        Path(claimed.draft, "model.safetensors").write_text("weights", "utf-8")
        claimed.finish({})
    other.join(10)
    assert "waiting for another process that trains this run" == host.progressed[0]
    assert [False] == [one.made_now for one in found]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(Refused, match="The folder for runs cannot be written") as caught:
        make(tmp_path / "file")
    assert "usage" == caught.value.slug


def test_what_follows_from_the_same_has_the_same_key() -> None:
    assert run_folder.key_of([{"a": 1, "b": 2}]) == run_folder.key_of([{"b": 2, "a": 1}])
    assert run_folder.key_of([{"a": 1}]) != run_folder.key_of([{"a": 2}])


def test_runs_lie_where_they_are_said_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PARITY_RUNS", raising=False)
    monkeypatch.setenv("PARITY_CACHE", str(tmp_path))
    assert tmp_path / "runs" == runs_folder()
    monkeypatch.setenv("PARITY_RUNS", str(tmp_path / "shared"))
    assert tmp_path / "shared" == runs_folder()
    assert tmp_path / "named" == runs_folder(str(tmp_path / "named"))


def test_rows_are_stored_under_the_digest_of_their_bytes(tmp_path: Path) -> None:
    part = read_recipe(ROOT / "fixtures" / "recipe" / "recipe.toml").evaluation
    path = store_rows(part, tmp_path)
    assert part.digest == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    first = json.loads(path.read_text("utf-8").splitlines()[0])
    assert {"text", "label", "id", "slice"} == set(first)
    assert path == store_rows(part, tmp_path)
    assert [path] == list(path.parent.iterdir())


def test_rows_that_changed_since_they_were_checked_are_not_stored(tmp_path: Path) -> None:
    for name in ("train.jsonl", "evaluation.jsonl", "recipe.toml"):
        (tmp_path / name).write_bytes((ROOT / "fixtures" / "recipe" / name).read_bytes())
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        recipe.read_text("utf-8").replace('"encoder"', json.dumps(str(ROOT / "fixtures/recipe/encoder"))),
        "utf-8",
    )
    part = read_recipe(recipe).train
    (tmp_path / "train.jsonl").write_text('{"text": "other", "label": "fine"}\n', "utf-8")
    with pytest.raises(UsageError, match="changed while it was being used"):
        store_rows(part, tmp_path / "runs")
    assert [] == list((tmp_path / "runs" / ".rows").iterdir())
    (tmp_path / "train.jsonl").write_text('{"text": 1}\n', "utf-8")
    with pytest.raises(RecipeError, match="is not a text"):
        store_rows(part, tmp_path / "runs")
