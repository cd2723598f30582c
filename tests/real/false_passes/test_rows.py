"""Rows, classes and labels: none, fewer, other ones, or in another order."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models import tiny_bert
from tests.real.asking import compare, parity
from tests.real.pairs import (
    TEXTS,
    Weights,
    change,
    changed,
    fooled,
    normal,
    not_compared,
    of_logits,
    seeds,
    write_texts,
)

pytestmark = [pytest.mark.real]


def test_two_models_with_the_same_weights_are_said_to_be_that(
    models: Path, texts: str, tmp_path: Path
) -> None:
    """Two "different" seeds that gave the same weights. Fools a mean ± deviation over seeds."""
    candidate = changed(models / "right", tmp_path / "seed-2")
    audit = compare(f"hf:{models / 'right'}", candidate, tmp_path / "audit", "--inputs", texts)
    assert "parity" == audit.verdict, audit.headline
    assert "Both sides have the same weights, bit for bit." in {
        finding.sentence for finding in audit.findings
    }


@pytest.mark.false_pass(22)
def test_seeds_that_gave_the_same_weights_had_no_effect_which_bars_a_pass(
    models: Path, texts: str, tmp_path: Path
) -> None:
    """The same as runs of one recipe, over which nothing spreads and no decision changes. Fools whoever calls that stable."""
    runs = [changed(models / "right", tmp_path / f"seed-{seed}") for seed in (1, 2, 3)]
    table = tmp_path / "runs.csv"
    lines = [f"{run},{seed}" for seed, run in enumerate(runs, 1)]
    table.write_text("\n".join(["subject,seed", *lines]) + "\n", encoding="utf-8")
    audit = seeds(tmp_path / "out", *runs, "--factors", str(table), "--inputs", texts)
    assert ("inconclusive", 1) == (audit.verdict, audit.exit_code), audit.headline
    assert "seed_without_effect" == audit.findings[0].kind
    assert "seed changed nothing" in audit.findings[0].sentence


@pytest.mark.false_pass(34)
def test_a_metric_that_was_requested_and_no_label_is_a_class_is_no_pass(models: Path, tmp_path: Path) -> None:
    """Three runs that agree everywhere. Fools verdicts on what is left: no label disagrees, and no run does."""

    def nudge(by: float) -> Callable[[Weights], Any]:
        return lambda weights: weights["classifier.bias"].add_(by)

    runs = [changed(models / "right", tmp_path / f"run-{run}", nudge(run * 1e-5)) for run in (1, 2, 3)]
    rows = tmp_path / "rows.jsonl"
    labels = ("NEGATIVE", "POSITIVE")
    lines = [{"text": f"{TEXTS[row % 6]} {row}", "label": labels[row % 2]} for row in range(60)]
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    audit = seeds(
        tmp_path / "out", *runs, "--inputs", str(rows), "--metric", "accuracy", "--churn-budget", "0.5"
    )
    assert ("inconclusive", 1) == (audit.verdict, audit.exit_code), audit.headline
    assert "None of the 60 labels is a class" in audit.headline


@pytest.mark.false_pass(23)
@pytest.mark.parametrize(
    ("content", "slug"),
    [("", "empty-inputs"), ('{"text": ""}\n{"text": ""}\n', "inputs-do-not-fit")],
    ids=["no example", "empty texts"],
)
def test_no_example_or_nothing_in_them_is_refused(content: str, slug: str, tmp_path: Path) -> None:
    """All examples empty, or none. Fools anything vectorised: nothing differs where nothing is."""
    path = tmp_path / "inputs.jsonl"
    path.write_text(content, encoding="utf-8")
    run = parity(
        "compare", "fooling:honest", "fooling:honest", "--inputs", str(path), "--out", str(tmp_path / "audit")
    )
    assert 2 == run.code
    assert slug in run.complained


@pytest.mark.false_pass(24)
def test_the_same_classes_in_another_order_are_aligned_by_name(
    models: Path, texts: str, tmp_path: Path
) -> None:
    """The same class names in another order, the head's rows with them. Alarms whoever compares column by column."""
    order, names = [2, 0, 1], ["negative", "neutral", "positive"]

    def permute(weights: Weights) -> None:
        for name in ("classifier.weight", "classifier.bias"):
            weights[name] = weights[name][order].clone()

    named = {str(place): names[index] for place, index in enumerate(order)}
    candidate = changed(
        models / "right",
        tmp_path / "permuted",
        permute,
        id2label=named,
        label2id={name: int(place) for place, name in named.items()},
    )
    audit = compare(f"hf:{models / 'right'}", candidate, tmp_path / "audit", "--inputs", texts)
    assert "parity" == audit.verdict, audit.headline
    assert audit.decisions is not None and "permuted" == audit.decisions.class_order
    (finding,) = [finding for finding in audit.findings if finding.cause == "output.label_order"]
    assert "negative 0→1, neutral 1→2, positive 2→0" in finding.sentence


def test_rows_without_tokens_on_one_side_are_said(texts: str, tmp_path: Path) -> None:
    """A third of the rows, or all, have no tokens to show: that everything else agrees is not all."""
    everywhere = fooled("honest", "untold", texts, tmp_path / "all")
    assert ("not_comparable", {"text", "tokens", "input_ids"}) == (
        everywhere.verdict,
        not_compared(everywhere),
    )
    audit = fooled("honest", "untold_row", texts, tmp_path)
    assert ("not_comparable", {"tokens"}) == (audit.verdict, not_compared(audit))
    assert "2 of 6 rows" in audit.headline


def test_more_columns_than_classes_are_not_comparable(texts: str, tmp_path: Path) -> None:
    """Three names permuted over four columns: no order of columns can be right."""
    audit = fooled("honest", "more_columns", texts, tmp_path)
    assert ("not_comparable", {"logits"}) == (audit.verdict, not_compared(audit))


def of_ids(folder: Path, *sides: list[int]) -> list[str]:
    """Files of the same logits, each holding the rows of these ids."""
    logits = normal(50, 3)
    for number, rows in enumerate(sides):
        np.savez(folder / f"{number}.npz", logits=logits[rows], ids=np.array([f"i{row}" for row in rows]))
    return [f"outputs:{folder / str(number)}.npz" for number in range(len(sides))]


def test_rows_that_one_side_alone_was_asked_are_said_and_count(tmp_path: Path) -> None:
    """The inputs are those of the shorter file, chosen by nobody: what the longer one holds beyond them is unknown."""
    short, long = of_ids(tmp_path, list(range(45)), list(range(50)))
    audit = compare(short, long, tmp_path / "audit")
    assert ("not_comparable", {"logits"}) == (audit.verdict, not_compared(audit))
    assert "5 of the 50 rows that the candidate holds are not among the 45 inputs" in audit.headline


def test_rows_that_the_user_did_not_ask_for_are_said_and_do_not_count(tmp_path: Path) -> None:
    """Who names the inputs has chosen them."""
    left, right = of_ids(tmp_path, list(range(50)), list(range(50)))
    lines = "".join(json.dumps({"text": "", "id": f"i{row}"}) + "\n" for row in range(10))
    (tmp_path / "inputs.jsonl").write_text(lines, encoding="utf-8")
    audit = compare(left, right, tmp_path / "audit", "--inputs", str(tmp_path / "inputs.jsonl"))
    assert ("parity", set[str]()) == (audit.verdict, not_compared(audit))
    assert 2 == len([item for item in audit.not_compared if "40 of the 50 rows" in item.reason])


@pytest.mark.parametrize("classes", [None, ["no", "maybe", "yes"]])
def test_labels_that_are_numbers_are_the_classes_of_these_numbers(
    classes: list[str] | None, tmp_path: Path
) -> None:
    """Half of all files of logits have such labels: without an accuracy nobody sees that a model is useless."""
    logits = normal(50, 3)
    named: Any = {} if classes is None else {"classes": np.array(classes)}
    np.savez(tmp_path / "a.npz", logits=logits, labels=logits.argmax(axis=1), **named)
    audit = compare(f"outputs:{tmp_path / 'a.npz'}", f"outputs:{tmp_path / 'a.npz'}", tmp_path / "audit")
    assert audit.decisions is not None
    assert 0 == audit.decisions.unknown_labels
    assert [1.0] == [item.reference for item in audit.decisions.metrics if item.metric == "accuracy"]
    assert "read as the index of its class" in " ".join(finding.sentence for finding in audit.findings)


def test_a_regression_has_no_labels_to_agree(tmp_path: Path) -> None:
    """A softmax of one logit is 1 whatever the logit: every label agrees, and no probability moves."""
    texts = write_texts(tmp_path / "texts.txt", TEXTS * 56)
    tiny_bert(tmp_path / "right", labels=("LABEL_0",), problem_type="regression")
    candidate = changed(
        tmp_path / "right", tmp_path / "wrong", lambda weights: weights["classifier.weight"].mul_(-3)
    )
    right, decisions = f"hf:{tmp_path / 'right'}", ("--inputs", texts, "--policy", "decisions")
    audit = compare(right, candidate, tmp_path / "audit", *decisions)
    assert ("not_comparable", None) == (audit.verdict, audit.decisions)
    assert "there are no decisions to compare" in audit.headline
    same = compare(right, right, tmp_path / "same", "--inputs", texts)
    assert ("parity", False) == (same.verdict, "labels" in same.headline)


def test_one_column_of_a_file_has_no_labels_to_agree(tmp_path: Path) -> None:
    """The same of any other system: a file says only that there is one column."""
    audit = of_logits(normal(400, 1), normal(400, 1, seed=1), tmp_path, "--policy", "decisions")
    assert ("not_comparable", None) == (audit.verdict, audit.decisions)


def test_tokens_that_are_cut_off_are_decisions_too(tmp_path: Path) -> None:
    """All labels of the tokens that are left agree; of the others one side says nothing."""
    texts = write_texts(tmp_path / "texts.txt", TEXTS * 56)
    folder = tiny_bert(tmp_path / "m", "AutoModelForTokenClassification", labels=("O", "B", "I"))

    def look_at_nothing_else(weights: Weights) -> None:
        for name in weights:
            if "attention.output.dense" in name or "position_embeddings" in name:
                weights[name].mul_(0)

    change(folder, look_at_nothing_else)
    audit = compare(
        f"hf:{folder}",
        f"hf:{folder}?max_length=4",
        tmp_path / "audit",
        *("--inputs", texts, "--policy", "decisions"),
    )
    assert audit.decisions is not None and audit.decisions.examples == audit.decisions.agree
    assert "not_comparable" == audit.verdict
    assert "tokens of the reference and 0 of the candidate, in 336 of 336 rows" in audit.headline
