"""`parity seeds` on runs that are really trained: killed, resumed, on Ray, repeated, crossed, against a baseline, made elsewhere."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from parity.records.runs import RepeatsRecord, RunRecord
from parity.records.seed_audit import SeedAudit, load_seed_audit, variance_of
from tests.finished_runs import finished_runs
from tests.real.asking import ROOT, Run, parity
from tests.real.processes import commands, descendants, gone, hear_signals

pytestmark = [pytest.mark.real, pytest.mark.long]

DEMO = ROOT / "fixtures" / "recipe"
RECIPE = f"""
[model]
base = {json.dumps(str(DEMO / "encoder"))}
max_length = 24
[data]
train = {json.dumps(str(DEMO / "train.jsonl"))}
evaluation = {json.dumps(str(DEMO / "evaluation.jsonl"))}
slices = "wording"
train_rows = 160
evaluation_rows = 100
[training]
epochs = 12
learning_rate = 5e-3
warmup = 0.1
"""
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    path.write_text(RECIPE, "utf-8")
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs that most tests share."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def whole(recipe: Path, runs: Path, tmp_path_factory: pytest.TempPathFactory) -> SeedAudit:
    """The audit of five seeds, which nothing disturbed."""
    return audit(tmp_path_factory.mktemp("whole") / "out", runs, str(recipe), "--seeds", "5")


def ask(out: Path, runs: Path, *arguments: str) -> Run:
    return parity("seeds", *arguments, "--jobs", "2", "--out", str(out), PARITY_RUNS=str(runs))


def audit(out: Path, runs: Path, *arguments: str) -> SeedAudit:
    run = ask(out, runs, *arguments)
    assert run.code in {0, 1}, run.complained
    found = load_seed_audit(out / "audit.json")
    assert run.code == found.exit_code
    return found


def figures(found: SeedAudit) -> dict[str, Any]:
    """The record without what tells one command from another."""
    record: dict[str, Any] = json.loads(json.dumps(found, default=_fields))
    del record["provenance"], record["command"]
    return record


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def finished(runs: Path) -> dict[str, int]:
    """The runs that are whole, and when their records were written."""
    return {run.folder.name: (run.folder / "run.json").stat().st_mtime_ns for run in finished_runs(runs)}


@contextmanager
def started(out: Path, runs: Path, *arguments: str) -> Generator[subprocess.Popen[str]]:
    """The command, at work."""
    line = [sys.executable, "-m", "parity", "seeds", *arguments, "--out", str(out)]
    environment = {**os.environ, "PARITY_RUNS": str(runs)}
    with subprocess.Popen(
        line,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_signals,  # noqa: PLW1509 - it takes no lock
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: subprocess.Popen[str], happened: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.02)


def training(runs: Path) -> bool:
    return any((runs / ".drafts").glob("*"))


def the_spread(found: SeedAudit) -> list[float | None]:
    return found.metrics["accuracy"].spread.values


def test_five_seeds_are_trained_once_and_judged(whole: SeedAudit) -> None:
    assert 5 == whole.provenance.trained_now
    assert 5 == whole.arms[0].runs
    assert 5 == len({run.weights_digest for run in whole.runs})
    assert whole.recipe is not None and whole.runs_needed.runs is not None
    assert {"long", "plain"} <= {part.slice for part in whole.arms[0].slices}
    assert ["embeddings", "layer.0", "layer.1"] == [stage.stage for stage in whole.cka][:3]
    assert [1, 2, 3, 4, 5] == [run.factors["order_seed"] for run in whole.runs]


def test_killed_in_the_middle_of_run_three_it_goes_on_and_comes_to_the_same_to_the_bit(
    whole: SeedAudit, recipe: Path, tmp_path: Path
) -> None:
    runs, out = tmp_path / "runs", tmp_path / "out"
    with started(out, runs, str(recipe), "--seeds", "5") as process:
        wait_for(process, lambda: len(finished(runs)) == 2 and training(runs))
        # Host and runner are killed as one: a runner that outlives its host for a moment may still clear its draft away.
        os.kill(process.pid, signal.SIGSTOP)
        below = descendants(process.pid)
        for pid in (*below, process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait()
        assert below
        assert gone(below)
    before = finished(runs)
    assert 2 == len(before)
    assert training(runs)  # what was begun is there, and is taken for no run
    again = audit(out, runs, str(recipe), "--seeds", "5")
    assert 3 == again.provenance.trained_now
    assert before.items() <= finished(runs).items()
    assert figures(whole) == figures(again)


def test_a_host_that_is_killed_alone_takes_its_runner_with_it(recipe: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with started(tmp_path / "out", runs, str(recipe), "--seeds", "5") as process:
        wait_for(process, lambda: training(runs))
        below = descendants(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert below
        assert gone(below)
    assert len(finished(runs)) < 5


def test_stopped_by_ctrl_c_it_ends_its_runs_at_once(recipe: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with started(tmp_path / "out", runs, str(recipe), "--jobs", "2") as process:
        wait_for(process, lambda: training(runs))
        below = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        assert 130 == process.wait(20)
        assert gone(below, 2)
        assert process.stderr is not None
        assert "parity: Stopped by SIGINT" in process.stderr.read()
    assert not (tmp_path / "out").exists()


@needs_ray
def test_on_ray_a_worker_that_is_killed_costs_its_run_and_the_audit_is_the_same(
    whole: SeedAudit, recipe: Path, tmp_path: Path
) -> None:
    runs, out = tmp_path / "runs", tmp_path / "out"
    arguments = (str(recipe), "--seeds", "5", "--jobs", "2", "--executor", "ray")
    with started(out, runs, *arguments) as process:
        wait_for(process, lambda: training(runs))
        below = descendants(process.pid)
        workers = [pid for pid, name in commands(below).items() if name.startswith("ray::_collect_there")]
        assert workers
        os.kill(workers[0], signal.SIGKILL)
        _, complained = process.communicate(timeout=300)
        assert process.returncode in {0, 1}, complained
        assert gone(below)
    found = load_seed_audit(out / "audit.json")
    assert 5 == found.arms[0].runs
    assert figures(whole) == figures(found)
    assert [] == list((runs / ".collected").iterdir())


@needs_ray
def test_a_cluster_that_does_not_answer_is_a_sentence(
    whole: SeedAudit, recipe: Path, runs: Path, tmp_path: Path
) -> None:
    run = ask(tmp_path / "out", runs, str(recipe), "--executor", "ray", "--address", "127.0.0.1:1")
    assert (2, "") == (run.code, run.said)
    assert "parity: No Ray cluster answers at 127.0.0.1:1" in run.complained
    assert "[executor-missing]" in run.complained
    assert "Traceback" not in run.complained


def test_without_ray_installed_it_is_a_sentence(recipe: Path, runs: Path, tmp_path: Path) -> None:
    code = (
        "import sys\nsys.modules['ray'] = None\n"
        f"sys.argv = ['parity', 'seeds', {str(recipe)!r}, '--executor', 'ray', '--out', {str(tmp_path / 'out')!r}]\n"
        "from parity.cli.app import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        env={**os.environ, "PARITY_RUNS": str(runs)},
    )
    assert 2 == done.returncode
    assert "parity: --executor ray needs Ray" in done.stderr
    assert 'pip install "parity-audit[ray]"' in done.stderr


def test_the_same_seeds_again_are_the_same_to_the_bit_and_count_once(
    whole: SeedAudit, recipe: Path, runs: Path, tmp_path: Path
) -> None:
    found = audit(tmp_path / "out", runs, str(recipe), "--seeds", "2", "--repeat", "2")
    assert 2 == found.provenance.trained_now
    same = RepeatsRecord(pairs=2, bitwise=2, max_abs=0.0, churn=0.0)
    assert same == found.integrity["candidate"].repeats
    assert "repeats" in [finding.kind for finding in found.findings]
    assert ["kept", "left_out", "kept", "left_out"] == [run.standing for run in found.runs]
    assert the_spread(whole)[:2] == the_spread(found)


def test_crossed_seeds_split_the_variance_and_each_changes_its_own(
    whole: SeedAudit, recipe: Path, runs: Path, tmp_path: Path
) -> None:
    found = audit(tmp_path / "out", runs, str(recipe), "--init-seeds", "2", "--order-seeds", "2")
    variance = variance_of(found)
    assert variance is not None and variance.logits is not None
    assert (2, 2, 1) == variance.logits.shape
    tested = {factor.name: factor for factor in found.integrity["candidate"].factors}
    assert (2, 2) == (tested["init_seed"].alone, tested["init_seed"].changed)
    assert (2, 2) == (tested["order_seed"].alone, tested["order_seed"].changed)

    def trained(run: RunRecord, name: str) -> str:
        assert run.training is not None
        return str(getattr(run.training, name))

    one, order, init, _ = found.runs
    assert trained(one, "head_digest") == trained(order, "head_digest") != trained(init, "head_digest")
    assert trained(one, "order_digests") == trained(init, "order_digests") != trained(order, "order_digests")


def test_a_baseline_recipe_is_paired_by_its_seeds(
    whole: SeedAudit, recipe: Path, runs: Path, tmp_path: Path
) -> None:
    baseline = tmp_path / "baseline.toml"
    baseline.write_text(RECIPE.replace("learning_rate = 5e-3", "learning_rate = 4e-3"), "utf-8")
    found = audit(tmp_path / "out", runs, str(recipe), "--baseline", str(baseline), "--seeds", "3")
    assert found.baseline is not None and found.baseline.paired
    assert ["candidate"] * 3 + ["baseline"] * 3 == [run.arm for run in found.runs]
    assert {"long", "plain"} <= {part.slice for part in found.baseline.slices}
    assert the_spread(whole)[:3] == the_spread(found)
    assert "settle it" in found.headline


def test_a_recipe_against_itself_has_the_same_runs_in_both_arms(
    whole: SeedAudit, recipe: Path, runs: Path, tmp_path: Path
) -> None:
    found = audit(tmp_path / "out", runs, str(recipe), "--baseline", str(recipe), "--seeds", "3")
    assert "in_both_arms" == found.findings[0].kind
    assert {"left_out"} == {run.standing for run in found.runs}
    assert ("inconclusive", 1) == (found.verdict, found.exit_code)


def test_each_run_tells_its_environment_and_what_each_seed_made(whole: SeedAudit) -> None:
    for run in whole.runs:
        assert run.training is not None
        made = run.training
        assert made.initial_digest and made.head_digest and made.order_digests and made.dropout_digest
        assert {"torch", "transformers", "threads"} <= run.training.environment.keys()
    assert {} == whole.provenance.other_versions


def test_a_base_that_brings_its_head_leaves_init_seed_nothing_to_do_which_bars_a_pass(
    whole: SeedAudit, runs: Path, tmp_path: Path
) -> None:
    base = next(run.folder for run in finished_runs(runs) if run.record["seeds"]["init_seed"] == 1)
    text = RECIPE.replace(json.dumps(str(DEMO / "encoder")), json.dumps(str(base))).replace("= 12", "= 1")
    headed, other = tmp_path / "headed.toml", tmp_path / "other.toml"
    headed.write_text(text, "utf-8")
    other.write_text(text.replace("5e-3", "4e-3"), "utf-8")
    wide = ("--seeds", "3", "--margin", "0.9", "--churn-budget", "0.9")
    for trained in (3, 0):  # the second time nothing is trained, and it is said all the same
        found = audit(tmp_path / "out", runs, str(headed), *wide)
        assert trained == found.provenance.trained_now
        assert ["seed_without_effect"] == [finding.kind for finding in found.findings]
        assert "The seed init_seed changed nothing" in found.findings[0].sentence
        assert {"kept"} == {run.standing for run in found.runs}
        assert ("inconclusive", 1) == (found.verdict, found.exit_code)
    found = audit(tmp_path / "two", runs, str(headed), "--baseline", str(other), *wide)
    assert ("inconclusive", 1) == (found.verdict, found.exit_code)
    assert "seed_without_effect" in [reason.about for reason in found.reasons]


def test_runs_made_elsewhere_come_to_the_same_as_the_recipe(
    whole: SeedAudit, runs: Path, tmp_path: Path
) -> None:
    """Folders of models, a trace and a file of outputs, with their seeds in a CSV."""
    digests = [run.weights_digest for run in whole.runs]
    folders = {run.record["weights_digest"]: run.folder for run in finished_runs(runs)}
    rows = tmp_path / "rows.jsonl"
    lines = (DEMO / "evaluation.jsonl").read_text("utf-8").splitlines()[:100]
    rows.write_text("\n".join(lines) + "\n", "utf-8")
    subjects = [f"hf:{folders[digest or '']}" for digest in digests]
    recorded = tmp_path / "run.trace"
    done = parity("record", subjects[2], "--inputs", str(rows), "--out", str(recorded))
    assert 0 == done.code, done.complained
    subjects[2] = f"trace:{recorded}"
    table = tmp_path / "runs.csv"
    factors = [f"{subject},{seed},{seed}" for seed, subject in enumerate(subjects, 1)]
    table.write_text("subject,init_seed,order_seed\n" + "\n".join(factors) + "\n", "utf-8")
    out = tmp_path / "out"
    found = audit(out, runs, *subjects, "--inputs", str(rows), "--factors", str(table))
    assert [] == [finding.kind for finding in found.findings]
    assert (the_spread(whole), whole.churn, whole.verdict) == (the_spread(found), found.churn, found.verdict)
    # A trace was recorded with batches of its own: its logits may differ in the last digits.
    assert whole.runs[2].metrics["nll"] == pytest.approx(found.runs[2].metrics["nll"], abs=1e-5)
    assert whole.runs[0].metrics == found.runs[0].metrics
    assert {"init_seed": 5, "order_seed": 5} == found.runs[4].factors
    assert len(whole.cka) == len(found.cka)
    assert "rows.jsonl" in found.inputs.source


def test_a_recipe_that_is_wrong_is_a_sentence_before_anything_is_trained(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(RECIPE.replace("epochs = 12", "epoch = 12"), "utf-8")
    right = tmp_path / "right.toml"
    right.write_text(RECIPE, "utf-8")
    for arguments in ((str(wrong),), (str(right), "--baseline", str(wrong))):
        run = ask(tmp_path / "out", tmp_path / "runs", *arguments)
        assert (2, "") == (run.code, run.said)
        assert "unknown key under [training]: epoch" in run.complained
        assert "[recipe]" in run.complained
    assert not (tmp_path / "runs").exists()


def test_a_run_trained_on_other_rows_is_said_and_in_no_mean(
    whole: SeedAudit, recipe: Path, runs: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(RECIPE.replace("train_rows = 160", "train_rows = 161"), "utf-8")
    subjects = [f"finetune:{recipe}?seed={seed}" for seed in (1, 2, 3)]
    found = audit(tmp_path / "out", runs, *subjects, f"finetune:{other}?seed=4")
    assert ["other_data"] == [finding.kind for finding in found.findings]
    assert "It was trained on other rows." in found.findings[0].sentence
    assert the_spread(whole)[:3] == the_spread(found)
    assert 1 == found.exit_code
