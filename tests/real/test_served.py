"""Models as they are served: quantised, offloaded, compiled, against the same model as it was loaded."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from parity.records.audit import Audit
from tests.models import tiny_bert
from tests.real.asking import ROOT, compare, parity, stage
from tests.real.minilm import minilm_folder

pytestmark = [pytest.mark.real]

PORT = ROOT / "fixtures" / "port"
INPUTS = ("--inputs", str(ROOT / "fixtures" / "reviews.jsonl"), "--limit", "16")
WEIGHT_ONLY = ("torchao-int8-weight-only", "bitsandbytes-8bit", "bitsandbytes-4bit")


def check_quantised(audit: Audit, how: str) -> None:
    """What every quantised candidate comes to: divergent from the first quantised layer, named, bounded and sized."""
    first = audit.findings[0]
    assert ("divergent", "layer.0") == (
        audit.verdict,
        audit.first_divergence and audit.first_divergence.stage,
    )
    assert ("weights.quantised", "suspected", "quantised") == (
        first.cause,
        first.standing,
        first.evidence["relation"],
    )
    assert audit.candidate.served["quantised"].startswith(how)
    assert {} == audit.reference.served
    assert "equal" == stage(audit, "embeddings").status
    assert not {"weights.changed", "weights.retrained"} & {finding.cause for finding in audit.findings}
    assert ("", True) == (audit.noise.candidate_float64, audit.noise.reference_float64 == "pure")
    sizes = audit.reference.weights_bytes, audit.candidate.weights_bytes
    assert sizes[0] is not None and sizes[1] is not None
    assert sizes[1] < 0.7 * sizes[0]  # tables of embeddings are not quantised
    assert first.evidence["size_ratio"] == sizes[1] / sizes[0]
    forwards = audit.provenance.forwards
    assert forwards is not None
    assert forwards.reference > 0 and forwards.candidate > 0


@pytest.fixture(scope="module")
def dynamic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an audit of the port against itself with 8-bit weights."""
    out = tmp_path_factory.mktemp("dynamic") / "audit"
    compare(f"hf:{PORT}", f"hf:{PORT}?quantize=dynamic-int8", out, *INPUTS)
    return out


def test_dynamic_8_bit_weights_diverge_and_are_named_with_bounds_size_and_time(dynamic: Path) -> None:
    from parity.records.audit import load_audit

    audit = load_audit(dynamic / "audit.json")
    check_quantised(audit, "dynamic-int8, engine ")
    assert audit.decisions is not None
    rate = audit.decisions.flip_rate
    assert (16, True) == (audit.decisions.examples, rate.low <= rate.value < rate.high)
    # Activations are quantised over the whole batch.
    assert any(finding.cause == "batch.composition" for finding in audit.findings)
    assert any("20 of 57 parameters are quantised" in note for note in audit.candidate.notes)


def test_every_report_has_the_size_and_the_time_with_their_ratios(dynamic: Path) -> None:
    for name in ("report.html", "summary.md"):
        text = (dynamic / name).read_text(encoding="utf-8")
        assert ("How each side is served" in text, "Size of the weights" in text) == (True, True)
        assert "Time of a forward of 16 rows" in text


def test_nothing_but_the_provenance_of_a_second_audit_differs(dynamic: Path, tmp_path: Path) -> None:
    """Times are kept there alone, so that equal runs have equal records."""
    again = tmp_path / "audit"
    compare(f"hf:{PORT}", f"hf:{PORT}?quantize=dynamic-int8", again, *INPUTS)
    records = [json.loads((out / "audit.json").read_text(encoding="utf-8")) for out in (dynamic, again)]
    for record in records:
        del record["provenance"], record["command"]
    assert records[0] == records[1]


def test_quantised_weights_against_a_recording_of_the_plain_ones_are_named_too(tmp_path: Path) -> None:
    trace = tmp_path / "golden.trace"
    run = parity("record", f"hf:{PORT}?quantize=dynamic-int8", *INPUTS, "--out", str(trace))
    assert 0 == run.code, run.complained
    audit = compare(f"trace:{trace}", f"hf:{PORT}", tmp_path / "audit", *INPUTS)
    assert ("divergent", "weights.quantised") == (audit.verdict, audit.findings[0].cause)
    assert None is audit.provenance.forwards
    same = compare(f"trace:{trace}", f"hf:{PORT}?quantize=dynamic-int8", tmp_path / "same", *INPUTS)
    assert "parity" == same.verdict, same.headline
    assert "single rows run again" in same.noise.method
    assert "not compared in float64, in which neither side can be run" in same.headline


def test_a_layer_on_disk_is_parity_in_float32_and_in_float64(tmp_path: Path) -> None:
    audit = compare(
        f"hf:{PORT}", f"hf:{PORT}?device_map=bert.encoder.layer.1:disk", tmp_path / "audit", *INPUTS
    )
    assert "parity" == audit.verdict, audit.headline
    assert {"equal"} == {record.status for record in audit.stages}
    assert 0.0 == stage(audit, "layer.1").float64_relative_l2
    assert "pure" == audit.noise.candidate_float64
    assert "the rest on cpu, bert.encoder.layer.1 on disk" == audit.candidate.served["device_map"]
    notice = next(finding for finding in audit.findings if finding.cause == "runtime.device_map")
    assert ("notice", "observed") == (notice.severity, notice.standing)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("quantize=dynamic-int8&device_map=auto", "cannot be used together"),
        ("quantize=dynamic-int8&dtype=bfloat16", "quantises float32 weights"),
        ("quantize=int8", "It is one of: dynamic-int8, bitsandbytes-8bit"),
        ("device_map=bert.encoder.layer.1", "is not MODULE:DEVICE"),
        ("device_map=encoder.layer.1:disk", "Did you mean bert.encoder.layer.1?"),
        ("device=cuda:9", "device=cuda:9 cannot be used with torch"),
    ],
)
def test_what_cannot_be_served_is_refused_in_a_sentence(option: str, words: str) -> None:
    run = parity("inspect", f"hf:{PORT}?{option}")
    assert (2, True, True) == (
        run.code,
        words in run.complained,
        "[bad-option-value]" in run.complained,
    ), run.complained


@pytest.mark.parametrize("package", ["torchao", "bitsandbytes"])
def test_a_package_that_is_not_there_is_named_with_what_to_do(package: str) -> None:
    if importlib.util.find_spec(package) is not None:
        pytest.skip(f"{package} is installed")
    how = {"torchao": "torchao-int8-weight-only", "bitsandbytes": "bitsandbytes-4bit"}[package]
    run = parity("inspect", f"hf:{PORT}?quantize={how}")
    assert (2, True) == (run.code, f"pip install {package}" in run.complained), run.complained


def test_a_compiler_that_is_not_there_is_named_at_once(tmp_path: Path) -> None:
    run = parity("inspect", f"hf:{PORT}?compile=default", PATH=str(tmp_path))
    assert (2, True) == (
        run.code,
        "there is no " in run.complained and "apt-get install" in run.complained,
    ), run.complained


@pytest.mark.parametrize("how", WEIGHT_ONLY)
def test_weight_only_quantisation_is_named_and_its_folder_opens_again(how: str, tmp_path: Path) -> None:
    package = how.split("-")[0]
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    check_quantised(compare(f"hf:{PORT}", f"hf:{PORT}?quantize={how}", tmp_path / "audit", *INPUTS), how)
    saved = tmp_path / "saved"
    _save_quantised(how, saved)
    audit = compare(f"hf:{PORT}?quantize={how}", f"hf:{saved}", tmp_path / "again", *INPUTS)
    assert audit.first_divergence is None, audit.headline
    assert "quantised already" in parity("inspect", f"hf:{saved}?quantize={how}").complained


def _save_quantised(how: str, folder: Path) -> None:
    from typing import Any

    import transformers

    from parity_transformers import quantised

    host: Any = None  # only refusals need it
    auto: Any = transformers.AutoModelForSequenceClassification
    auto.from_pretrained(PORT, quantization_config=quantised.at_loading(how, host)).save_pretrained(folder)
    for name in ("vocab.txt", "tokenizer_config.json"):
        shutil.copy(PORT / name, folder / name)


@pytest.mark.long
def test_compiled_code_is_parity_and_is_what_ran(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path / "model", num_hidden_layers=1)
    audit = compare(f"hf:{folder}", f"hf:{folder}?compile=default", tmp_path / "audit", *INPUTS)
    assert "parity" == audit.verdict, audit.headline
    assert audit.headline.endswith("in float64 the candidate ran without torch.compile.")
    assert any(note.startswith("torch.compile made 1 graph; every forward") for note in audit.candidate.notes)
    # Fused code rounds otherwise: it is not the eager model's, to the bit.
    assert "within_noise" in {stage(audit, name).status for name in ("layer.0", "pooled", "logits")}
    assert any(finding.cause == "runtime.compile" for finding in audit.findings)


@pytest.mark.long
def test_dynamic_8_bit_weights_of_a_trained_encoder_diverge_and_neighbours_are_counted(
    tmp_path: Path,
) -> None:
    folder = minilm_folder()
    audit = compare(
        f"hf:{folder}?pooling=mean",
        f"hf:{folder}?pooling=mean&quantize=dynamic-int8",
        tmp_path / "audit",
        *INPUTS,
    )
    check_quantised(audit, "dynamic-int8")
    assert audit.embeddings is not None
    assert 0.8 < audit.embeddings.cosine_min < 0.999
