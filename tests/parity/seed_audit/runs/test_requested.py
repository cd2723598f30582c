"""Which runs are asked for: a recipe's, by the plan of its seeds, or those named, with the seeds that a CSV or they themselves tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.errors import SubjectError, UsageError
from parity.seed_audit.runs.requested import (
    Known,
    RequestedRun,
    SeedPlan,
    is_recipe,
    read_factors,
    requested_runs,
)


def seeds(runs: list[RequestedRun]) -> list[tuple[int, ...]]:
    return [tuple(run.factors.values()) for run in runs]


def written(folder: Path, text: str) -> Path:
    path = folder / "runs.csv"
    path.write_text(text, "utf-8")
    return path


def test_a_recipe_is_run_with_five_seeds_that_each_move_everything() -> None:
    runs = requested_runs(["recipe.toml"], [], SeedPlan())
    assert [(k, k, k) for k in range(1, 6)] == seeds(runs)
    assert "finetune:recipe.toml?init_seed=2&order_seed=2&dropout_seed=2" == runs[1].subject
    assert ["seed 1", "seed 2", "seed 3", "seed 4", "seed 5"] == [run.name for run in runs]


def test_initial_weights_and_order_are_crossed_with_dropout_fixed() -> None:
    runs = requested_runs(["recipe.toml"], [], SeedPlan(crossed={"init": 2, "order": 2}))
    assert [(1, 1, 1), (1, 2, 1), (2, 1, 1), (2, 2, 1)] == seeds(runs)
    assert "init 1, order 2, dropout 1" == runs[1].name
    assert 3 == len(requested_runs(["recipe.toml"], [], SeedPlan(crossed={"order_seed": 3})))


def test_a_repeat_is_the_same_seeds_again() -> None:
    runs = requested_runs(["recipe.toml"], [], SeedPlan(seeds=2, repeat=2))
    assert [1, 2, 1, 2] == [run.factors["repeat"] for run in runs]
    assert ["seed 1, repeat 1", "seed 1, repeat 2"] == [run.name for run in runs[:2]]
    assert runs[1].subject.endswith("&repeat=2")


def test_options_of_the_recipe_stay_and_allennlp_has_one_seed() -> None:
    run = requested_runs(["finetune:r.toml?device=cuda"], [], SeedPlan(seeds=1))[0]
    assert "finetune:r.toml?device=cuda&init_seed=1&order_seed=1&dropout_seed=1" == run.subject
    run = requested_runs(["allennlp-train:c.jsonnet"], [], SeedPlan(seeds=1))[0]
    assert ("allennlp-train:c.jsonnet?seed=1", {"seed": 1}) == (run.subject, run.factors)


def test_a_subject_that_says_its_seed_is_one_run() -> None:
    assert not is_recipe("finetune:r.toml?order_seed=2")
    runs = requested_runs(["finetune:r.toml?seed=4", "finetune:r.toml?seed=4&order_seed=2"], [], SeedPlan())
    assert [(4, 4, 4), (4, 2, 4)] == seeds(runs)
    assert 2 == len({run.name for run in runs})


def test_allennlp_runs_that_say_seeds_of_their_own_are_runs_and_what_they_do_not_say_is_unknown() -> None:
    texts = [f"allennlp-train:c.jsonnet?random_seed={k}&pytorch_seed=1" for k in (1, 2)]
    runs = requested_runs([*texts, "allennlp-train:c.jsonnet?seed=3&pytorch_seed=4"], [], SeedPlan())
    assert {"random_seed": 2, "pytorch_seed": 1} == runs[1].factors
    assert {"random_seed": 3, "numpy_seed": 3, "pytorch_seed": 4} == runs[2].factors


def test_both_arms_follow_one_plan_and_the_candidate_comes_first() -> None:
    runs = requested_runs(["r.toml"], ["b.toml"], SeedPlan(seeds=2))
    assert ["candidate", "candidate", "baseline", "baseline"] == [run.arm for run in runs]
    assert seeds(runs)[:2] == seeds(runs)[2:]


def test_runs_are_named_by_their_last_part_unless_two_are_called_alike() -> None:
    runs = requested_runs(["hf:a/one", "hf:b/one", "hf:b/two"], ["hf:base/two"], SeedPlan())
    assert ["hf:a/one", "hf:b/one", "two", "two"] == [run.name for run in runs]
    assert [{}] * 4 == [run.factors for run in runs]


def test_a_csv_tells_seeds_and_arms(tmp_path: Path) -> None:
    path = written(
        tmp_path, "\ufeffsubject,arm,init_seed,order_seed\nhf:one,baseline,3,\nhf:two,candidate,4,5\n"
    )
    known = read_factors(path)
    assert {
        "hf:one": Known({"init_seed": 3}, "baseline"),
        "hf:two": Known({"init_seed": 4, "order_seed": 5}, "candidate"),
    } == known
    runs = requested_runs(["hf:one", "hf:two"], [], SeedPlan(), known)
    assert [("two", "candidate"), ("one", "baseline")] == [(run.name, run.arm) for run in runs]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,init_seed\nhf:one,1\n", "has no column `subject`"),
        ("", "has no column `subject`"),
        ("subject;init_seed\nhf:one;1\n", "no column `subject`. Separate the columns by commas."),
        ("Subject,init_seed\nhf:one,1\n", "no column `subject`. Call 'Subject' subject."),
        ("subject,int_seed\nhf:one,1\n", "unknown column 'int_seed'. Did you mean init_seed?"),
        ("subject,init_seed,accuracy\nhf:one,1,0.9\n", "unknown column 'accuracy'"),
        ("subject,init_seed,init_seed\nhf:one,1,2\n", "has the column 'init_seed' twice"),
        ("subject,init_seed\n", "has a header and no line below it"),
        ("subject,init_seed\nhf:one,1\nhf:two,first\n", "line 3: init_seed = 'first' is not a whole number"),
        ("subject,arm\nhf:one,control\n", "line 2: arm = 'control'"),
        ("subject\nhf:one\nhf:one\n", "line 3: hf:one appears a second time"),
        ("subject,init_seed\nhf:one,1,2\n", "line 2: it has more cells than there are columns"),
        ("subject,init_seed\n,1\n", "line 2: it names no subject"),
    ],
)
def test_a_csv_that_is_wrong_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_factors(written(tmp_path, text))


def test_a_csv_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_factors(tmp_path / "gone.csv")


def test_a_csv_and_the_runs_are_about_the_same() -> None:
    known = {"hf:one": Known({"init_seed": 1}, None), "hf:twoo": Known({"init_seed": 2}, None)}
    with pytest.raises(UsageError, match="no line for hf:two"):
        requested_runs(["hf:one", "hf:two"], [], SeedPlan(), known)
    with pytest.raises(UsageError, match="line for hf:twoo, which is not one of the runs") as caught:
        requested_runs(["hf:one"], [], SeedPlan(), known)
    assert "Name it as a run, or remove its line." == caught.value.next_step


@pytest.mark.parametrize(
    ("runs", "plan", "said"),
    [
        (["r.toml"], SeedPlan(2, {"init": 2}), "--seeds moves every seed at once"),
        (
            ["allennlp-train:c.jsonnet"],
            SeedPlan(crossed={"init": 2}),
            "initial weights cannot be moved alone",
        ),
        (["r.toml", "hf:one"], SeedPlan(), "other runs are named with it"),
        (["hf:one", "hf:two"], SeedPlan(seeds=3), "--seeds sets how often a recipe is run"),
        (["hf:one", "hf:two"], SeedPlan(repeat=2), "--repeat sets how often a recipe is run"),
    ],
)
def test_what_cannot_be_taken_together_is_refused(runs: list[str], plan: SeedPlan, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        requested_runs(runs, [], plan)


def test_a_run_that_is_no_subject_is_refused() -> None:
    with pytest.raises(SubjectError, match="does not begin with a scheme"):
        requested_runs(["run-1", "run-2"], [], SeedPlan())
