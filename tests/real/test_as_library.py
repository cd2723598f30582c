"""As the user's own call runs it: dtype and truncation left to the library, by request, or where an upgrade is audited."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# transformers is typed in part only.

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from parity.records.audit import Audit
from tests.models import tiny_bert
from tests.real.allennlp_asking import interpreter
from tests.real.asking import compare, parity

pytestmark = pytest.mark.real

SHORT = "the film was good\na dull plot, and bad acting in the story\n"


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose config says float16, which transformers 5 loads it in."""
    import torch
    import transformers

    folder = tiny_bert(tmp_path_factory.mktemp("half") / "model")
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float16)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the same packages, which calls itself another version of Python."""
    folder = tmp_path_factory.mktemp("other")
    (folder / "sitecustomize.py").write_text(
        'import platform\n\nplatform.python_version = lambda: "3.11.99"\n', encoding="utf-8"
    )
    script = folder / "python"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}" exec "{sys.executable}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return script


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("texts") / "texts.txt"
    path.write_text(SHORT + "the film was good " * 60 + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def plain(half: Path, texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """A pair in one interpreter."""
    return compare(f"hf:{half}", f"hf:{half}", tmp_path_factory.mktemp("plain"), "--inputs", str(texts))


@pytest.fixture(scope="module")
def upgrade(half: Path, other: Path, texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """The same pair in two."""
    out = tmp_path_factory.mktemp("upgrade")
    return compare(f"hf:{half}@{other}", f"hf:{half}", out, "--inputs", str(texts))


def test_a_side_whose_library_would_have_chosen_otherwise_has_a_finding_with_both_values(
    plain: Audit,
) -> None:
    assert ("parity", "float32") == (plain.verdict, plain.reference.dtype)
    found = [finding for finding in plain.findings if finding.cause == "runtime.library_default"]
    assert {"dtype": ("float32", "float16"), "truncation": ("40 tokens", "none")} == {
        finding.evidence["setting"]: (finding.evidence["parity"], finding.evidence["library"])
        for finding in found
    }
    assert {"notice"} == {finding.severity for finding in found}
    assert all("This does not decide the verdict." in finding.sentence for finding in found)


def test_equal_weights_in_two_interpreters_run_as_their_libraries_do(upgrade: Audit) -> None:
    assert ["float16", "float16"] == [upgrade.reference.dtype, upgrade.candidate.dtype]
    assert {"library"} == {item.by for item in upgrade.reference.chosen}
    assert any("each was run as its library runs it" in finding.sentence for finding in upgrade.findings)
    assert not [finding for finding in upgrade.findings if finding.cause == "runtime.library_default"]


def test_a_row_that_the_library_cannot_take_is_not_compared_and_counts(upgrade: Audit) -> None:
    assert ("not_comparable", 2, 3) == (upgrade.verdict, upgrade.tokens.rows, upgrade.inputs.count)
    reasons = {item.side: item.reason for item in upgrade.not_compared if item.counts}
    assert {"reference", "candidate"} == set(reasons)
    assert "the reference cannot run 1 row of 3 as its library does (row 2: " in reasons["reference"]


@pytest.mark.long
def test_an_option_that_is_given_wins(half: Path, other: Path, texts: Path, tmp_path: Path) -> None:
    given = "?dtype=float32&truncation=true"
    audit = compare(f"hf:{half}@{other}{given}", f"hf:{half}{given}", tmp_path, "--inputs", str(texts))
    assert ("parity", "float32", 3) == (audit.verdict, audit.reference.dtype, audit.tokens.rows)
    assert {"option"} == {item.by for item in audit.reference.chosen}


def test_one_side_as_its_library_against_one_in_float32_diverges_by_the_dtype(
    half: Path, texts: Path, tmp_path: Path
) -> None:
    audit = compare(f"hf:{half}", f"hf:{half}?as=library", tmp_path, "--inputs", str(texts), "--limit", "2")
    assert audit.first_divergence is not None and "embeddings" == audit.first_divergence.stage
    assert "runtime.dtype" == audit.findings[0].cause
    assert "dtype=torch.float32" in audit.findings[0].remedy


def test_inputs_of_which_no_row_can_be_run_are_refused(half: Path, tmp_path: Path) -> None:
    long = tmp_path / "long.txt"
    long.write_text("the film was good " * 60 + "\n", encoding="utf-8")
    run = parity("compare", f"hf:{half}?as=library", f"hf:{half}?as=library", "--inputs", str(long))
    assert 2 == run.code
    assert "None of the inputs can be run as the reference's library does" in run.complained
    assert "?truncation=true" in run.complained


def test_other_weights_in_another_interpreter_are_no_upgrade(
    half: Path, other: Path, texts: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(half, tmp_path / "other")
    tiny_bert(folder, seed=1)
    audit = compare(f"hf:{folder}@{other}", f"hf:{half}", tmp_path / "out", "--inputs", str(texts))
    assert ("float32", 3) == (audit.candidate.dtype, audit.tokens.rows)


@pytest.mark.false_pass(31)
def test_a_half_precision_checkpoint_under_two_major_versions_is_divergent_as_the_same_call_is(
    half: Path, tmp_path: Path
) -> None:
    """Version 4 loads it in float32, version 5 as it was saved. Fools tools that set float32 on both sides."""
    short = tmp_path / "short.txt"
    short.write_text(SHORT, encoding="utf-8")
    older, newer = f"hf:{half}@{interpreter()}", f"hf:{half}@{sys.executable}"
    audit = compare(older, newer, tmp_path / "audit", "--inputs", str(short))
    assert ["4", "5"] == [side.versions["transformers"][:1] for side in (audit.reference, audit.candidate)]
    assert ("float32", "float16") == (audit.reference.dtype, audit.candidate.dtype)
    assert audit.first_divergence is not None
    assert ("divergent", "embeddings") == (audit.verdict, audit.first_divergence.stage)
    assert "runtime.dtype" == audit.findings[0].cause
    alike = (f"{older}?as=parity", f"{newer}?as=parity")
    assert "parity" == compare(*alike, tmp_path / "alike", "--inputs", str(short)).verdict
