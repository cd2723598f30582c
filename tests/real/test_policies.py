"""Verdicts under a policy, as a user reaches them: limits, exclusions, decisions; and what heads the findings of real pairs."""

from __future__ import annotations

import hashlib
import importlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from parity.records.audit import Audit
from parity.trace.manifest import manifest_digest
from tests.models import tiny_bert
from tests.real.asking import compare, parity, stage
from tests.real.fooling import install

pytestmark = [pytest.mark.real]

WORDS = ("the film is good", "I hate this dull story", "never boring, always lovely", "it was fine")
HALF = "?dtype=bfloat16"


@pytest.fixture(scope="module", autouse=True)
def fooling_is_installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The scheme `fooling:`, for every command run here."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in install(tmp_path_factory.mktemp("site")).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"hf:{tiny_bert(tmp_path_factory.mktemp('models') / 'right')}"


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Eighty rows, each with a label that is not a class of the model."""
    path = tmp_path_factory.mktemp("inputs") / "texts.jsonl"
    rows = [{"text": WORDS[row % 4] + " very" * (row // 4), "label": "sport"} for row in range(80)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return str(path)


def policy_file(folder: Path, text: str) -> str:
    path = folder / "gate.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def with_config(model: str, to: Path, **changes: Any) -> str:
    shutil.copytree(model.removeprefix("hf:"), to)
    path = to / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), encoding="utf-8")
    return f"hf:{to}"


def of_logits(flips: int, rows: int, folder: Path, *arguments: str, moved: float = 1e-3) -> Audit:
    """Compare two files of logits that differ a little in every row, and in `flips` rows decide otherwise."""
    reference = np.random.default_rng(7).normal(size=(rows, 2)).astype(np.float32)
    reference[:, 0] = reference[:, 1] + np.where(np.arange(rows) % 2, 1.0, -1.0)
    candidate = reference * np.float32(1 + moved)
    reference[:flips, 0] = reference[:flips, 1] + 1e-3
    candidate[:flips, 0] = candidate[:flips, 1] - 1e-3
    np.savez(folder / "reference.npz", logits=reference)
    np.savez(folder / "candidate.npz", logits=candidate)
    places = [f"outputs:{folder / name}.npz" for name in ("reference", "candidate")]
    return compare(places[0], places[1], folder / "audit", *arguments)


# What heads the findings


def test_the_cause_of_a_divergence_heads_every_report_and_not_a_notice_about_labels(
    model: str, texts: str, tmp_path: Path
) -> None:
    candidate = with_config(model, tmp_path / "eps", layer_norm_eps=1e-3)
    out = tmp_path / "audit"
    audit = compare(model, candidate, out, "--inputs", texts)
    causes = [finding.cause for finding in audit.findings]
    assert "config.layer_norm_eps" == causes[0]
    labels = next(place for place, finding in enumerate(audit.findings) if finding.stage == "label")
    assert labels > 0
    assert ["divergent"] + ["notice"] * (len(causes) - 1) == [one.severity for one in audit.findings]
    first, other = (audit.findings[place].sentence[:40] for place in (0, labels))
    page, summary = ((out / name).read_text("utf-8") for name in ("report.html", "summary.md"))
    for text in (
        page[page.index('id="findings"') :],
        summary[summary.index("## Findings") :].replace("\\", ""),
    ):
        assert text.index(first) < text.index(other)
    cases = ElementTree.parse(out / "junit.xml").iter("testcase")
    verdict = "".join(next(case for case in cases if case.attrib["name"] == "verdict").itertext())
    assert verdict.index(first) < verdict.index(other)
    said = parity("report", str(out)).said
    assert said.index(first) < said.index(other)


# --ignore


def without_pooled(trace: Path) -> None:
    """Take one stage out of a trace, as a graph exported without it would record."""
    tensors: Any = importlib.import_module("safetensors.numpy")
    manifest = json.loads((trace / "manifest.json").read_text("utf-8"))
    for entry in manifest["files"]:
        path = trace / entry["name"]
        if path.suffix == ".safetensors":
            kept = {name: value for name, value in tensors.load_file(path).items() if "pooled" not in name}
            with open(path, "rb") as file:
                length = int.from_bytes(file.read(8), "little")
                metadata = json.loads(file.read(length)).get("__metadata__")
            tensors.save_file(kept, path, metadata=metadata)
            data = path.read_bytes()
            entry["bytes"], entry["sha256"] = len(data), hashlib.sha256(data).hexdigest()
    for holder in (manifest, manifest["description"]):
        holder["stages"] = [one for one in holder["stages"] if one["name"] != "pooled"]
    manifest["digest"] = manifest_digest(manifest)
    (trace / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_a_side_that_lacks_a_stage_by_its_nature_is_parity_where_the_stage_is_excluded(
    model: str, texts: str, tmp_path: Path
) -> None:
    trace = tmp_path / "export.trace"
    assert 0 == parity("record", model, "--inputs", texts, "--limit", "20", "--out", str(trace)).code
    without_pooled(trace)
    pair = f"trace:{trace}", model
    plain = compare(*pair, tmp_path / "plain")
    assert ("not_comparable", 1) == (plain.verdict, plain.exit_code)
    assert "pooled was not compared" in plain.headline
    for policy in ("faithful", "bitwise", "decisions"):
        out = tmp_path / policy
        audit = compare(*pair, out, "--ignore", "pooled", "--policy", policy)
        assert ("parity", 0) == (audit.verdict, audit.exit_code), audit.headline
        assert audit.headline.endswith("pooled (not compared) was excluded by --ignore.")
        assert (["pooled"], ["pooled"]) == (audit.policy.ignore, audit.policy.ignore_option)
        for name in ("report.html", "summary.md", "junit.xml"):
            assert "excluded by --ignore" in (out / name).read_text("utf-8").replace("\\", "")


def test_a_stage_missing_on_one_side_is_excluded_by_its_name_or_a_pattern(texts: str, tmp_path: Path) -> None:
    pair = "fooling:honest", "fooling:stage_missing"
    for name in ("layer.1", "layer.*"):
        audit = compare(*pair, tmp_path / name, "--inputs", texts, "--ignore", name)
        assert "parity" == audit.verdict, audit.headline
        assert "layer.1 (not compared)" in audit.headline
    file = policy_file(tmp_path, 'ignore = ["layer.1"]\n')
    audit = compare(*pair, tmp_path / "file", "--inputs", texts, "--policy", file)
    assert audit.headline.endswith("layer.1 (not compared) was excluded by the policy gate.")
    both = compare(*pair, tmp_path / "both", "--inputs", texts, "--policy", file, "--ignore", "pooled")
    assert "layer.1 (not compared) was excluded by the policy gate." in both.headline
    assert "pooled was excluded by --ignore." in both.headline


def test_an_excluded_stage_that_differs_is_shown_as_divergent_and_does_not_count(
    model: str, texts: str, tmp_path: Path
) -> None:
    out = tmp_path / "audit"
    inputs = ("--inputs", texts, "--limit", "8")
    names = ("embeddings", "layer.*", "pooled", "logits", "probabilities")
    audit = compare(
        model, model + HALF, out, *inputs, *(word for name in names[:2] for word in ("--ignore", name))
    )
    assert ("divergent", "pooled") == (audit.verdict, audit.first_divergence and audit.first_divergence.stage)
    everything = (word for name in names for word in ("--ignore", name))
    audit = compare(model, model + HALF, out, *inputs, *everything)
    assert ("not_comparable", 1) == (audit.verdict, audit.exit_code)
    assert "every stage that could be compared was excluded" in audit.headline
    assert ("divergent", True) == (stage(audit, "pooled").status, stage(audit, "pooled").ignored)
    assert "divergent, does not count" in (out / "report.html").read_text("utf-8")


def test_a_misspelt_stage_is_refused_with_the_one_meant(model: str, texts: str, tmp_path: Path) -> None:
    run = parity(
        "compare", model, model, "--inputs", texts, "--ignore", "poold", "--out", str(tmp_path / "audit")
    )
    assert 2 == run.code
    assert "--ignore poold: neither side has such a stage." in run.complained
    assert "Did you mean pooled?" in run.complained
    assert "[unknown-stage]" in run.complained


# Limits


LIMITS = '[stages]\n"layer.*" = 0.05\nembeddings = 0.02\npooled = 0.05\nlogits = 0.05\nprobabilities = 0.01\n'


def test_half_precision_under_limits_is_equivalent_and_explained_and_never_noise(
    model: str, texts: str, tmp_path: Path
) -> None:
    out = tmp_path / "audit"
    audit = compare(model, model + HALF, out, "--inputs", texts, "--policy", policy_file(tmp_path, LIMITS))
    assert ("equivalent", 0, None) == (audit.verdict, audit.exit_code, audit.first_divergence)
    assert {"within_limit"} == {one.status for one in audit.stages if one.noise_floor is not None}
    assert audit.headline.startswith(
        "Equivalent: 7 stages differ by more than rounding explains, within the limits"
    )
    assert ("runtime.dtype", "suspected") == (audit.findings[0].cause, audit.findings[0].evidence["standing"])
    embeddings = stage(audit, "embeddings")
    assert 0.02 == embeddings.limit and (embeddings.times_floor or 0) > 1000
    for name in ("report.html", "summary.md"):
        text = (out / name).read_text("utf-8")
        assert "2.0e-02" in text and "within its limit" in text
        assert "none beyond its noise" not in text and "No difference to explain" not in text
    skipped = [case.attrib["message"] for case in ElementTree.parse(out / "junit.xml").iter("skipped")]
    assert any("within the limit of 2.0e-02 that was set" in message for message in skipped)


def test_a_factor_that_permits_half_precision_is_a_limit_and_not_noise(
    model: str, texts: str, tmp_path: Path
) -> None:
    file = policy_file(tmp_path, "floor_factor = 100000.0\nfloat64_limit = 0.1\n")
    audit = compare(model, model + HALF, tmp_path / "audit", "--inputs", texts, "--policy", file)
    assert ("equivalent", 0) == (audit.verdict, audit.exit_code)
    assert "within_limit" == stage(audit, "layer.2").status


def test_one_limit_too_small_is_a_divergence_at_its_stage(model: str, texts: str, tmp_path: Path) -> None:
    file = policy_file(tmp_path, LIMITS.replace("pooled = 0.05", "pooled = 0.0001"))
    audit = compare(model, model + HALF, tmp_path / "audit", "--inputs", texts, "--policy", file)
    assert ("divergent", "pooled") == (audit.verdict, audit.first_divergence and audit.first_divergence.stage)
    assert "(up to 1.0e-04 is allowed)" in audit.headline
    assert "noise)" not in audit.headline


def test_what_only_float64_shows_is_judged_by_the_limit(model: str, texts: str, tmp_path: Path) -> None:
    candidate = with_config(model, tmp_path / "eps", layer_norm_eps=1e-9)
    plain = compare(model, candidate, tmp_path / "plain", "--inputs", texts)
    assert plain.first_divergence is not None and plain.first_divergence.float64_only
    file = policy_file(tmp_path, '[stages]\n"*" = 1e-6\n')
    audit = compare(model, candidate, tmp_path / "audit", "--inputs", texts, "--policy", file)
    assert ("equivalent", 0) == (audit.verdict, audit.exit_code), audit.headline
    assert "in float64" in audit.headline


def test_an_equal_pair_is_parity_under_every_policy(model: str, texts: str, tmp_path: Path) -> None:
    inputs = ("--inputs", texts, "--limit", "8")
    for name in ("decisions", policy_file(tmp_path, LIMITS)):
        audit = compare(model, model, tmp_path / "audit", *inputs, "--policy", name)
        assert ("parity", 0) == (audit.verdict, audit.exit_code), audit.headline


def test_limits_and_a_flip_rate_in_one_file_must_both_hold(model: str, texts: str, tmp_path: Path) -> None:
    decisions = "flip_rate = {}\nprobability = 0.05\n"
    for rate, limits, expected in (
        (0.05, LIMITS, "equivalent"),
        (0.01, LIMITS, "inconclusive"),
        (0.05, "[stages]\npooled = 0.0001\n", "divergent"),
    ):
        file = policy_file(tmp_path, decisions.format(rate) + limits)
        audit = compare(model, model + HALF, tmp_path / "audit", "--inputs", texts, "--policy", file)
        assert expected == audit.verdict, audit.headline


# Decisions


def test_eighty_rows_without_a_flip_are_inconclusive_with_one_bound_everywhere(
    model: str, texts: str, tmp_path: Path
) -> None:
    out = tmp_path / "audit"
    audit = compare(model, model + HALF, out, "--inputs", texts, "--policy", "decisions")
    assert ("inconclusive", 1, 299) == (audit.verdict, audit.exit_code, audit.rows_needed)
    assert "can be as high as 3.68 % (one-sided 95 % bound, up to 1 % is allowed)" in audit.headline
    assert "299 rows without a flip would show it." in audit.headline
    assert audit.decisions is not None
    rate = audit.decisions.flip_rate
    assert ("one-sided", 0.0368) == (rate.bounds, round(rate.high, 4))
    for name in ("report.html", "summary.md", "junit.xml"):
        text = (out / name).read_text("utf-8")
        assert "3.68 %" in text and "4.51" not in text
        assert "--policy decisions, which" not in text
    said = parity("report", str(out)).said
    assert said.startswith("Inconclusive.") and "4.51" not in said
    accepted = parity(
        *("compare", model, model + HALF, "--inputs", texts, "--policy", "decisions"),
        *("--allow-inconclusive", "--out", str(out)),
    )
    assert 0 == accepted.code
    assert [] == [
        *ElementTree.parse(out / "junit.xml").iter("failure"),
        *ElementTree.parse(out / "junit.xml").iter("error"),
    ]


@pytest.mark.parametrize(
    ("flips", "rows", "expected", "needed"),
    [
        (0, 299, "equivalent", False),
        (0, 298, "inconclusive", True),
        (2, 400, "inconclusive", True),
        (2, 700, "equivalent", False),
        (3, 200, "inconclusive", False),
        (12, 200, "divergent", False),
    ],
)
def test_flips_show_equivalence_or_its_opposite_or_neither(
    flips: int, rows: int, expected: str, needed: bool, tmp_path: Path
) -> None:
    audit = of_logits(flips, rows, tmp_path, "--policy", "decisions")
    assert (expected, needed) == (audit.verdict, audit.rows_needed is not None), audit.headline
    assert (audit.exit_code == 0) == (expected == "equivalent")


def test_a_probability_that_moves_too_far_is_seen_and_not_inconclusive(tmp_path: Path) -> None:
    audit = of_logits(0, 80, tmp_path, "--policy", "decisions", moved=0.5)
    assert ("divergent", 1) == (audit.verdict, audit.exit_code)
    assert "a probability moves by" in audit.headline
    lenient = parity(
        *("compare", *(f"outputs:{tmp_path / name}.npz" for name in ("reference", "candidate"))),
        *("--policy", "decisions", "--allow-inconclusive", "--out", str(tmp_path / "again")),
    )
    assert 1 == lenient.code


def test_copies_of_one_text_show_no_more_than_the_text(model: str, tmp_path: Path) -> None:
    copies = tmp_path / "copies.txt"
    copies.write_text("\n".join(WORDS[:2] * 200) + "\n", encoding="utf-8")
    out = tmp_path / "audit"
    audit = compare(model, model + HALF, out, "--inputs", str(copies), "--policy", "decisions")
    assert ("inconclusive", 299) == (audit.verdict, audit.rows_needed), audit.headline
    assert "2 distinct rows (of 400)" in audit.headline
    assert audit.decisions is not None
    assert (400, 2, 0) == (
        audit.decisions.rows,
        audit.decisions.distinct,
        audit.decisions.distinct_flipped,
    )
    for name in ("report.html", "summary.md"):
        text = (out / name).read_text("utf-8")
        assert "In 0 of 2 distinct rows one differs: 0 % (at most 77.6 %" in text, name
        assert "0.746 %" not in text


@pytest.mark.parametrize("temperature", ["1000", "0.001"])
def test_a_probability_is_judged_as_it_stands_at_whatever_temperature_others_are_shown(
    temperature: str, tmp_path: Path
) -> None:
    audit = of_logits(0, 400, tmp_path, "--policy", "decisions", "--temperature", temperature, moved=0.5)
    assert ("divergent", 1) == (audit.verdict, audit.exit_code)
    assert audit.decisions is not None
    assert [float(temperature), 1.0] == [item.temperature for item in audit.decisions.temperatures]


def test_a_parity_under_a_policy_that_does_not_check_float64_says_so(
    model: str, texts: str, tmp_path: Path
) -> None:
    inputs = ("--inputs", texts, "--limit", "8")
    file = policy_file(tmp_path, "check_float64 = false\n")
    audit = compare(model, model, tmp_path / "audit", *inputs, "--policy", file)
    assert "parity" == audit.verdict
    assert audit.headline.endswith("; not compared in float64, which the policy does not check.")
    strict = compare(model, model, tmp_path / "strict", *inputs, "--policy", "bitwise")
    assert "parity" == strict.verdict and "float64" not in strict.headline


def test_a_missing_stage_bars_equivalence_unless_it_is_excluded(texts: str, tmp_path: Path) -> None:
    pair = "fooling:honest", "fooling:stage_missing"
    policy = ("--inputs", texts, "--policy", "decisions")
    assert "not_comparable" == compare(*pair, tmp_path / "plain", *policy).verdict
    assert "parity" == compare(*pair, tmp_path / "excluded", *policy, "--ignore", "layer.1").verdict
