"""Everything that the cases read, built once into one folder: the fixtures, the wrong ports, models, rows, recipes, outputs."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tools.lock.models import build_models

__all__ = ["build_inputs"]

RECIPE = """\
[model]
base = "../fixtures/recipe/encoder"
max_length = 24
[data]
train = "../fixtures/recipe/train.jsonl"
evaluation = "../fixtures/recipe/evaluation.jsonl"
slices = "wording"
train_rows = 160
evaluation_rows = 100
[training]
epochs = 12
learning_rate = {rate}
warmup = 0.1
"""
POLICY = """\
name = "locked limits"
[stages]
"layer.*" = 0.05
embeddings = 0.02
pooled = 0.05
logits = 0.05
probabilities = 0.05
"""
ROWS = 24
RUNS = 6
CLASSES = "first", "second", "third"


def build_inputs(folder: Path, tree: Path) -> None:
    """Build the inputs of all cases under `folder`, with the fixtures of `tree`."""
    shutil.copytree(tree / "fixtures", folder / "fixtures", ignore=shutil.ignore_patterns("__pycache__"))
    fixtures = folder / "fixtures"
    reviews = _read(fixtures / "reviews.jsonl")
    _write_ports(folder / "ports", fixtures)
    build_models(folder / "models", fixtures / "encoder")
    _write_rows(folder / "rows", reviews)
    _write_recipes(folder / "recipes", fixtures)
    _write_outputs(folder / "outputs", fixtures)
    _write_populations(folder / "runs")
    dies = folder / "dies.sh"
    dies.write_text("#!/bin/sh\necho out of order >&2\nexit 7\n", "utf-8")
    dies.chmod(0o755)


def _write_ports(folder: Path, fixtures: Path) -> None:
    port = _script(fixtures / "port.py")
    archive = port.read_archive(fixtures / "reviews.tar.gz")
    right = port.right_port(archive, fixtures / "encoder")
    for name, variant in {**port.MISTAKES, "classes_reordered": port.classes_reordered}.items():
        port.write_port(variant(right, archive), folder / name)


def _write_rows(folder: Path, reviews: list[dict[str, str]]) -> None:
    few = reviews[:ROWS]
    names = "negative", "neutral", "positive"
    _write_lines(folder / "texts.jsonl", ({"id": row["id"], "text": row["text"]} for row in few))
    labelled = ({**row, "label": names[number % 3]} for number, row in enumerate(few))
    _write_lines(folder / "labelled.jsonl", labelled)
    pairs = (
        {"premise": row["text"], "hypothesis": other["text"], "label": names[number % 3]}
        for number, (row, other) in enumerate(zip(few, reviews[ROWS:], strict=False))
    )
    _write_lines(folder / "pairs.jsonl", pairs)
    questions = ({"question": f"Which {row['label']}?", "context": row["text"]} for row in few)
    _write_lines(folder / "questions.jsonl", questions)
    # The same few texts again and again, one blank: copies count once, and a blank row is reported.
    copies = [few[number % 4]["text"] for number in range(12)]
    (folder / "copies.txt").write_text("\n".join(copies) + "\n\n", "utf-8")
    (folder / "empty.jsonl").write_text("", "utf-8")


def _write_recipes(folder: Path, fixtures: Path) -> None:
    folder.mkdir()
    (folder / "recipe.toml").write_text(RECIPE.format(rate="5e-3"), "utf-8")
    (folder / "slower.toml").write_text(RECIPE.format(rate="4e-3"), "utf-8")
    (folder / "wrong.toml").write_text(RECIPE.format(rate="5e-3").replace("epochs", "epoch"), "utf-8")
    (folder / "limits.toml").write_text(POLICY, "utf-8")
    # AllenNLP's training, with few rows and large steps; paths in its config are relative to the folder that a case runs in.
    texts = [row["text"] for row in _read(fixtures / "corpus" / "train.jsonl")]
    _script(fixtures / "encoder.py").write_encoder(folder / "encoder", texts)
    for name, count in (("train", 160), ("dev", 16)):
        rows = _read(fixtures / "corpus" / f"{name}.jsonl")[:count]
        _write_lines(folder / f"{name}.jsonl", rows)
    config = (fixtures / "config.jsonnet").read_text("utf-8")
    changes = {
        "fixtures/encoder": "recipes/encoder",
        "fixtures/corpus": "recipes",
        '"num_epochs": 8': '"num_epochs": 6',
        '"lr": 5e-4': '"lr": 3e-3',
        '{"lr": 1e-5}': '{"lr": 1e-2}',
    }
    for old, new in changes.items():
        if old not in config:
            raise ValueError(f"fixtures/config.jsonnet has no {old!r}: change tools/lock/inputs.py")
        config = config.replace(old, new)
    (folder / "config.jsonnet").write_text(config, "utf-8")


def _write_outputs(folder: Path, fixtures: Path) -> None:
    """The fixtures' outputs in other forms: probabilities rounded to three decimals, and logits with two rows flipped."""
    folder.mkdir()
    rows: list[dict[str, Any]] = _read(fixtures / "outputs.jsonl")
    names = sorted(rows[0]["logits"])
    logits = np.array([[row["logits"][name] for name in names] for row in rows])
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    lines = [",".join(["id", *names])]
    for row, values in zip(rows, shares.tolist(), strict=True):
        lines.append(",".join([str(row["id"]), *(f"{value:.3f}" for value in values)]))
    (folder / "rounded.csv").write_text("\n".join(lines) + "\n", "utf-8")
    turned = [
        {
            "id": row["id"],
            "logits": {name: -value if number < 2 else value for name, value in row["logits"].items()},
        }
        for number, row in enumerate(rows)
    ]
    _write_lines(folder / "turned.jsonl", turned)


def _write_populations(folder: Path) -> None:
    """Runs made elsewhere as files of logits, and the CSV of their seeds; the last run is not finite."""
    folder.mkdir()
    rng = np.random.default_rng(7)
    right = rng.integers(len(CLASSES), size=120)
    shared = 0.5 * rng.standard_normal((len(right), len(CLASSES)))
    shared[np.arange(len(right)), right] += np.where(rng.random(len(right)) < 0.85, 3.0, -1.0)
    table = ["subject,init_seed,order_seed"]
    for number in range(1, RUNS + 1):
        logits = shared + 0.5 * np.random.default_rng(100 + number).standard_normal(shared.shape)
        if number == RUNS:
            logits[3] = np.nan
        labels: list[str] = [CLASSES[int(index)] for index in right]
        lines: list[dict[str, Any]] = [
            {
                "id": f"e{row}",
                "text": f"Row {row}.",
                "label": labels[row],
                "logits": dict(zip(CLASSES, values, strict=True)),
            }
            for row, values in enumerate(logits.tolist())
        ]
        _write_lines(folder / f"run-{number}.jsonl", lines)
        table.append(f"outputs:runs/run-{number}.jsonl,{number},{number}")
    (folder / "seeds.csv").write_text("\n".join(table) + "\n", "utf-8")


def _script(path: Path) -> ModuleType:
    """One of the fixtures' scripts, which are not a package, from the copy."""
    name = f"_lock_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


if __name__ == "__main__":
    build_inputs(Path(sys.argv[1]), Path(sys.argv[2]))
