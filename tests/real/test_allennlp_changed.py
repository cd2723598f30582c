"""`allennlp-train:` and what changes under it: a name in Transformers' cache, its rows, its config while an audit runs."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch

from parity.border.runner import Runner
from parity.errors import RecipeError
from parity.records.seed_audit import load_seed_audit
from parity.subjects.adapter import find_adapter
from parity.subjects.progress import Progress
from parity.subjects.subject import parse_subject
from tests.finished_runs import finished_runs
from tests.real.allennlp_asking import interpreter
from tests.real.asking import ROOT
from tests.real.test_allennlp_train import changed_config, folder, start
from tests.real.test_changed_on_the_way import left_out, rewrite
from tests.real.test_seeds import started, wait_for

pytestmark = [pytest.mark.real, pytest.mark.long]
__all__ = ["folder"]


class Cache:
    """Transformers' cache as its old versions lay it out: a file a URL and ETag, written by hand."""

    def __init__(self, place: Path, encoder: Path) -> None:
        self.place = place
        self.place.mkdir()
        for file in encoder.iterdir():
            self.put(file.name, file.read_bytes())

    def put(self, name: str, content: bytes) -> None:
        """What the cache holds of a file."""
        url = f"https://huggingface.co/made/up/resolve/main/{name}"
        known = hashlib.sha256(url.encode()).hexdigest() + "." + hashlib.sha256(b"etag").hexdigest()
        (self.place / known).write_bytes(content)
        (self.place / f"{known}.json").write_text(json.dumps({"url": url, "etag": "etag"}), "utf-8")


def trained(folder: Path, config: Path, seed: int = 1) -> tuple[bool, str, str]:
    """Whether it was trained now, the digest of its recipe, that of its weights."""
    with start(folder, f"seed={seed}", config) as runner:
        training = runner.describe().training
    assert training is not None
    return training.trained_now, training.recipe_digest, training.weights_digest


def test_a_name_in_the_cache_is_found_by_what_the_cache_holds(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path / "cache", folder / "encoder")
    monkeypatch.setenv("TRANSFORMERS_CACHE", str(cache.place))
    config = changed_config(folder, f'"{folder}/encoder"', '"made/up"')
    first, again = trained(folder, config), trained(folder, config)
    assert (True, False) == (first[0], again[0])
    assert first[1:] == again[1:]
    weights = torch.load(folder / "encoder" / "pytorch_model.bin", weights_only=True)
    weights["embeddings.word_embeddings.weight"][5] += 0.5
    torch.save(weights, tmp_path / "weights.bin")
    cache.put("pytorch_model.bin", (tmp_path / "weights.bin").read_bytes())
    moved = trained(folder, config)
    assert moved[0] and moved[1] != first[1] and moved[2] != first[2]


def test_rows_that_change_while_they_are_trained_on_are_refused(folder: Path, tmp_path: Path) -> None:
    rows = tmp_path / "train.jsonl"
    shutil.copy(folder / "train.jsonl", rows)
    config = changed_config(folder, str(folder / "train.jsonl"), str(rows))
    subject = parse_subject(f"allennlp-train:{config}?runs={tmp_path}/runs&seed=1")

    def told(progress: Progress) -> None:
        if progress.what.startswith("training"):
            rows.write_text(rows.read_text("utf-8").replace("a", "e"), "utf-8")

    with (
        pytest.raises(RecipeError, match=r"changed during the training: train_data_path"),
        Runner.start(
            subject,
            find_adapter(subject),
            interpreter=interpreter(),
            threads=1,
            timeout=120,
            on_progress=told,
        ) as runner,
    ):
        runner.describe()
    assert [] == list(finished_runs(tmp_path / "runs"))


def learning(folder: Path) -> Path:
    """A config beside the first whose runs learn: more rows and passes, and one learning rate for all parameters."""
    rows = (ROOT / "fixtures" / "corpus" / "train.jsonl").read_text("utf-8").splitlines(keepends=True)
    for name, part in (("many.jsonl", rows[:400]), ("held.jsonl", rows[400:480])):
        (folder / name).write_text("".join(part), "utf-8")
    text = (folder / "config.jsonnet").read_text("utf-8")
    for old, new in (
        ("train.jsonl", "many.jsonl"),
        ("dev.jsonl", "held.jsonl"),
        ('"num_epochs": 2', '"num_epochs": 6'),
        ('"lr": 5e-4', '"lr": 2e-3'),
        ('"lr": 1e-6', '"lr": 2e-3'),
        ('"lr": 1e-5', '"lr": 2e-3'),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "learning.jsonnet").write_text(text, "utf-8")
    return folder / "learning.jsonnet"


def test_runs_of_a_config_that_is_edited_on_the_way_are_not_averaged(folder: Path, tmp_path: Path) -> None:
    config = learning(folder)
    inputs, out, runs = str(folder / "held.jsonl"), tmp_path / "out", tmp_path / "runs"
    with started(out, runs, f"allennlp-train:{config}", "--seeds", "3", "--inputs", inputs) as process:
        wait_for(process, lambda: any(finished_runs(runs)))
        rewrite(config, '"dropout": 0.3', '"dropout": 0.2')
        _, complained = process.communicate(timeout=300)
    assert process.returncode == 1, complained
    found = load_seed_audit(out / "audit.json")
    assert {"It followed another recipe than most runs."} == {run.reason for run in left_out(found)}
    assert "other_recipe" in {item.kind for item in found.findings if item.severity == "bars"}
    assert len({run.training.recipe_digest for run in found.runs if run.training is not None}) == 2
