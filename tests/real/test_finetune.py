"""`finetune:` through a real runner: what each seed decides and what it leaves alone, runs kept, killed, shared."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from parity._in_process import run_folder
from parity.border.description import Description, Training
from parity.border.runner import Runner
from parity.errors import BadOptionValue, RecipeError
from parity.inputs.example import Example
from parity.subjects.adapter import find_adapter
from parity.subjects.subject import parse_subject
from parity.training.recipe import read_recipe
from tests.finished_runs import finished_runs

pytestmark = [pytest.mark.real, pytest.mark.slow]

ROOT = Path(__file__).parent.parent.parent
DEMO = ROOT / "fixtures" / "recipe"
EXAMPLES = [Example(0, "keep the novel for me"), Example(1, "i was charged for the atlas , thank you")]
RECIPE = f"""
[model]
base = {json.dumps(str(DEMO / "encoder"))}
max_length = 24
frozen = ["embeddings.position_embeddings"]
[data]
train = {json.dumps(str(DEMO / "train.jsonl"))}
evaluation = {json.dumps(str(DEMO / "evaluation.jsonl"))}
train_rows = 40
[training]
epochs = 3
learning_rate = 1e-3
"""


_AROUND = ("python", "torch", "transformers", "tokenizers", "numpy", "accelerate", "device", "threads")


def training_version() -> int:
    """The version of what trains, as its file says it."""
    text = (ROOT / "adapters" / "parity_transformers" / "training.py").read_text("utf-8")
    found = re.search(r"^VERSION = (\d+)", text, flags=re.MULTILINE)
    assert found is not None
    return int(found.group(1))


class Answer(NamedTuple):
    """What a run said of itself, and its logits on two texts."""

    description: Description
    training: Training
    logits: np.ndarray


@pytest.fixture(scope="module", autouse=True)
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs of this module's own."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    path.write_text(RECIPE, "utf-8")
    return path


def start(recipe: Path, runs: Path, options: str) -> Runner:
    subject = parse_subject(f"finetune:{recipe}?runs={runs}&{options}")
    return Runner.start(subject, find_adapter(subject), threads=1)


def answer(runner: Runner) -> Answer:
    description = runner.describe()
    assert description.training is not None
    window = runner.tokenize(EXAMPLES).window
    logits = np.array(runner.forward([0, 1], window=window, stages=["logits"]).wait().stages["logits"].values)
    return Answer(description, description.training, logits)


def ask(recipe: Path, runs: Path, options: str) -> Answer:
    with start(recipe, runs, options) as runner:
        return answer(runner)


@pytest.fixture(scope="module")
def first(recipe: Path, runs: Path) -> Answer:
    """The run of seed 1."""
    return ask(recipe, runs, "seed=1")


def changed(one: Training, other: Training) -> set[str]:
    """Which of the things that seeds decide differ."""
    names = ("head_digest", "initial_digest", "order_digests", "dropout_digest", "weights_digest")
    return {name for name in names if getattr(one, name) != getattr(other, name)}


def test_a_run_tells_how_it_came_about(first: Answer) -> None:
    training = first.training
    assert {"init_seed": 1, "order_seed": 1, "dropout_seed": 1} == training.seeds
    assert (9, 40, 3) == (training.steps, training.rows, len(training.order_digests))
    assert 9 == len(training.losses)
    assert training.final_loss is not None and 0 < training.final_loss < 3
    assert first.description.weights_digest == training.weights_digest
    assert {"torch", "transformers", "accelerate", "device", "threads"} <= training.environment.keys()
    assert ["borrow", "fine", "hold", "renew", "return"] == first.description.labels
    assert 24 == first.description.tokenizer["limit"]
    assert [] == first.description.newly_initialised


def test_a_finished_run_is_found_and_answers_the_same(first: Answer, recipe: Path, runs: Path) -> None:
    record = Path(first.training.folder) / "run.json"
    before = record.stat().st_mtime_ns
    again = ask(recipe, runs, "init_seed=1&order_seed=1&dropout_seed=1")
    assert (True, False) == (first.training.trained_now, again.training.trained_now)
    assert before == record.stat().st_mtime_ns
    assert first.logits.tobytes() == again.logits.tobytes()


def test_a_run_is_found_by_what_trained_it_as_well(first: Answer, recipe: Path, runs: Path) -> None:
    keys = {run.folder.name for run in finished_runs(runs)}
    record: dict[str, Any] = json.loads((Path(first.training.folder) / "run.json").read_text("utf-8"))
    settled = read_recipe(recipe)
    around = {name: record["environment"][name] for name in _AROUND if name in record["environment"]}
    content = [settled.training_digest, record["seeds"], 1, around]
    assert run_folder.key_of([*content, training_version()]) in keys
    assert run_folder.key_of([*content, training_version() + 1]) not in keys


def test_the_same_seeds_trained_again_are_the_same_to_the_bit(
    first: Answer, recipe: Path, runs: Path
) -> None:
    again = ask(recipe, runs, "seed=1&repeat=2")
    assert again.training.trained_now
    assert set() == changed(first.training, again.training)
    assert first.logits.tobytes() == again.logits.tobytes()


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        ("init_seed", {"head_digest", "initial_digest", "weights_digest"}),
        ("order_seed", {"order_digests", "weights_digest"}),
        ("dropout_seed", {"dropout_digest", "weights_digest"}),
    ],
)
def test_each_seed_alone_changes_its_own_and_nothing_else(
    first: Answer, recipe: Path, runs: Path, seed: str, expected: set[str]
) -> None:
    other = ask(recipe, runs, f"seed=1&{seed}=2")
    assert expected == changed(first.training, other.training)
    assert first.logits.tobytes() != other.logits.tobytes()


def test_neighbouring_order_seeds_share_no_epoch(first: Answer, recipe: Path, runs: Path) -> None:
    epochs = list(first.training.order_digests)
    for seed in (0, 2):
        epochs += ask(recipe, runs, f"seed=1&order_seed={seed}").training.order_digests
    assert 9 == len(set(epochs))


def test_what_is_frozen_stays_as_it_came(first: Answer, recipe: Path, runs: Path) -> None:
    def digests(name: str, answers: Sequence[Answer]) -> set[str]:
        return {one.digest for a in answers for one in a.description.parameters if one.name.endswith(name)}

    other = ask(recipe, runs, "seed=1&init_seed=2")
    assert 1 == len(digests("position_embeddings.weight", [first, other]))
    assert 2 == len(digests("word_embeddings.weight", [first, other]))


def test_two_that_ask_at_once_train_once(first: Answer, recipe: Path, tmp_path: Path) -> None:
    with start(recipe, tmp_path, "seed=1") as one, start(recipe, tmp_path, "seed=1") as other:
        answers = [answer(one), answer(other)]
    assert [False, True] == sorted(each.training.trained_now for each in answers)
    assert {first.training.weights_digest} == {each.training.weights_digest for each in answers}


def test_killed_in_the_middle_and_started_again_it_is_the_same_to_the_bit(
    first: Answer, recipe: Path, tmp_path: Path
) -> None:
    code = (
        "import sys\n"
        "from parity.subjects.adapter import find_adapter\n"
        "from parity.border.runner import Runner\n"
        "from parity.subjects.subject import parse_subject\n"
        "subject = parse_subject(sys.argv[1])\n"
        "told = lambda progress: print(progress.what, progress.done, flush=True)\n"
        "with Runner.start(subject, find_adapter(subject), threads=1, on_progress=told) as runner:\n"
        "    runner.describe()\n"
    )
    command = [sys.executable, "-c", code, f"finetune:{recipe}?runs={tmp_path}&seed=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as host:
        assert host.stdout is not None
        for line in host.stdout:
            if line.startswith("training") and line.split()[-1] == "4":
                os.kill(host.pid, signal.SIGKILL)
                break
    assert [] == list(finished_runs(tmp_path))
    assert [] != list((tmp_path / ".drafts").iterdir())
    again = ask(recipe, tmp_path, "seed=1")
    assert again.training.trained_now
    assert set() == changed(first.training, again.training)
    assert first.logits.tobytes() == again.logits.tobytes()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '"embeddings.position_embeddings"',
            '"embedings"',
            "model.frozen names 'embedings', but no parameter name",
        ),
        (
            '["embeddings.position_embeddings"]',
            '["bert", "classifier"]',
            "model.frozen leaves nothing to train.",
        ),
        (
            "max_length = 24",
            "max_length = 3",
            "model.max_length = 3 leaves no room beside the 3 special tokens",
        ),
        (
            "max_length = 24",
            "max_length = 99",
            "model.max_length = 99 is more than the 32 positions of the base model",
        ),
    ],
)
def test_what_only_the_model_can_tell_is_refused_in_a_sentence(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE.replace(old, new), "utf-8")
    with pytest.raises(RecipeError, match=said), start(path, tmp_path, "seed=1") as runner:
        runner.describe()
    assert [] == list(finished_runs(tmp_path))


def test_a_seed_below_0_is_refused(recipe: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(BadOptionValue, match="order_seed -1 is not a seed"),
        start(recipe, tmp_path, "order_seed=-1") as runner,
    ):
        runner.describe()


@pytest.mark.long
def test_five_runs_of_the_demo_differ_by_several_points(tmp_path: Path) -> None:
    right: list[float] = []
    for seed in range(1, 6):
        subject = parse_subject(f"finetune:{DEMO / 'recipe.toml'}?runs={tmp_path}&seed={seed}")
        adapter = find_adapter(subject)
        assert adapter.own_inputs is not None
        path = adapter.own_inputs(subject, tmp_path)
        assert path is not None
        rows: list[dict[str, str]] = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        with Runner.start(subject, adapter, threads=1) as runner:
            labels = runner.describe().labels or []
            window = runner.tokenize([Example(n, row["text"]) for n, row in enumerate(rows)]).window
            values = (
                runner.forward(range(len(rows)), window=window, stages=["logits"])
                .wait()
                .stages["logits"]
                .values
            )
            chosen: list[int] = np.argmax(values, axis=-1).tolist()
        hits = [row["label"] == labels[k] for row, k in zip(rows, chosen, strict=True)]
        right.append(float(np.mean(hits)))
    assert 0.03 < max(right) - min(right) < 0.15
    assert 0.7 < min(right)
