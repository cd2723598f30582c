"""A runner that fails in its own pass: what it computed before is compared, and the rest counts as not compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from parity.records.audit import Audit
from tests.real.asking import compare, parity
from tests.real.fooling import install

pytestmark = [pytest.mark.real]

TEXTS = ["the film is good", "I hate it", "never boring, always lovely", "two plots ~ one movie", "fine"]
LATER = ("layer.1", "layer.2", "logits")
RAISED = "RuntimeError: layer 1 has no weights"


@pytest.fixture(scope="module", autouse=True)
def fooling_is_installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The scheme `fooling:`, for every command run here."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in install(tmp_path_factory.mktemp("site")).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Five texts; the fourth has a '~'."""
    return _write(tmp_path_factory.mktemp("inputs") / "texts.txt", TEXTS)


def _write(path: Path, texts: list[str]) -> str:
    path.write_text("\n".join(texts) + "\n")
    return str(path)


def _compared(reference: str, candidate: str, texts: str, out: Path, *arguments: str) -> Audit:
    return compare(f"fooling:{reference}", f"fooling:{candidate}", out, "--inputs", texts, *arguments)


def _statuses(audit: Audit, *stages: str) -> dict[str, str]:
    return {item.stage: item.status for item in audit.stages if item.stage in stages and item.pass_ == "own"}


def _missing(audit: Audit) -> set[str]:
    return {item.stage for item in audit.not_compared if item.counts}


@pytest.mark.parametrize("way", ["breaks", "crashes", "crashes_in_float64"])
def test_what_was_computed_before_the_failure_is_compared(way: str, texts: str, tmp_path: Path) -> None:
    audit = _compared("honest", way, texts, tmp_path)
    assert ("not_comparable", 1, None) == (audit.verdict, audit.exit_code, audit.first_divergence)
    assert {"embeddings": "equal", "layer.0": "equal"} == _statuses(audit, "embeddings", "layer.0")
    sentence = RAISED if way == "breaks" else "killed by SIGABRT"
    assert f"fooling:{way}" in audit.headline
    assert sentence in audit.headline
    assert any(sentence in finding.sentence for finding in audit.findings)
    if way != "crashes_in_float64":  # where the float32 run is whole, it is compared whole
        assert {"layer.1", "layer.2", "logits"} <= _missing(audit)
        assert {} == _statuses(audit, "layer.1", "layer.2", "logits")
        assert audit.decisions is None


def test_an_earlier_layer_that_differs_is_divergent_all_the_same(texts: str, tmp_path: Path) -> None:
    audit = _compared("honest", "moves_and_breaks", texts, tmp_path)
    assert audit.first_divergence is not None
    assert ("divergent", "layer.0") == (audit.verdict, audit.first_divergence.stage)
    assert {"layer.1", "layer.2", "logits"} <= _missing(audit)


def test_both_sides_that_fail_are_compared_as_far_as_both_came(texts: str, tmp_path: Path) -> None:
    audit = _compared("breaks", "breaks", texts, tmp_path)
    assert "not_comparable" == audit.verdict
    assert {"embeddings": "equal", "layer.0": "equal"} == _statuses(audit, "embeddings", "layer.0")
    assert 2 == sum(RAISED in finding.sentence for finding in audit.findings)
    audit = _compared("breaks", "moves_and_breaks", texts, tmp_path / "moved")
    assert "divergent" == audit.verdict


def test_one_batch_that_fails_costs_its_own_rows(tmp_path: Path) -> None:
    texts = _write(tmp_path / "many.txt", ["some words"] * 200 + ["~" * 60])
    audit = _compared("honest", "breaks_on_tilde", texts, tmp_path / "out")
    assert "not_comparable" == audit.verdict
    assert {"layer.1": "equal", "logits": "equal"} == _statuses(audit, "layer.1", "logits")
    assert RAISED in audit.headline
    rows = {item.stage: item.rows for item in audit.stages if item.pass_ == "own"}
    assert 201 == rows["layer.0"]
    assert 100 < rows["layer.1"] < 201


def test_a_process_that_ends_midway_leaves_what_it_wrote(tmp_path: Path) -> None:
    texts = _write(tmp_path / "many.txt", ["some words"] * 600 + ["a ~ b"] + ["more words"] * 600)
    audit = _compared("honest", "crashes_on_tilde", texts, tmp_path / "out")
    assert ("not_comparable", 1) == (audit.verdict, audit.exit_code)
    assert "ended with status 9" in audit.headline
    assert {"layer.1": "equal", "logits": "equal"} == _statuses(audit, "layer.1", "logits")
    rows = next(item.rows for item in audit.stages if item.stage == "layer.0" and item.pass_ == "own")
    assert 512 <= rows < 1201
    assert any(
        "rows were not run any more" in item.reason or "status 9" in item.reason
        for item in audit.not_compared
    )


@pytest.mark.parametrize("reference", ["honest", "breaks_at_once"])
def test_a_side_that_wrote_nothing_is_the_error_that_it_raised(
    reference: str, texts: str, tmp_path: Path
) -> None:
    run = parity(
        "compare",
        f"fooling:{reference}",
        "fooling:breaks_at_once",
        "--inputs",
        texts,
        "--out",
        str(tmp_path / "out"),
    )
    assert 3 == run.code
    assert "RuntimeError: nothing was computed" in run.complained
    assert "runner-raised" in run.complained


def test_a_process_that_was_killed_is_the_error_it_was(texts: str, tmp_path: Path) -> None:
    run = parity(
        "compare", "fooling:honest", "fooling:is_killed", "--inputs", texts, "--out", str(tmp_path / "out")
    )
    assert (3, True) == (run.code, "was killed by SIGKILL" in run.complained)


def test_decisions_are_never_equivalent_where_a_batch_has_none(tmp_path: Path) -> None:
    texts = _write(tmp_path / "many.txt", ["some words"] * 200 + ["~" * 60])
    audit = _compared("honest", "breaks_on_tilde", texts, tmp_path / "out", "--policy", "decisions")
    assert ("not_comparable", 1) == (audit.verdict, audit.exit_code)


def test_a_failure_on_the_references_ids_keeps_what_was_computed_before(texts: str, tmp_path: Path) -> None:
    audit = _compared("honest", "stumbles_midway", texts, tmp_path)
    assert "not_comparable" == audit.verdict
    given = {item.stage: item.status for item in audit.stages if item.pass_ == "same_ids"}
    assert {"embeddings": "equal", "layer.0": "equal"} == given
    assert "index out of range in self" in audit.headline
