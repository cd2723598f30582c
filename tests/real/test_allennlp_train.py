"""`allennlp-train:` through a real runner: what each seed decides, runs kept and killed, archives questioned like any."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from parity.border.description import Description, Training
from parity.border.runner import Runner
from parity.errors import (
    BadOptionValue,
    ParityError,
    SubjectError,
    SubjectNotFound,
    TrainingDiverged,
    UnsafeArtifact,
)
from parity.inputs.example import Example
from parity.subjects.adapter import find_adapter
from parity.subjects.subject import parse_subject
from tests.finished_runs import finished_runs
from tests.real.allennlp_asking import ask as ask_archive
from tests.real.allennlp_asking import interpreter
from tests.real.asking import ROOT, compare, parity, stage

pytestmark = [pytest.mark.real, pytest.mark.slow]

FIXTURES = ROOT / "fixtures"
TEXTS = ["The parcel arrived after a month.", "It leaks at the glass."]


class Answer(NamedTuple):
    """What a run said of itself, and its logits on two texts."""

    description: Description
    training: Training
    logits: np.ndarray[Any, np.dtype[Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fixtures' config, its encoder with weights, and the first rows of its data, with runs of its own."""
    place = tmp_path_factory.mktemp("training")
    rows = (FIXTURES / "corpus" / "train.jsonl").read_text("utf-8").splitlines(keepends=True)
    subprocess.run([sys.executable, "fixtures/encoder.py", str(place / "encoder")], cwd=ROOT, check=True)
    (place / "train.jsonl").write_text("".join(rows[:48]), "utf-8")
    (place / "dev.jsonl").write_text("".join(rows[48:64]), "utf-8")
    text = (FIXTURES / "config.jsonnet").read_text("utf-8")
    text = text.replace("fixtures/encoder", f"{place}/encoder").replace("fixtures/corpus", str(place))
    (place / "config.jsonnet").write_text(text.replace('"num_epochs": 8', '"num_epochs": 2'), "utf-8")
    return place


def changed_config(folder: Path, old: str, new: str) -> Path:
    """Another config beside the first, in which one thing is another."""
    text = (folder / "config.jsonnet").read_text("utf-8")
    assert old in text
    path = folder / f"other-{len(list(folder.iterdir()))}.jsonnet"
    path.write_text(text.replace(old, new), "utf-8")
    return path


def start(folder: Path, options: str, config: Path | None = None) -> Runner:
    place = config or folder / "config.jsonnet"
    spec = f"allennlp-train:{place}?runs={folder}/runs" + (f"&{options}" if options else "")
    subject = parse_subject(spec)
    return Runner.start(subject, find_adapter(subject), interpreter=interpreter(), threads=1, timeout=120)


def ask(folder: Path, options: str, config: Path | None = None) -> Answer:
    with start(folder, options, config) as runner:
        description = runner.describe()
        assert description.training is not None
        window = runner.tokenize([Example(row, text) for row, text in enumerate(TEXTS)]).window
        batch = runner.forward(range(len(TEXTS)), window=window, stages=["logits"]).wait()
        return Answer(description, description.training, np.array(batch.stages["logits"].values))


def changed(one: Training, other: Training) -> set[str]:
    """Which of the things that seeds decide differ."""
    names = ("head_digest", "initial_digest", "order_digests", "dropout_digest", "weights_digest")
    return {name for name in names if getattr(one, name) != getattr(other, name)}


@pytest.fixture(scope="module")
def first(folder: Path) -> Answer:
    """The run of seed 1."""
    return ask(folder, "seed=1")


def test_a_run_tells_how_it_came_about(first: Answer) -> None:
    training, config = first.training, first.description.config
    assert dict.fromkeys(("random_seed", "numpy_seed", "pytorch_seed"), 1) == training.seeds
    assert (6, 48, 2, 6) == (
        training.steps,
        training.rows,
        len(training.order_digests),
        len(training.losses),
    )
    assert training.final_loss is not None and 0 < training.final_loss < 3
    assert first.description.weights_digest == training.weights_digest == config["training.weights_digest"]
    assert training.data_digest == config["training.data_digest"]
    assert 0 <= config["training.metrics.best_validation_accuracy"] <= 1
    assert {"torch", "allennlp", "transformers", "threads"} <= training.environment.keys()
    assert first.description.notes[0].endswith("was run as code, as `allennlp train` runs it.")


def test_the_same_seed_twice_is_the_same_to_the_bit(first: Answer, folder: Path) -> None:
    again = ask(folder, "seed=1&repeat=2")
    assert again.training.trained_now
    assert set() == changed(first.training, again.training)
    assert first.description.parameters == again.description.parameters
    assert first.logits.tobytes() == again.logits.tobytes()


@pytest.mark.long
def test_three_seeds_are_three_archives_that_allennlp_answers_for_as_well(
    first: Answer, folder: Path
) -> None:
    answers = [first, ask(folder, "seed=2"), ask(folder, "seed=3")]
    assert 3 == len({answer.training.weights_digest for answer in answers})
    assert 1 == len({answer.training.recipe_digest for answer in answers})
    for answer in answers:
        archive = ask_archive(f"allennlp:{answer.training.folder}/model.tar.gz", TEXTS)
        assert answer.training.weights_digest == archive.description.weights_digest
        assert answer.logits.tobytes() == archive.stages["logits"].tobytes()


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        pytest.param("random_seed", {"order_digests", "weights_digest"}, marks=pytest.mark.long),
        pytest.param("numpy_seed", set[str](), marks=pytest.mark.long),
        ("pytorch_seed", {"head_digest", "initial_digest", "dropout_digest", "weights_digest"}),
    ],
)
def test_each_seed_alone_decides_its_own_and_nothing_else(
    first: Answer, folder: Path, seed: str, expected: set[str]
) -> None:
    other = ask(folder, f"seed=1&{seed}=2")
    assert expected == changed(first.training, other.training)
    assert (first.logits.tobytes() != other.logits.tobytes()) == bool(expected)


def test_seeds_that_are_not_given_are_the_configs(folder: Path) -> None:
    said = ask(folder, "pytorch_seed=5").training.seeds
    assert {"random_seed": 13, "numpy_seed": 13, "pytorch_seed": 5} == said


def test_a_finished_run_is_found_whatever_the_comments_say(first: Answer, folder: Path) -> None:
    record = Path(first.training.folder) / "run.json"
    before = record.stat().st_mtime_ns
    again = ask(folder, "seed=1", changed_config(folder, "// What", "// Whatever"))
    assert (False, first.training.folder) == (again.training.trained_now, again.training.folder)
    assert before == record.stat().st_mtime_ns
    assert first.logits.tobytes() == again.logits.tobytes()
    assert first.description.config == again.description.config


def test_other_rows_in_the_same_file_are_another_run(first: Answer, folder: Path) -> None:
    data = folder / "train.jsonl"
    rows = data.read_text("utf-8")
    data.write_text("".join(rows.splitlines(keepends=True)[:-1]), "utf-8")
    try:
        other = ask(folder, "seed=1")
    finally:
        data.write_text(rows, "utf-8")
    assert other.training.trained_now
    assert first.training.data_digest != other.training.data_digest
    assert 47 == other.training.rows


def test_external_variables_and_a_transformer_are_given_as_options(first: Answer, folder: Path) -> None:
    config = changed_config(folder, f'"{folder}/train.jsonl"', 'std.extVar("TRAIN")')
    config.write_text(config.read_text("utf-8").replace(f"{folder}/encoder", "some/where"), "utf-8")
    found = ask(folder, f"seed=1&vars=TRAIN={folder}/train.jsonl&transformer={folder}/encoder", config)
    assert (False, first.training.folder) == (found.training.trained_now, found.training.folder)
    assert any("'some/where'" in note for note in found.description.notes)


@pytest.mark.long
def test_killed_in_the_middle_and_started_again_it_is_the_same_to_the_bit(
    first: Answer, folder: Path, tmp_path: Path
) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from parity.subjects.adapter import find_adapter\n"
        "from parity.border.runner import Runner\n"
        "from parity.subjects.subject import parse_subject\n"
        "subject, python = parse_subject(sys.argv[1]), Path(sys.argv[2])\n"
        "told = lambda progress: print(progress.what, progress.done, flush=True)\n"
        "with Runner.start(subject, find_adapter(subject), interpreter=python, threads=1, on_progress=told) as runner:\n"
        "    runner.describe()\n"
    )
    spec = f"allennlp-train:{folder}/config.jsonnet?seed=1&runs={tmp_path}"
    command = [sys.executable, "-c", code, spec, str(interpreter())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as host:
        assert host.stdout is not None
        for line in host.stdout:
            if line.startswith("training"):
                os.kill(host.pid, signal.SIGKILL)
                break
    assert [] == list(finished_runs(tmp_path))
    subject = parse_subject(spec)
    with Runner.start(subject, find_adapter(subject), interpreter=interpreter(), threads=1) as runner:
        training = runner.describe().training
    assert training is not None and training.trained_now
    assert set() == changed(first.training, training)
    assert 1 == len(list(finished_runs(tmp_path)))


def test_a_run_is_parity_with_its_port_and_another_training_than_the_next_seed(
    folder: Path, tmp_path: Path
) -> None:
    archive = f"{ask(folder, 'seed=1').training.folder}/model.tar.gz"
    script = [
        sys.executable,
        "fixtures/port.py",
        archive,
        f"{tmp_path}/port",
        "--encoder",
        f"{folder}/encoder",
    ]
    subprocess.run(script, cwd=ROOT, check=True, capture_output=True)
    spec = f"allennlp-train:{folder}/config.jsonnet@{interpreter()}?runs={folder}/runs&seed="
    inputs = ("--inputs", "fixtures/reviews.jsonl")
    ported = compare(f"{spec}1", f"hf:{tmp_path}/port", tmp_path / "ported", *inputs)
    assert "parity" == ported.verdict, ported.headline
    seeds = compare(f"{spec}1", f"{spec}2", tmp_path / "seeds", *inputs)
    assert "divergent" == seeds.verdict
    assert "divergent" == stage(seeds, "embeddings").status


def test_three_seeds_are_audited_by_one_command(folder: Path, tmp_path: Path) -> None:
    spec = f"allennlp-train:{folder}/config.jsonnet@{interpreter()}?runs={folder}/runs"
    run = parity("seeds", spec, "--seeds", "3", "--inputs", "fixtures/reviews.jsonl", "--out", str(tmp_path))
    assert run.code in {0, 1}, run.complained
    audit = json.loads((tmp_path / "audit.json").read_text("utf-8"))
    assert ["seed 1", "seed 2", "seed 3"] == [run["name"] for run in audit["runs"]]
    assert 3 == len({run["weights_digest"] for run in audit["runs"]})


@pytest.mark.parametrize(
    ("old", "new", "kind", "said"),
    [
        ("/encoder", "/nowhere", SubjectNotFound, "is not on this machine"),
        ("/train.jsonl", "/trian.jsonl", SubjectNotFound, "names a file that is not there"),
        ("basic_classifier", "basic_clasifier", SubjectError, "not in acceptable choices"),
        ("basic_classifier", "mine.Model", UnsafeArtifact, "Nothing was trained"),
        (
            "basic_classifier",
            "allennlp.models.Model",
            UnsafeArtifact,
            "model.type is 'allennlp.models.Model': a path",
        ),
        (
            "huggingface_adamw",
            "subprocess.Popen",
            UnsafeArtifact,
            "trainer.optimizer.type is 'subprocess.Popen'",
        ),
        ("batch_size", "batch_sise", SubjectError, "batch_sise"),
        ('"lr": 5e-4', '"lr": 1e30', TrainingDiverged, "diverged: its loss is not a number"),
        ('"random_seed": 13', '"distributed": {}', SubjectError, "several processes"),
        ('"random_seed": 13', '"test_data_path": "s3://b/x"', SubjectError, "test_data_path is an address"),
        ('"random_seed": 13', '"random_seed": std.extVar("S")', SubjectError, "?vars=S=VALUE"),
        ('"trainer"', '"trainers"', SubjectError, "has no trainer"),
        ("local encoder", "locale encoder", SubjectError, "is not a config that AllenNLP can read"),
    ],
)
def test_a_config_that_cannot_be_trained_is_a_sentence_and_leaves_no_run(
    folder: Path, old: str, new: str, kind: type[ParityError], said: str
) -> None:
    runs = {run.folder for run in finished_runs(folder / "runs")}
    with start(folder, "", changed_config(folder, old, new)) as runner, pytest.raises(kind) as caught:
        runner.describe()
    assert kind is type(caught.value)
    assert said in str(caught.value)
    assert runs == {run.folder for run in finished_runs(folder / "runs")}


@pytest.mark.parametrize("options", ["seed=-1", "numpy_seed=4294967296", "vars=TRAIN", "train_threads=0"])
def test_an_option_that_cannot_be_is_a_sentence(folder: Path, options: str) -> None:
    with pytest.raises(BadOptionValue), start(folder, options) as runner:
        runner.describe()


def test_an_archive_is_no_config(folder: Path) -> None:
    with (
        start(folder, "", FIXTURES / "reviews.tar.gz") as runner,
        pytest.raises(SubjectError, match="allennlp:"),
    ):
        runner.describe()
