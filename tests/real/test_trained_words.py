"""Recipes that train taggers of words and LoRA adapters, and seed audits of what is not one class an example: really trained."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parity.records.seed_audit import SeedAudit, load_seed_audit
from tests.finished_runs import finished_runs
from tests.models import WORDS, tiny_bert
from tests.real.asking import ROOT, compare, parity

pytestmark = [pytest.mark.real, pytest.mark.long]

DEMO = ROOT / "fixtures" / "recipe"


def recipe(place: Path, name: str, task: str, sections: dict[str, dict[str, Any]]) -> str:
    """A recipe of a few rows and steps."""
    lines = [f'task = "{task}"']
    for section, values in sections.items():
        lines += [f"[{section}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
    path = place / f"{name}.toml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return str(path)


def tagger(place: Path, name: str, train: str) -> str:
    return recipe(
        place,
        name,
        "token_classification",
        {
            "model": {"base": str(DEMO / "encoder"), "max_length": 32},
            "data": {
                "train": train,
                "evaluation": str(DEMO / "tags_evaluation.jsonl"),
                "train_rows": 60,
                "evaluation_rows": 60,
                "slices": "wording",
            },
            "training": {"epochs": 12, "batch_size": 8, "learning_rate": 5e-3},
        },
    )


def adapted(place: Path) -> str:
    return recipe(
        place,
        "lora",
        "sequence_classification",
        {
            "model": {"base": str(DEMO / "encoder"), "max_length": 24},
            "data": {
                "train": str(DEMO / "train.jsonl"),
                "evaluation": str(DEMO / "evaluation.jsonl"),
                "train_rows": 80,
                "evaluation_rows": 40,
            },
            "lora": {"r": 4, "alpha": 8, "dropout": 0.1, "target_modules": ["query", "value"]},
            "training": {"epochs": 6, "learning_rate": 1e-2},
        },
    )


def audit(out: Path, runs: Path, *arguments: str) -> SeedAudit:
    run = parity("seeds", *arguments, "--jobs", "2", "--out", str(out), PARITY_RUNS=str(runs))
    assert run.code in {0, 1}, run.complained
    found = load_seed_audit(out / "audit.json")
    assert run.code == found.exit_code
    return found


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A tagger, and one whose rows have no places in them, but for the first three."""
    place = tmp_path_factory.mktemp("recipes")
    lines = (DEMO / "tags_train.jsonl").read_text("utf-8").splitlines()
    wrong: list[str] = []
    for line in lines:
        row = json.loads(line)
        row["ner_tags"] = ["O" if tag.endswith("PLACE") else tag for tag in row["ner_tags"]]
        wrong.append(json.dumps(row))
    wrong[:3] = [line for line in lines if "I-PLACE" in line][
        :3
    ]  # the tags stay ones that training rows have
    (place / "wrong.jsonl").write_text("\n".join(wrong) + "\n", "utf-8")
    return {
        "right": tagger(place, "right", str(DEMO / "tags_train.jsonl")),
        "wrong": tagger(place, "wrong", str(place / "wrong.jsonl")),
        "lora": adapted(place),
    }


def test_seeds_of_a_tagger_are_judged_by_entity_f1(
    recipes: dict[str, str], runs: Path, tmp_path: Path
) -> None:
    found = audit(tmp_path / "out", runs, recipes["right"], "--seeds", "3")
    assert (3, 3, "entity_f1") == (found.arms[0].runs, found.provenance.trained_now, found.margins.primary)
    assert {"entity_f1"} == set(found.metrics) == set(found.metric_forms)
    spread = found.metrics["entity_f1"]
    assert 60 == spread.examples
    assert all(value is not None and value > 0.3 for value in spread.spread.values)
    assert found.churn is not None
    assert 60 == found.churn.examples
    assert ["B-PLACE", "B-THING", "I-PLACE", "O"] == found.classes
    assert {"long", "plain", "vague"} <= {part.slice for part in found.arms[0].slices}
    assert all(" " in (item.label or "") for item in found.contested)
    assert "decided_by" == found.findings[0].kind
    summary = (tmp_path / "out" / "summary.md").read_text("utf-8")
    assert "Fleiss' kappa: not measured: decisions are not of a few classes" in summary.replace("’", "'")


def test_a_tagger_that_was_taught_other_tags_is_different(
    recipes: dict[str, str], runs: Path, tmp_path: Path
) -> None:
    arms = (recipes["wrong"], "--baseline", recipes["right"], "--seeds", "3")
    found = audit(tmp_path / "out", runs, *arms)
    assert ("different", 1) == (found.verdict, found.exit_code), found.headline
    assert found.baseline is not None
    assert (found.baseline.differences["entity_f1"].estimate.value or 0) < -0.05


def test_an_adapter_is_trained_kept_and_answers_as_it_was_evaluated(
    recipes: dict[str, str], runs: Path, tmp_path: Path
) -> None:
    before = {run.folder for run in finished_runs(runs)}
    found = audit(tmp_path / "out", runs, recipes["lora"], "--seeds", "2")
    assert 2 == len({run.weights_digest for run in found.runs})
    records = [run.training for run in found.runs]
    assert 2 == len({record.head_digest for record in records if record is not None})
    assert all(record is not None and "peft" in record.environment for record in records)
    folders = [run.folder for run in finished_runs(runs) if run.folder not in before]
    assert 2 == len(folders)
    given = ("--inputs", str(DEMO / "evaluation.jsonl"), "--limit", "20")
    subject = f"finetune:{recipes['lora']}?seed=1&runs={runs}"
    for number, other in enumerate((f"hf:{folders[0]}", f"hf:{folders[0]}/adapter", f"hf:{folders[1]}")):
        again = compare(subject, other, tmp_path / str(number), *given)
        same = again.reference.weights_digest == again.candidate.weights_digest
        assert (again.verdict == "parity") == same, (other, again.headline)
    assert (folders[0] / "adapter" / "adapter_config.json").is_file()


def test_modules_that_the_model_does_not_have_are_refused_in_a_sentence(
    recipes: dict[str, str], runs: Path, tmp_path: Path
) -> None:
    path = Path(recipes["lora"]).with_name("other.toml")
    path.write_text(
        Path(recipes["lora"]).read_text("utf-8").replace('"query"', '"querry"').replace(', "value"', ""),
        "utf-8",
    )
    run = parity("seeds", str(path), "--seeds", "2", "--out", str(tmp_path), PARITY_RUNS=str(runs))
    assert 2 == run.code
    assert "cannot put a LoRA adapter on" in run.complained
    assert "querry" in run.complained


def test_answers_of_several_runs_are_judged_by_exact_match(runs: Path, tmp_path: Path) -> None:
    subjects = [
        f"hf:{tiny_bert(tmp_path / str(seed), 'AutoModelForQuestionAnswering', seed=seed)}"
        for seed in range(3)
    ]
    rows = [
        {
            "question": " ".join(WORDS[(row + place) % len(WORDS)] for place in range(3)),
            "context": " ".join(WORDS[(7 * row + 5 * place) % len(WORDS)] for place in range(6)),
            "answers": {"text": [WORDS[(7 * row) % len(WORDS)]], "answer_start": [0]},
        }
        for row in range(20)
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    given = ("--inputs", str(tmp_path / "rows.jsonl"))
    found = audit(tmp_path / "out", runs, *subjects, *given)
    assert ("exact_match", {"exact_match", "answer_f1"}) == (found.margins.primary, set(found.metrics))
    assert (20, []) == (found.metrics["answer_f1"].examples, found.classes)
    assert found.agreement is not None
    assert found.agreement.kappa is None
    assert not any(item.kind == "classes_by_index" for item in found.findings)
    run = parity("seeds", *subjects, *given, "--metric", "accuracy", "--out", str(tmp_path / "no"))
    assert 2 == run.code
    assert "accuracy does not apply to these runs, which decide by answers." in run.complained
