"""The noise sample: drawn over all inputs, and recorded by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from parity.records.audit import load_audit
from tests.real.asking import compare, parity, stage
from tests.real.fooling import install

pytestmark = [pytest.mark.real]
COUNT = 1500


@pytest.fixture(scope="module", autouse=True)
def fooling_is_installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The scheme `fooling:`, for every command run here."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in install(tmp_path_factory.mktemp("site")).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,500 texts; the last alone has a tilde."""
    path = tmp_path_factory.mktemp("inputs") / "texts.txt"
    lines = [f"text {number}" for number in range(COUNT - 1)] + ["text ~"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_what_only_float64_shows_in_a_late_row_is_seen(texts: Path, tmp_path: Path) -> None:
    audit = compare(
        "fooling:honest", "fooling:minds_tilde_in_float64", tmp_path / "audit", "--inputs", str(texts)
    )
    assert audit.first_divergence is not None
    assert ("divergent", "layer.1", True) == (
        audit.verdict,
        audit.first_divergence.stage,
        audit.first_divergence.float64_only,
    )


def test_the_sampled_rows_are_recorded_and_lie_evenly_over_all(texts: Path, tmp_path: Path) -> None:
    audit = compare(
        "fooling:honest", "fooling:honest", tmp_path / "audit", "--inputs", str(texts), "--sample", "4"
    )
    assert (4, [0, 499, 999, 1499]) == (audit.noise.sample, audit.noise.rows)
    assert "evenly over all 1,500 inputs" == audit.noise.drawn
    assert audit.noise.drawn in audit.noise.method


def test_a_sample_of_more_than_a_window_is_as_large_as_requested(texts: Path, tmp_path: Path) -> None:
    audit = compare(
        "fooling:honest", "fooling:honest", tmp_path / "audit", "--inputs", str(texts), "--sample", "700"
    )
    assert (700, 0, 1499) == (audit.noise.sample, audit.noise.rows[0], audit.noise.rows[-1])


def test_a_sample_of_more_than_there_are_inputs_is_all_of_them_and_says_so(tmp_path: Path) -> None:
    few = tmp_path / "few.txt"
    few.write_text("one\ntwo\nthree\n", encoding="utf-8")
    audit = compare(
        "fooling:honest", "fooling:honest", tmp_path / "audit", "--inputs", str(few), "--sample", "50"
    )
    assert [0, 1, 2] == audit.noise.rows
    assert "all of them (--sample 50 requests more than there are)" in audit.noise.method


def test_standard_input_is_sampled_over_all_of_it(texts: Path, tmp_path: Path) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "parity", "compare", "fooling:honest", "fooling:honest"]
    with texts.open("rb") as file:
        done = subprocess.run(
            [*command, "--inputs", "-", "--out", str(tmp_path)], stdin=file, capture_output=True, check=False
        )
    assert 0 == done.returncode, done.stderr
    assert 1499 == load_audit(tmp_path / "audit.json").noise.rows[-1]


def test_a_trace_holds_float64_for_rows_over_all_inputs(texts: Path, tmp_path: Path) -> None:
    trace = tmp_path / "golden.trace"
    run = parity("record", "fooling:honest", "--inputs", str(texts), "--out", str(trace))
    assert 0 == run.code, run.complained
    for reference, candidate in (
        (f"trace:{trace}", "fooling:minds_tilde_in_float64"),
        ("fooling:minds_tilde_in_float64", f"trace:{trace}"),
    ):
        audit = compare(reference, candidate, tmp_path / reference[:5], "--inputs", str(texts))
        assert ("divergent", 32, 1499) == (audit.verdict, audit.noise.sample, audit.noise.rows[-1])
        assert (stage(audit, "layer.1").float64_relative_l2 or 0.0) > 1e-12


def test_outputs_found_by_their_ids_are_sampled_over_all_inputs(tmp_path: Path) -> None:
    import json

    rows = [{"id": f"r{number}", "text": f"text {number}"} for number in range(900)]
    inputs, outputs = tmp_path / "inputs.jsonl", tmp_path / "outputs.jsonl"
    inputs.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    lines = [{"id": row["id"], "logits": [0.1 * number, 1.0, -0.3]} for number, row in enumerate(rows)]
    outputs.write_text("".join(json.dumps(line) + "\n" for line in reversed(lines)), encoding="utf-8")
    subject = f"outputs:{outputs}"
    audit = compare(subject, subject, tmp_path / "audit", "--inputs", str(inputs))
    assert ("parity", 899) == (audit.verdict, audit.noise.rows[-1])


def test_a_sampled_row_that_cannot_be_run_is_named_by_its_place_in_the_inputs(
    tmp_path: Path,
) -> None:
    from tests.models import tiny_bert

    folder = tiny_bert(tmp_path / "model")
    trace = tmp_path / "golden.trace"
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(f"text {number}" for number in range(600)) + "\n", encoding="utf-8")
    assert 0 == parity("record", f"hf:{folder}", "--inputs", str(texts), "--out", str(trace)).code
    other = tmp_path / "other.txt"
    other.write_text(texts.read_text(encoding="utf-8").replace("text 599", "text 5990"), encoding="utf-8")
    run = parity(
        "compare", f"trace:{trace}", f"hf:{folder}", "--inputs", str(other), "--out", str(tmp_path / "o")
    )
    assert 2 == run.code
    assert "row 599" in run.complained
