"""The tasks that there are: those of parity, and those of another package, found by its entry point and read like them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from parity.align.plan import Plan, plan_of
from parity.align.tasks import task_of
from parity.border.description import Abilities, Description, StageSeen
from parity.errors import UsageError
from parity.records.pair import Pair
from parity.tasks import TASKS
from parity.tasks.registry import all_tasks

FOLDER = Path(__file__).parents[3] / "parity" / "tasks"
RUNNER = Path(__file__).parents[2] / "runners" / "rated.py"
BY_NAME = {task.name: task for task in TASKS}

SOURCE = """
from pathlib import Path
import numpy as np
from parity.measure.decision_rule import DecisionRule
from parity.subjects.adapter import Adapter, Option
from parity.tasks.task import Task

OPTIONS = (Option("moved", "number", "x"), Option("task", "text", "x"), Option("stage", "text", "x"))
rated = Adapter("rated", Path({runner!r}), options=OPTIONS)

class Rounded(DecisionRule):
    def chosen(self, outputs):
        return np.rint(outputs[:, :1]) == np.arange(1, 6)

class Near(DecisionRule):
    def chosen(self, outputs):
        return np.rint(outputs[:, :1]) == np.arange(1, 6)

    def same(self, reference, candidate):
        return (np.abs(reference - candidate) <= 0.75).all(axis=1)

class Stars(Task):
    name, does, noun, outputs, rule = {name!r}, "gives stars", "rating", ("output.rating",), {rule}()

STARS = Stars()
"""
COMPARE = """
import parity
audit = parity.compare("rated:x", {candidate!r}, {inputs!r}, policy="decisions", sample=4)
print(audit.to_json())
"""


def installed(tmp_path: Path, code: str, **source: Any) -> subprocess.CompletedProcess[str]:
    """Run code where a package that registers a task and an adapter is installed."""
    values = {"name": "stars", "rule": "Rounded", "runner": str(RUNNER), **source}
    (tmp_path / "star_ratings.py").write_text(SOURCE.format(**values), encoding="utf-8")
    facts = tmp_path / "star_ratings-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: star-ratings\nVersion: 1.0\n", "utf-8")
    (facts / "entry_points.txt").write_text(
        "[parity.tasks]\nstars = star_ratings:STARS\n[parity.adapters]\nrated = star_ratings:rated\n", "utf-8"
    )
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    return subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, check=False)


def audited(tmp_path: Path, candidate: str, **source: Any) -> dict[str, Any]:
    """The audit of four hundred rated texts where that package is installed."""
    texts = [f"{1 + number % 5} {number}" for number in range(400)]
    done = installed(tmp_path, COMPARE.format(candidate=candidate, inputs=texts), **source)
    assert 0 == done.returncode, done.stderr
    audit: dict[str, Any] = json.loads(done.stdout)
    return audit


def described(task: str, axes: tuple[str, ...] = ("row", "class"), **fields: Any) -> Description:
    """A subject that shows one stage of these axes."""
    stages = [StageSeen(fields.pop("stage", "logits"), list(axes))]
    return Description("made", {}, stages, Abilities(), task=task, model_class="Made", **fields)


def planned(one: Description, other: Description) -> Plan:
    return plan_of(Pair(one, other))


def test_every_file_that_holds_a_task_is_named_in_the_tuple() -> None:
    holding = {
        path.stem for path in FOLDER.glob("*.py") if "\n    name = " in path.read_text(encoding="utf-8")
    }
    assert len(TASKS) == len(holding)
    assert holding == {type(task).__module__.rpartition(".")[2] for task in TASKS}


def test_a_task_is_named_in_no_other_file_of_parity() -> None:
    names = [name for name in BY_NAME if "_" in name]
    others = [path for path in FOLDER.parent.rglob("*.py") if path.parent not in (FOLDER,)]
    naming = {
        (path.name, name)
        for path in others
        for name in names
        if f'"{name}"' in path.read_text(encoding="utf-8")
    }
    # What a recipe trains, which is no branch.
    assert {("recipe.py", "sequence_classification"), ("recipe.py", "token_classification")} == naming


@pytest.mark.parametrize("name", BY_NAME)
def test_a_task_is_that_of_a_runner_which_gives_its_name(name: str) -> None:
    assert BY_NAME[name] is task_of(described(name))


@pytest.mark.parametrize("name", BY_NAME)
def test_a_task_that_decides_names_the_stage_that_decides_and_says_what_a_decision_is(name: str) -> None:
    task = BY_NAME[name]
    assert task.does and task.noun
    assert "text" in task.columns
    assert task.rule is None or task.outputs
    assert task.activation is None or task.rule is not None


@pytest.mark.parametrize("name", ["sequence_classification", "token_classification", "other"])
def test_classes_that_are_decided_each_by_itself_are_multi_label_whatever_the_head(name: str) -> None:
    task = task_of(described(name, multi_label=True))
    assert BY_NAME["multi_label"] is task
    assert task.rule is not None and task.rule.several


def test_a_flag_of_classes_says_nothing_of_a_subject_without_them() -> None:
    assert BY_NAME["encoder"] is task_of(described("encoder", multi_label=True))
    assert BY_NAME["regression"] is task_of(described("regression", multi_label=True))
    assert BY_NAME["other"] is task_of(described("other", stage="pooled", multi_label=True))


def test_a_task_that_nobody_has_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        planned(described("next_token"), described("next_token"))
    assert "A subject's task is 'next_token', and no task has that name here." == caught.value.sentence
    assert "Known are: other, sequence_classification, token_classification" in caught.value.next_step


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (
            described("sequence_classification"),
            described("sequence_classification", multi_label=True),
            "one side decides each class by itself (sigmoid), the other decides between classes",
        ),
        (
            described("token_classification"),
            described("regression"),
            "one side is a regression, the other decides between classes",
        ),
        (
            described("sequence_classification", multi_label=True),
            described("regression"),
            "one side is a regression, the other decides each class by itself (sigmoid)",
        ),
    ],
)
def test_two_sides_that_decide_by_different_rules_are_not_compared_by_either(
    one: Description, other: Description, reason: str
) -> None:
    for plan in (planned(one, other), planned(other, one)):
        assert plan.task is None
        assert [("probabilities", reason, True)] == [
            (item.stage, item.reason, item.counts) for item in plan.not_compared
        ]


def test_what_knows_no_model_is_read_as_the_side_that_does() -> None:
    file = Description(
        "file", {}, [StageSeen("logits", ["row", "class"])], Abilities(), task="sequence_classification"
    )
    for known in (described("regression"), described("other")):
        assert () == planned(file, known).not_compared
    assert planned(file, described("regression")).task is None
    assert BY_NAME["sequence_classification"] is planned(file, described("sequence_classification")).task
    (item,) = planned(file, described("sequence_classification", multi_label=True)).not_compared
    assert item.reason.endswith("; for a file, ?activation=sigmoid states it")


@pytest.mark.parametrize(
    ("name", "axes", "per", "unscored"),
    [
        ("sequence_classification", ("row", "class"), "input", ""),
        ("token_classification", ("row", "token", "class"), "token", "each token has its own class"),
        ("token_classification", ("row", "word", "class"), "word", "each token has its own class"),
        ("multi_label", ("row", "class"), "input", "an example may have several classes"),
    ],
)
def test_a_task_says_per_what_it_decides_and_why_labels_are_not_used(
    name: str, axes: tuple[str, ...], per: str, unscored: str
) -> None:
    task = BY_NAME[name]
    assert (per, unscored) == (task.per(axes), task.unscored(task.per(axes)))


def test_one_column_decides_by_itself_alone() -> None:
    chooses = planned(described("sequence_classification"), described("sequence_classification"))
    each = planned(described("multi_label"), described("multi_label"))
    assert (False, True) == (chooses.decides("logits", 1), each.decides("logits", 1))
    assert not chooses.decides("pooled", 2)


def test_the_tasks_of_parity_are_those_that_are_known_where_nothing_else_is_installed() -> None:
    assert TASKS == all_tasks()


def test_a_task_of_another_package_decides_the_verdict_where_nothing_flips(tmp_path: Path) -> None:
    audit = audited(tmp_path, "rated:x?moved=0.25")
    assert "equivalent" == audit["verdict"], audit["headline"]
    assert "stars" == audit["reference"]["task"]
    decisions = audit["decisions"]
    assert (400, 400, "example", "rating") == tuple(
        decisions[key] for key in ("examples", "agree", "unit", "noun")
    )
    assert (False, []) == (decisions["probabilities"], decisions["temperatures"])
    assert "the flip rate is at most" in audit["headline"] and "probability" not in audit["headline"]
    assert {"label", "output.rating"} <= {stage["stage"] for stage in audit["stages"]}
    assert "probabilities" not in {stage["stage"] for stage in audit["stages"]}


def test_a_task_of_another_package_decides_the_verdict_where_its_decisions_flip(tmp_path: Path) -> None:
    audit = audited(tmp_path, "rated:x?moved=0.55")
    assert "divergent" == audit["verdict"], audit["headline"]
    assert "400 of 400 labels flip" in audit["headline"]
    flip = audit["decisions"]["flips"][0]
    assert ("class 0", "class 1") == (flip["reference"], flip["candidate"])


def test_a_task_may_call_two_values_the_same_within_a_tolerance(tmp_path: Path) -> None:
    audit = audited(tmp_path, "rated:x?moved=0.55", rule="Near")
    assert ("equivalent", 400) == (audit["verdict"], audit["decisions"]["agree"])


def test_a_task_that_is_not_installed_is_an_error_and_no_comparison(tmp_path: Path) -> None:
    done = installed(tmp_path, COMPARE.format(candidate="rated:x?task=sun_signs", inputs=["1 2"]))
    assert "A subject's task is 'sun_signs', and no task has that name here." in done.stderr


def test_runs_that_decide_by_a_rule_of_their_own_are_no_runs_of_a_seed_audit(tmp_path: Path) -> None:
    runs = ["rated:x?stage=logits", "rated:x?stage=logits&moved=0.1"]
    code = f"import parity; parity.seeds({runs!r}, ['1 2', '3 4', '5 6'])"
    done = installed(tmp_path, code)
    assert "decides by a rule of its own, and a seed audit is about one class for each example" in done.stderr


def test_two_sides_of_which_one_has_another_package_s_task_are_not_compared_by_it(tmp_path: Path) -> None:
    audit = audited(tmp_path, "rated:x?task=regression")
    assert audit["decisions"] is None
    reasons = [(item["stage"], item["reason"]) for item in audit["not_compared"] if item["counts"]]
    assert [("label", "one side gives stars, the other is a regression")] == reasons
    assert "not_comparable" == audit["verdict"]


@pytest.mark.parametrize("name", BY_NAME)
def test_a_name_used_twice_is_an_error(tmp_path: Path, name: str) -> None:
    code = "from parity.tasks.registry import all_tasks\nfrom parity.errors import NameTaken\n"
    code += "try: all_tasks()\nexcept NameTaken as error: print(error.sentence)\n"
    own = type(BY_NAME[name])
    owners = f"parity's {own.__module__}:{own.__qualname__} and star-ratings's star_ratings:STARS"
    assert f"Two tasks are called {name!r}: {owners}.\n" == installed(tmp_path, code, name=name).stdout
