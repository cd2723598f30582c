"""The float64 pass as an audit shows it: what it sees that float32 cannot, and what is recorded where it cannot be run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from parity.records.audit import Audit
from proof.tiny import build
from tests.real.asking import compare, parity, stage
from tests.real.fooling import install

pytestmark = [pytest.mark.real]
TEXTS = ["the film is good", "never boring, always lovely", "two awful plots in one movie", "fine"]
RAISED = "NotImplementedError: 'grouped' not implemented for 'Double'"


@pytest.fixture(scope="module", autouse=True)
def fooling_is_installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The scheme `fooling:`, for every command run here."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in install(tmp_path_factory.mktemp("site")).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("inputs") / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    return str(path)


def fooled(reference: str, candidate: str, texts: str, out: Path, *arguments: str) -> Audit:
    return compare(f"fooling:{reference}", f"fooling:{candidate}", out, "--inputs", texts, *arguments)


@pytest.mark.parametrize("side", ["reference", "candidate"])
def test_a_float64_run_that_raises_costs_the_float64_pass_and_not_the_audit(
    side: str, texts: str, tmp_path: Path
) -> None:
    pair = ("raises_in_float64", "honest") if side == "reference" else ("honest", "raises_in_float64")
    audit = fooled(*pair, texts, tmp_path)
    assert ("not_comparable", None) == (audit.verdict, audit.first_divergence)
    assert {"equal"} == {record.status for record in audit.stages}
    (lost,) = [item for item in audit.not_compared if item.counts]
    assert ("float64", side) == (lost.stage, lost.side)
    assert RAISED in lost.reason and RAISED in audit.headline
    status = audit.noise.reference_float64 if side == "reference" else audit.noise.candidate_float64
    assert status.startswith("not possible: ")
    # The other side was run in float64: its own error is the floor.
    assert (stage(audit, "layer.2").noise_floor or 0.0) > 2.0**-24


def test_a_float64_run_that_raises_late_costs_the_pass_as_well(texts: str, tmp_path: Path) -> None:
    audit = fooled("honest", "raises_later_in_float64", texts, tmp_path)
    longer = tmp_path / "longer.txt"
    longer.write_text("\n".join(["a film of some length, " * 40] * 6) + "\n", encoding="utf-8")
    audit = fooled("honest", "raises_later_in_float64", str(longer), tmp_path / "later")
    assert ("not_comparable", ["float64"]) == (
        audit.verdict,
        [item.stage for item in audit.not_compared if item.counts],
    )


def test_a_recording_of_a_side_that_raises_in_float64_is_one_without_float64(
    texts: str, tmp_path: Path
) -> None:
    trace = tmp_path / "golden.trace"
    run = parity("record", "fooling:raises_in_float64", "--inputs", texts, "--out", str(trace))
    assert 0 == run.code, run.complained
    audit = compare(f"trace:{trace}", "fooling:honest", tmp_path / "audit", "--inputs", texts)
    assert "parity" == audit.verdict
    assert audit.headline.endswith("; not compared in float64, in which the reference cannot be run.")


def test_a_policy_that_does_not_ask_for_float64_is_not_held_up_by_its_absence(
    texts: str, tmp_path: Path
) -> None:
    policy = tmp_path / "own.toml"
    policy.write_text('base = "faithful"\ncheck_float64 = false\n', encoding="utf-8")
    audit = fooled("honest", "raises_in_float64", texts, tmp_path / "audit", "--policy", str(policy))
    assert "parity" == audit.verdict


def test_where_neither_side_has_float64_single_rows_are_run_again_for_the_floor(
    texts: str, tmp_path: Path
) -> None:
    audit = fooled("raises_in_float64", "raises_in_float64", texts, tmp_path)
    assert "not_comparable" == audit.verdict
    assert audit.noise.method.startswith("neither side can be run in float64: single rows run again")


def test_a_model_that_depends_on_its_batch_does_not_make_the_floor(texts: str, tmp_path: Path) -> None:
    """Run again row by row it differs from itself by a hundredth: were that the floor, anything would pass."""
    audit = fooled("batch_without_float64", "raises_in_float64", texts, tmp_path)
    assert ("divergent", "layer.1") == (
        audit.verdict,
        audit.first_divergence and audit.first_divergence.stage,
    )
    both = fooled("batch_without_float64", "batch_without_float64", texts, tmp_path / "both")
    assert (stage(both, "layer.1").noise_floor or 1.0) < 1e-5


def test_a_parity_says_what_was_computed_in_less_than_float64(texts: str, tmp_path: Path) -> None:
    audit = fooled("honest", "mixed_in_float64", texts, tmp_path)
    assert "parity" == audit.verdict
    assert audit.headline.endswith(
        "; compared in float64 only in part (the candidate computes grouped in less)."
    )


def test_a_parity_of_kept_float64_is_a_whole_one(texts: str, tmp_path: Path) -> None:
    audit = fooled("honest", "kept_in_float64", texts, tmp_path)
    assert ("parity", "kept: softmax") == (audit.verdict, audit.noise.candidate_float64)
    assert "float64" not in audit.headline
    assert 0.0 == stage(audit, "layer.1").float64_relative_l2


@pytest.mark.parametrize("padded", ["left", "right"])
@pytest.mark.parametrize(
    "architecture",
    [
        "LlamaForSequenceClassification",
        "GemmaForSequenceClassification",
        "Gemma3TextForSequenceClassification",
        "Gemma2ForSequenceClassification",
        "ModernBertModel",
        "MixtralForSequenceClassification",
        "CohereModel",
    ],
)
def test_eager_against_sdpa_is_parity_whatever_the_padding(
    architecture: str, padded: str, texts: str, tmp_path: Path
) -> None:
    """Rows of pure padding were NaN in one of the two: minus infinity throughout, cast down to float32."""
    folder = build(architecture, tmp_path / "model")
    other = "eager" if architecture.startswith("Gemma2") else "sdpa"  # Gemma 2 has no other
    audit = compare(
        f"hf:{folder}?attn=eager&padding_side={padded}",
        f"hf:{folder}?attn={other}&padding_side={padded}",
        tmp_path / "audit",
        "--inputs",
        texts,
    )
    # A folder of a bare model may be called not comparable for its kind, and never divergent.
    assert audit.first_divergence is None, audit.headline
    assert audit.noise.reference_float64.startswith("kept: ")
    seen = [record.float64_relative_l2 for record in audit.stages if record.noise_floor is not None]
    assert all(value is not None and value < 1e-14 for value in seen)
