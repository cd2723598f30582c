"""What a command prints of its audit: with --json the record alone on standard output, and all the rest on standard error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.real.asking import parity
from tests.seed_files import Files


def test_the_record_of_a_seed_audit_is_all_that_stands_on_standard_output(tmp_path: Path) -> None:
    runs = Files.of(tmp_path / "runs", examples=60).runs(3)
    run = parity("seeds", *runs, "--json", "--out", str(tmp_path / "out"))
    assert run.said == (tmp_path / "out" / "audit.json").read_text("utf-8")
    assert "seeds" == json.loads(run.said)["kind"]
    assert "Written: " in run.complained
    assert json.loads(run.said)["headline"] in run.complained


def test_quiet_leaves_one_line_on_standard_error_beside_the_record(tmp_path: Path) -> None:
    runs = Files.of(tmp_path / "runs", examples=60).runs(3)
    run = parity("seeds", *runs, "--json", "--quiet", "--out", str(tmp_path / "out"))
    assert [json.loads(run.said)["headline"]] == run.complained.splitlines()


def test_a_mistake_leaves_standard_output_empty(tmp_path: Path) -> None:
    run = parity("compare", "hf:./none", "hf:./none", "--json", cwd=tmp_path)
    assert (2, "") == (run.code, run.said)


@pytest.mark.real
def test_a_pair_and_a_subject_have_their_records_there_too(tmp_path: Path) -> None:
    run = parity("compare", "hf:fixtures/port", "hf:fixtures/port", "--json", "--out", str(tmp_path))
    assert (0, (tmp_path / "audit.json").read_text("utf-8")) == (run.code, run.said)
    run = parity("inspect", "hf:fixtures/port", "--json")
    found = json.loads(run.said)
    assert ("parity.inspection/1", "hf:fixtures/port") == (found["schema"], found["subject"])
    assert found["stages"]


@pytest.mark.parametrize(
    ("words", "place", "expected"),
    [
        ("parity com", 1, "compare"),
        ("parity compare --pol", 2, "--policy"),
        ("parity seeds --metric macro", 3, "macro_f1"),
    ],
)
def test_a_shell_completes_commands_options_and_words(words: str, place: int, expected: str) -> None:
    run = parity(
        _PARITY_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(place), _TYPER_COMPLETE_ARGS=words
    )
    assert expected in run.said.split()
