"""Settings of generation, which users run with and no forward shows: read as the library resolves them, compared, and named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, cast

import pytest

from parity.border.description import Description
from parity.border.runner import Runner
from parity.records.audit import Audit
from parity.subjects.subject import parse_subject
from parity.trace.manifest import manifest_digest
from parity_trace import trace
from parity_transformers import adapter
from tests.models import VOCABULARY, tiny, tiny_bert, write_tokenizer
from tests.real.asking import compare, parity

pytestmark = pytest.mark.real

_BEAMS: dict[str, Any] = {"max_length": 142, "min_length": 56, "num_beams": 4, "length_penalty": 2.0}


@pytest.fixture(scope="module")
def bart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small BART whose folder has no file of generation: every default of the library."""
    folder = tmp_path_factory.mktemp("bart") / "bart"
    tiny("bart", "AutoModelForSeq2SeqLM", vocab_size=len(VOCABULARY)).save_pretrained(folder)
    (folder / "generation_config.json").unlink()
    return write_tokenizer(folder)


def _copy(folder: Path, to: Path, file: str, content: object) -> Path:
    """A copy of a folder, with fields added to one of its JSON files."""
    shutil.copytree(folder, to)
    path = to / file
    known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    changed = {**known, **cast("dict[str, Any]", content)} if isinstance(content, dict) else content
    path.write_text(json.dumps(changed), encoding="utf-8")
    return to


def _described(folder: Path) -> Description:
    with Runner.start(parse_subject(f"hf:{folder}"), adapter, timeout=300) as runner:
        return runner.describe()


def _named(audit: Audit) -> dict[str, list[Any]]:
    (finding,) = [one for one in audit.findings if one.cause == "generation.settings"]
    assert finding.remedy
    assert all(f"{key} (" in finding.sentence for key in finding.evidence["settings"])
    found: dict[str, list[Any]] = finding.evidence["settings"]
    return found


def test_settings_of_an_old_config_and_of_a_file_are_the_same_settings(bart: Path, tmp_path: Path) -> None:
    old = _described(_copy(bart, tmp_path / "old", "config.json", _BEAMS))
    new = _described(_copy(bart, tmp_path / "new", "generation_config.json", _BEAMS))
    assert _BEAMS == {name: old.generation[name] for name in _BEAMS}
    shared = set(old.generation) & set(new.generation)
    assert {"do_sample", "top_k", "use_cache", *_BEAMS} <= shared
    assert {name: old.generation[name] for name in shared} == {name: new.generation[name] for name in shared}


def test_defaults_are_described_by_their_values(bart: Path) -> None:
    found = _described(bart).generation
    assert (20, 1, False, 0) == tuple(
        found[name] for name in ("max_length", "num_beams", "do_sample", "min_length")
    )


@pytest.mark.false_pass(28)
def test_a_copy_without_its_settings_is_never_parity_without_a_word(bart: Path, tmp_path: Path) -> None:
    full = _copy(bart, tmp_path / "full", "generation_config.json", _BEAMS)
    audit = compare(f"hf:{full}", f"hf:{bart}", tmp_path, "--limit", "4")
    assert {name: [value] for name, value in _BEAMS.items()} == {
        name: values[:1] for name, values in _named(audit).items() if name in _BEAMS
    }
    assert "divergent" != audit.verdict
    assert (
        "generation was not run, and its settings differ: max_length (142 and 20), num_beams (4 and 1)"
        in audit.headline
    )
    assert (142, 20) == (audit.reference.generation["max_length"], audit.candidate.generation["max_length"])


def test_a_trace_keeps_them_and_is_refused_where_they_are_no_object(bart: Path, tmp_path: Path) -> None:
    full = _copy(bart, tmp_path / "full", "generation_config.json", _BEAMS)
    inputs = tmp_path / "texts.txt"
    inputs.write_text("one two\n", encoding="utf-8")
    kept = tmp_path / "golden.trace"
    spec = f"hf:{full}?task=encoder"
    assert 0 == parity("record", spec, "--inputs", str(inputs), "--out", str(kept)).code
    with Runner.start(parse_subject(f"trace:{kept}"), trace, timeout=300) as runner:
        assert _BEAMS == {name: runner.describe().generation[name] for name in _BEAMS}
    manifest = json.loads((kept / "manifest.json").read_text())
    manifest["description"]["generation"] = [["num_beams", 4]]
    manifest["digest"] = manifest_digest(manifest)
    (kept / "manifest.json").write_text(json.dumps(manifest))
    said = parity("inspect", f"trace:{kept}").complained
    assert "manifest.json.description.generation is a list of 1 instead of an object" in " ".join(
        said.split()
    )


def test_max_new_tokens_stands_in_place_of_the_length_that_it_overrides(bart: Path, tmp_path: Path) -> None:
    found = _described(
        _copy(bart, tmp_path / "m", "generation_config.json", {"max_new_tokens": 7})
    ).generation
    assert 7 == found["max_new_tokens"]
    assert "max_length" not in found


@pytest.mark.parametrize("kind", ["AutoModelForSequenceClassification", "AutoModelForMaskedLM", "AutoModel"])
def test_a_model_that_does_not_generate_has_no_such_settings(kind: str, tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path / "bert", kind)
    assert {} == _described(folder).generation
