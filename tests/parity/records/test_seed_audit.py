"""The record of a seed audit: read again as it was written, also by an earlier version, and refused in a sentence else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parity.errors import RecordError
from parity.records.seed_audit import load_seed_audit, seed_audit_bytes, variance_of
from parity_reports import render_html, render_junit, render_markdown
from tests.seed_audits import SEED_AUDITS

# Written by the version that kept its statistics as plain objects; runs and contested examples are cut.
EARLIER = Path(__file__).with_name("seed_audit_of_version_1.json")
ADDED: dict[str, Any] = {"metric_forms": {}, "counted": "classes"}
ADDED_OF_CHURN: dict[str, Any] = {"of": "examples"}
ADDED_OF_FAILED: dict[str, Any] = {"metric": "", "metric_limit": None, "of": "the largest class"}
ADDED_OF_INPUTS: dict[str, Any] = {
    "words": 0,
    "tagged": 0,
    "split": None,
    "choices": 0,
    "messages": 0,
    "given_digest": "",
}


def test_a_record_of_an_earlier_version_is_the_same_record_with_what_was_added_since() -> None:
    written: dict[str, Any] = json.loads(EARLIER.read_text(encoding="utf-8"))
    written["inputs"] |= ADDED_OF_INPUTS
    for part in (written, *written["arms"]):
        part["churn"] |= ADDED_OF_CHURN
    for arm in written["arms"]:
        arm["failed"] |= ADDED_OF_FAILED
    assert {**written, **ADDED} == json.loads(seed_audit_bytes(load_seed_audit(EARLIER)))


def test_a_record_of_an_earlier_version_is_rendered_with_its_metrics_as_they_stand() -> None:
    audit = load_seed_audit(EARLIER)
    mean = audit.metrics["nll"].spread.mean
    assert mean is not None and f"{mean:.4f}" in render_html(audit)
    assert "Nll" in render_markdown(audit) and "<testsuite" in render_junit(audit)


# The hostile one holds what JSON cannot: a lone surrogate.
@pytest.mark.parametrize("name", sorted(set(SEED_AUDITS) - {"hostile"}))
def test_a_record_is_read_again_as_it_was_written(name: str, tmp_path: Path) -> None:
    path = tmp_path / "audit.json"
    path.write_bytes(seed_audit_bytes(SEED_AUDITS[name]))
    assert SEED_AUDITS[name] == load_seed_audit(path)


def test_the_variance_of_the_metric_that_decides_stands_under_its_name() -> None:
    found = variance_of(load_seed_audit(EARLIER))
    assert found is not None and found.logits is not None and found.metric is not None
    assert ("init_seed", "order_seed", (2, 2, 1)) == (found.first, found.second, found.metric.shape)
    assert variance_of(SEED_AUDITS["unstable"]) is None


def test_a_statistic_of_another_shape_is_a_sentence_that_names_it(tmp_path: Path) -> None:
    written: dict[str, Any] = json.loads(EARLIER.read_text(encoding="utf-8"))
    written["contested"][0]["row"] = "eleven"
    path = tmp_path / "audit.json"
    path.write_text(json.dumps(written), encoding="utf-8")
    with pytest.raises(RecordError, match=r"is not the record of a seed audit: .*contested\[0\]\.row"):
        load_seed_audit(path)
