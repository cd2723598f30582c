"""Files of outputs as people have them: probabilities, tables, mappings, pipelines' lists; and what differs between two."""

# Arrays are of whatever type they were given.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.records.audit import Audit
from tests.real.asking import compare, parity

pytestmark = [pytest.mark.real]

LOGITS = (np.random.default_rng(1).normal(size=(40, 3)) * 3).astype("float32")
NAMES = ["neg", "neutral", "pos"]


def softmax(logits: Any) -> Any:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def saved(path: Path, values: Any) -> str:
    """Write scores as the ending says: an array, a table, or lines of a mapping (`.jsonl`)."""
    if path.suffix == ".npz":
        np.savez(path, logits=values)
    elif path.suffix in (".csv", ".tsv"):
        apart = "," if path.suffix == ".csv" else "\t"
        lines = [apart.join(NAMES), *(apart.join(map(repr, row)) for row in values.tolist())]
        path.write_text("\n".join(lines) + "\n")
    else:
        rows = [dict(zip(NAMES, row, strict=True)) for row in values.tolist()]
        path.write_text("".join(json.dumps({"logits": row}) + "\n" for row in rows))
    return f"outputs:{path}"


def audited(reference: str, candidate: str, out: Path, *arguments: str) -> Audit:
    return compare(reference, candidate, out / "audit", *arguments)


def causes(audit: Audit) -> set[str | None]:
    return {item.cause for item in audit.findings if item.severity == "divergent"}


@pytest.mark.parametrize(
    "values",
    [softmax(LOGITS), np.log(softmax(LOGITS.astype("float64"))), softmax(LOGITS.astype("float64")) * 100],
    ids=["probabilities", "log-probabilities", "percent"],
)
def test_probabilities_of_the_same_logits_are_parity(values: Any, tmp_path: Path) -> None:
    logits = saved(tmp_path / "l.npz", LOGITS)
    for number, pair in enumerate(
        ((saved(tmp_path / "p.npz", values), logits), (logits, saved(tmp_path / "p.npz", values)))
    ):
        audit = audited(*pair, tmp_path / str(number))
        assert "parity" == audit.verdict, audit.headline
        assert "output.probabilities" in {item.cause for item in audit.findings}


@pytest.mark.parametrize("decimals", [2, 4, 6])
def test_rounded_probabilities_are_neither_a_divergence_nor_a_pass(decimals: int, tmp_path: Path) -> None:
    values = np.round(softmax(LOGITS).astype("float64"), decimals)
    audit = audited(saved(tmp_path / "p.npz", values), saved(tmp_path / "l.npz", LOGITS), tmp_path)
    assert ("not_comparable", 1) == (audit.verdict, audit.exit_code)
    assert f"rounded to {decimals} decimals" in audit.headline
    assert 0 == sum(item.status == "divergent" for item in audit.stages)


@pytest.mark.parametrize("decimals", [None, 2, 4])
def test_one_row_with_other_probabilities_is_divergent(decimals: int | None, tmp_path: Path) -> None:
    other = LOGITS.copy()
    other[7, 1] += 0.5
    values = softmax(other).astype("float64")
    values = values if decimals is None else np.round(values, decimals)
    audit = audited(saved(tmp_path / "p.npz", values), saved(tmp_path / "l.npz", LOGITS), tmp_path)
    assert ("divergent", 1) == (audit.verdict, audit.exit_code)


def test_probabilities_of_a_sigmoid_are_named_and_are_parity_once_told(tmp_path: Path) -> None:
    values = 1 / (1 + np.exp(-LOGITS))
    sigmoid, logits = saved(tmp_path / "s.npz", values), saved(tmp_path / "l.npz", LOGITS)
    audit = audited(sigmoid, logits, tmp_path)
    assert ("divergent", {"output.activation"}) == (audit.verdict, causes(audit))
    told = audited(f"{sigmoid}?activation=sigmoid", f"{logits}?activation=sigmoid", tmp_path / "told")
    assert "parity" == told.verdict, told.headline


def test_swapped_columns_and_scaled_logits_have_their_own_causes(tmp_path: Path) -> None:
    table = saved(tmp_path / "l.csv", LOGITS)
    swapped = audited(table, saved(tmp_path / "swapped.npz", LOGITS[:, [1, 0, 2]]), tmp_path / "swapped")
    assert ("divergent", {"output.label_order"}) == (swapped.verdict, causes(swapped))
    scaled = audited(table, saved(tmp_path / "scaled.jsonl", LOGITS * 2), tmp_path / "scaled")
    assert ("divergent", {"output.temperature"}) == (scaled.verdict, causes(scaled))
    moved = LOGITS.copy()
    moved[3, 2] += 0.3
    other = audited(table, saved(tmp_path / "moved.npz", moved.astype("float64")), tmp_path / "moved")
    assert ("divergent", set()) == (other.verdict, causes(other))


def test_the_same_scores_in_every_form_are_parity(tmp_path: Path) -> None:
    reference = saved(tmp_path / "l.csv", LOGITS)
    pipeline = tmp_path / "pipeline.jsonl"
    rows = [sorted(zip(NAMES, row, strict=True), key=lambda item: -item[1]) for row in LOGITS.tolist()]
    pipeline.write_text(
        "".join(json.dumps([{"label": name, "score": score} for name, score in row]) + "\n" for row in rows)
    )
    bare = tmp_path / "bare.jsonl"
    bare.write_text("".join(json.dumps(dict(row)) + "\n" for row in rows))
    for number, path in enumerate((saved(tmp_path / "l.tsv", LOGITS), saved(tmp_path / "l.jsonl", LOGITS))):
        assert "parity" == audited(reference, path, tmp_path / f"a{number}").verdict
    for lines in (pipeline, bare):
        audit = audited(reference, f"outputs:{lines}", tmp_path / lines.stem)
        assert ("parity", NAMES) == (audit.verdict, audit.reference.labels)


WRONG = {
    "a class less": (
        '{"logits": {"a": 1, "b": 2}}\n{"logits": {"a": 1}}\n',
        "row 2: it has no score for the class 'b'",
    ),
    "a class more": (
        '{"logits": {"a": 1, "b": 2}}\n{"logits": {"a": 1, "b": 2, "c": 3}}\n',
        "row 2: it has a score for the class 'c'",
    ),
    "one with and one without names": (
        '{"logits": {"a": 1, "b": 2}}\n{"logits": [1, 2]}\n',
        "row 2: its scores have no",
    ),
    "a score that is a text": ('{"logits": {"a": 1, "b": "x"}}\n', "row 1: logits are not a list of numbers"),
    "the best class alone": ('[{"label": "a", "score": 0.9}]\n', "a score for 'a' alone"),
    "a name twice": (
        '[{"label": "a", "score": 0.9}, {"label": "a", "score": 0.1}]\n',
        "not a list of numbers",
    ),
    "a table with a text": ("a,b\n1,2\n1,x\n", "line 3, column 'b': 'x' is not a number"),
    "a table with an empty cell": ("a,b\n1,2\n1,\n", "line 3, column 'b': '' is not a number"),
    "a table with a row too short": ("a,b\n1,2\n1\n", "line 3, has 1 cells"),
    "a table with one name twice": ("a,a\n1,2\n", "names the column 'a' twice"),
    "a table of one column": ("a\n1\n", "has no two columns of scores"),
    "a table of nothing": ("", "holds no row"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_with_scores_is_reported_with_its_row(kind: str, tmp_path: Path) -> None:
    content, said = WRONG[kind]
    path = tmp_path / ("o.csv" if "table" in kind else "o.jsonl")
    path.write_text(content)
    run = parity("inspect", f"outputs:{path}")
    assert 2 == run.code
    assert said in run.complained, run.complained
    assert "Traceback" not in run.complained


def test_a_table_brings_ids_labels_and_texts(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_text(
        "id,text,label,neg,pos\n" + "".join(f"n{row},text {row},neg,{row}.5,-1.25\n" for row in range(4))
    )
    audit = audited(f"outputs:{path}", f"outputs:{path}", tmp_path)
    assert ("parity", 4, ["neg", "pos"]) == (audit.verdict, audit.inputs.labelled, audit.reference.labels)
