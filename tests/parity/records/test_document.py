"""The two kinds of record: told apart by what they say, described by one schema, rendered again from the file."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.errors import RecordError
from parity.pair_audit.seed_scale import beside_seeds
from parity.records.audit import Audit, audit_bytes
from parity.records.document import load_record
from parity.records.provenance import Provenance
from parity.records.seed_audit import SeedAudit, seed_audit_bytes
from tests.audits import AUDITS
from tests.real.asking import parity
from tests.seed_audits import SEED_AUDITS
from tools.schema import schema

# jsonschema has no types
jsonschema: Any = importlib.import_module("jsonschema")


def _validate(data: bytes) -> None:
    jsonschema.validate(json.loads(data), schema())


@pytest.mark.parametrize("name", [name for name in AUDITS if name != "hostile"])
def test_the_schema_describes_a_comparison(name: str) -> None:
    _validate(audit_bytes(AUDITS[name]))


@pytest.mark.parametrize("name", [name for name in SEED_AUDITS if name != "hostile"])
def test_the_schema_describes_a_seed_audit(name: str) -> None:
    _validate(seed_audit_bytes(SEED_AUDITS[name]))


def test_the_schema_describes_a_comparison_in_the_scale_of_seeds() -> None:
    _validate(audit_bytes(beside_seeds(AUDITS["divergent_at_layer"], SEED_AUDITS["unstable"], "x")))


@pytest.mark.parametrize("kind", ["compare", "seeds", "trace", None])
def test_the_schema_refuses_the_fields_of_one_kind_under_the_name_of_another(kind: str | None) -> None:
    record = json.loads(audit_bytes(AUDITS["parity"]))
    record["kind"] = kind
    if kind == "compare":
        del record["stages"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record, schema())


def test_a_record_is_read_by_what_it_says_it_is(tmp_path: Path) -> None:
    (tmp_path / "pair.json").write_bytes(audit_bytes(AUDITS["parity"]))
    (tmp_path / "seeds.json").write_bytes(seed_audit_bytes(SEED_AUDITS["unstable"]))
    assert isinstance(load_record(tmp_path / "pair.json"), Audit)
    assert isinstance(load_record(tmp_path / "seeds.json"), SeedAudit)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"kind": "trace"}', "kind 'trace'"),
        ("{", "not a parity.audit/2 record"),
        ("[]", "not a parity.audit/2 record"),
        ('{"kind": "seeds"}', "not the record of a seed audit"),
    ],
)
def test_what_is_no_record_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "audit.json").write_text(text)
    with pytest.raises(RecordError, match=said):
        load_record(tmp_path / "audit.json")


def test_report_renders_a_seed_audit_again(tmp_path: Path) -> None:
    (tmp_path / "audit.json").write_bytes(seed_audit_bytes(SEED_AUDITS["unstable"]))
    run = parity("report", str(tmp_path), "--out", str(tmp_path / "again"))
    assert (1, "Unstable. Accuracy 83.0") == (run.code, run.said[:23])
    assert {"report.html", "summary.md", "junit.xml"} == {
        path.name for path in (tmp_path / "again").iterdir()
    }


def test_real_audits_of_both_kinds_fit_the_schema_and_meet_in_one_report(tmp_path: Path) -> None:
    draw = np.random.default_rng(7)
    labels = draw.integers(0, 3, 40)
    lines = [json.dumps({"text": f"text {row}", "label": str(label)}) for row, label in enumerate(labels)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    for place in range(3):
        logits = draw.normal(size=(40, 3)) + 2 * np.eye(3)[labels]
        np.savez(tmp_path / f"run-{place}.npz", logits=logits.astype(np.float32))
    runs = [f"outputs:{tmp_path / f'run-{place}.npz'}" for place in range(3)]
    inputs = ("--inputs", str(tmp_path / "rows.jsonl"))
    survey = parity("seeds", *runs, *inputs, "--out", str(tmp_path / "seeds"), "--allow-inconclusive")
    assert survey.code in (0, 1), survey.complained
    pair = parity(
        "compare",
        *runs[:2],
        *inputs,
        "--seeds",
        str(tmp_path / "seeds" / "audit.json"),
        "--out",
        str(tmp_path / "pair"),
    )
    assert 1 == pair.code
    assert "compared with seeds: " in pair.said
    for folder in ("seeds", "pair"):
        _validate((tmp_path / folder / "audit.json").read_bytes())
    scale = json.loads((tmp_path / "pair" / "audit.json").read_bytes())["seed_scale"]
    assert (3, []) == (scale["runs"], scale["stages"])
    assert "Compared with the spread over seeds" in (tmp_path / "pair" / "report.html").read_text()


def test_a_seed_audit_that_cannot_be_read_stops_a_comparison_before_it_runs(tmp_path: Path) -> None:
    run = parity("compare", "hf:nowhere", "hf:nowhere", "--seeds", str(tmp_path / "audit.json"))
    assert 2 == run.code
    assert "audit.json cannot be read" in run.complained


def test_a_comparison_of_version_1_is_read_and_rendered(tmp_path: Path) -> None:
    record = json.loads(audit_bytes(AUDITS["divergent_at_layer"]))
    record["schema"] = "parity.audit/1"
    del record["passes"], record["provenance"]["platform"]
    for finding in record["findings"]:
        del finding["standing"], finding["title"], finding["remedy"]
    (tmp_path / "audit.json").write_text(json.dumps(record))
    read = load_record(tmp_path / "audit.json")
    assert isinstance(read, Audit)
    assert ("parity.audit/1", "divergent", []) == (read.schema, read.verdict, read.passes)
    run = parity("report", str(tmp_path), "--out", str(tmp_path / "again"))
    assert (1, True) == (run.code, (tmp_path / "again" / "report.html").exists())


def test_a_provenance_keeps_what_is_known_and_no_more() -> None:
    assert {"parity": "0.1.0", "trained_now": 0} == Provenance(parity="0.1.0", trained_now=0).facts()
