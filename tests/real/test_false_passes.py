"""Pairs that well-known tools call equal, or blame on the wrong place, and what parity says of each.

Every test is one such pair, run as a user would run it: two subjects, the command line, the record it leaves. The
docstring says who is fooled; the test holds what parity says. The first twenty-five are a published list, in its order;
what follows are pairs of our own. A tool that passes this suite may be believed a little more, ours included.
"""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from parity.records.audit import Audit
from tests.models import VOCABULARY, tiny_bert
from tests.real.asking import compare, parity, stage
from tests.real.fooling import install

pytestmark = [pytest.mark.real]

Array = NDArray[Any]
Weights = dict[str, Any]
NOISE = {"equal", "within_noise"}
TEXTS = [
    "the film is good",
    "I hate this dull story and the acting",
    "never boring, always lovely",
    "two awful plots in one movie",
    "it was fine",
    "we like bad movies?",
]


@pytest.fixture(scope="module", autouse=True)
def fooling_is_installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The scheme `fooling:`, for every command run here."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in install(tmp_path_factory.mktemp("site")).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of six sentences."""
    return write_texts(tmp_path_factory.mktemp("inputs") / "texts.txt", TEXTS)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `right`, a small BERT whose head is so faint that its logits hide what happens before them."""
    folder = tmp_path_factory.mktemp("models")
    tiny_bert(folder / "right")
    change(folder / "right", lambda weights: weights["classifier.weight"].mul_(0.003))
    return folder


def write_texts(path: Path, texts: list[str]) -> str:
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return str(path)


def change(folder: Path, edit: Callable[[Weights], Any] | None = None, **config: Any) -> None:
    """Edit a model's weights in place, and its config's fields."""
    if edit is not None:
        # Imported here: the tests that need no model shall not wait for torch. Its types are partly unknown.
        safetensors: Any = importlib.import_module("safetensors.torch")
        weights = safetensors.load_file(folder / "model.safetensors")
        edit(weights)
        safetensors.save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **config}), encoding="utf-8")


def changed(original: Path, to: Path, edit: Callable[[Weights], Any] | None = None, **config: Any) -> str:
    """A copy of a model with one thing changed, as a subject."""
    shutil.copytree(original, to)
    change(to, edit, **config)
    return f"hf:{to}"


def fooled(reference: str, candidate: str, texts: str, out: Path, *arguments: str) -> Audit:
    return compare(f"fooling:{reference}", f"fooling:{candidate}", out, "--inputs", texts, *arguments)


def of_logits(reference: Array, candidate: Array, folder: Path, *arguments: str) -> Audit:
    """Compare two files of logits."""
    np.savez(folder / "reference.npz", logits=reference)
    np.savez(folder / "candidate.npz", logits=candidate)
    places = [f"outputs:{folder / name}.npz" for name in ("reference", "candidate")]
    return compare(places[0], places[1], folder / "audit", *arguments)


def first_stage(audit: Audit) -> str | None:
    return None if audit.first_divergence is None else audit.first_divergence.stage


def statuses(audit: Audit, *stages: str) -> set[str]:
    return {record.status for record in audit.stages if record.stage in stages}


def not_compared(audit: Audit) -> set[str]:
    return {item.stage for item in audit.not_compared if item.counts}


def normal(*shape: int, seed: int = 0, scale: float = 1.0) -> NDArray[np.float32]:
    return (np.random.default_rng(seed).normal(size=shape) * scale).astype(np.float32)


# The list


def test_an_epsilon_that_the_logits_hide_is_divergent_from_the_embeddings_on(
    models: Path, texts: str, tmp_path: Path
) -> None:
    """1. LayerNorm eps 1e-12 → 1e-5. Fools every check of logits at 1e-5, and tree walks that stop at an equal root."""
    candidate = changed(models / "right", tmp_path / "eps", layer_norm_eps=1e-5)
    audit = compare(f"hf:{models / 'right'}", candidate, tmp_path / "audit", "--inputs", texts)
    assert (stage(audit, "logits").max_abs.value or 0.0) < 1e-5
    assert ("divergent", "embeddings") == (audit.verdict, first_stage(audit))
    assert (stage(audit, "embeddings").times_floor or 0.0) > 100
    assert "config.layer_norm_eps" in {finding.cause for finding in audit.findings}


def test_another_gelu_is_divergent_from_the_first_layer_on(models: Path, texts: str, tmp_path: Path) -> None:
    """2. gelu → gelu_new. Fools checks of logits, and per-layer checks with tolerances made for half precision."""
    candidate = changed(models / "right", tmp_path / "gelu_new", hidden_act="gelu_new")
    audit = compare(f"hf:{models / 'right'}", candidate, tmp_path / "audit", "--inputs", texts)
    assert (stage(audit, "logits").max_abs.value or 0.0) < 1e-5
    assert ("divergent", "layer.0") == (audit.verdict, first_stage(audit))
    assert (stage(audit, "layer.0").times_floor or 0.0) > 10
    assert {"equal"} == statuses(audit, "embeddings")
    assert "config.activation" in {finding.cause for finding in audit.findings}


def test_eight_nudged_weights_are_divergent_at_their_layer(models: Path, texts: str, tmp_path: Path) -> None:
    """3. Eight weights of one dense layer + 0.05. Fools modes that compare means only."""
    dense = "bert.encoder.layer.2.output.dense.weight"
    candidate = changed(
        models / "right", tmp_path / "nudged", lambda weights: weights[dense][0, :8].add_(0.05)
    )
    audit = compare(f"hf:{models / 'right'}", candidate, tmp_path / "audit", "--inputs", texts)
    assert ("divergent", "layer.2") == (audit.verdict, first_stage(audit))
    assert {"equal"} == statuses(audit, "embeddings", "layer.0", "layer.1")
    (finding,) = [finding for finding in audit.findings if finding.cause == "weights.changed"]
    assert [dense] == finding.evidence["parameters"]


def test_one_element_of_8192_is_found_with_its_place(tmp_path: Path) -> None:
    """4. One element off by 0.5. Fools metrics that look like a cosine."""
    logits = normal(64, 8192, scale=3)
    other = logits.copy()
    other[17, 4321] -= 0.5
    cosine = float((logits[17] @ other[17]) / np.linalg.norm(logits[17]) / np.linalg.norm(other[17]))
    assert cosine > 0.9999
    audit = of_logits(logits, other, tmp_path)
    record = stage(audit, "logits")
    assert "divergent" == audit.verdict
    assert ("[row 17, class 4321]", 17) == (
        record.max_abs.at,
        audit.first_divergence and audit.first_divergence.example,
    )
    assert np.isclose(0.5 / np.linalg.norm(logits[17]), record.worst_position or 0.0, rtol=1e-3)


@pytest.mark.parametrize("factor", [1.03, 10.0])
def test_everything_times_a_factor_is_divergent_by_that_factor(factor: float, tmp_path: Path) -> None:
    """5. Everything × 1.03, or × 10. Fools cosine similarity."""
    logits = normal(50, 4)
    audit = of_logits(logits, logits * np.float32(factor), tmp_path)
    record = stage(audit, "logits")
    assert "divergent" == audit.verdict
    assert (record.cosine_distance or 0.0) < 1e-7
    assert np.isclose(factor, record.norm_ratio or 0.0)
    assert np.isclose(factor - 1, record.relative_l2 or 0.0)
    assert "output.temperature" in {finding.cause for finding in audit.findings}


def test_plus_infinity_against_minus_infinity_is_divergent(texts: str, tmp_path: Path) -> None:
    """6. +inf against -inf. Fools tools whose cosine is then 1 and whose difference is then 0."""
    audit = fooled("positive_infinity", "negative_infinity", texts, tmp_path)
    record = stage(audit, "layer.1")
    assert ("divergent", "layer.1") == (audit.verdict, first_stage(audit))
    assert (1, 1) == (record.non_finite_reference, record.non_finite_candidate)
    assert "parity" == fooled("positive_infinity", "positive_infinity", texts, tmp_path / "same").verdict


def test_nan_against_anything_is_divergent(texts: str, tmp_path: Path) -> None:
    """7. NaN against a number. Fools whoever asks `>` of a mean that is NaN."""
    audit = fooled("honest", "one_nan", texts, tmp_path / "one")
    assert ("divergent", "layer.1") == (audit.verdict, first_stage(audit))
    assert "1 value is a number on one side only" in audit.headline
    logits = normal(20, 3)
    everywhere = of_logits(logits, np.full_like(logits, np.nan), tmp_path)
    assert ("divergent", 1, "logits") == (everywhere.verdict, everywhere.exit_code, first_stage(everywhere))


def test_a_stage_missing_on_one_side_is_not_comparable(texts: str, tmp_path: Path) -> None:
    """8. A stage missing on one side. Fools tools that warn and pass."""
    audit = fooled("honest", "stage_missing", texts, tmp_path)
    assert ("not_comparable", 1, {"layer.1"}) == (audit.verdict, audit.exit_code, not_compared(audit))
    assert "Only the reference has layer.1" in audit.headline


def test_unlike_names_at_the_same_index_are_not_paired(texts: str, tmp_path: Path) -> None:
    """9. Unlike names at the same index. Fools tools that pair by index."""
    audit = fooled("honest", "other_name", texts, tmp_path)
    assert "not_comparable" == audit.verdict
    assert {"layer.1", "block.1"} == not_compared(audit)


def test_a_map_against_its_transpose_is_not_comparable(texts: str, tmp_path: Path) -> None:
    """10. (2, 3) against its transpose. Fools tools that check no shapes, or transpose in silence."""
    audit = fooled("honest", "transposed", texts, tmp_path)
    assert "not_comparable" == audit.verdict
    assert {"output.map"} == not_compared(audit)
    assert "2, 3]" in audit.headline and "3, 2]" in audit.headline


def test_ids_are_compared_as_integers(tmp_path: Path) -> None:
    """11. Ids 2^53 and 2^53 + 1, which no float64 tells apart; the same for a stage of whole numbers."""
    assert float(2**53) == float(2**53 + 1)
    texts = write_texts(tmp_path / "texts.txt", [*TEXTS, "about ~ this"])
    audit = fooled("great_ids", "greater_ids", texts, tmp_path / "ids")
    assert ("divergent", "input_ids") == (audit.verdict, first_stage(audit))
    assert [[6]] == stage(audit, "input_ids").first_beyond
    assert NOISE >= statuses(audit, "embeddings", "logits")
    audit = fooled("great_numbers", "greater_numbers", texts, tmp_path / "numbers")
    assert ("divergent", "output.map") == (audit.verdict, first_stage(audit))


def test_tokens_that_change_places_are_divergent(texts: str, tmp_path: Path) -> None:
    """12. Equal mean, permuted rows. Fools modes that compare means only."""
    audit = fooled("honest", "tokens_permuted", texts, tmp_path)
    assert ("divergent", "layer.1") == (audit.verdict, first_stage(audit))


def test_garbage_in_padded_positions_is_parity(texts: str, tmp_path: Path) -> None:
    """13. Padded positions full of garbage. Alarms all that compare whole tensors."""
    for pair in (("honest", "garbage_in_padding"), ("garbage_in_padding", "honest")):
        audit = fooled(*pair, texts, tmp_path / pair[0])
        assert "parity" == audit.verdict, audit.headline
        assert {"equal"} == {record.status for record in audit.stages}
        assert 0 == sum(record.non_finite_reference + record.non_finite_candidate for record in audit.stages)


def test_a_constant_added_to_every_logit_of_a_row_is_said_and_moves_no_probability(tmp_path: Path) -> None:
    """14. A constant added to every logit of a row. Alarms all that compare raw logits alone."""
    logits = normal(400, 3).astype(np.float64)
    shifts = np.arange(400)[:, None] / 16
    audit = of_logits(logits, logits + shifts, tmp_path)
    assert ("divergent", "logits") == (audit.verdict, first_stage(audit))
    assert {"equal", "within_noise"} >= statuses(audit, "probabilities", "label")
    centred = stage(audit, "logits").centred_relative_l2
    assert centred is not None and centred < 1e-14
    assert any("differ only by a constant" in finding.sentence for finding in audit.findings)
    allowed = of_logits(logits, logits + shifts, tmp_path, "--policy", "decisions")
    assert ("equivalent", 0) == (allowed.verdict, allowed.exit_code)


@pytest.mark.long
def test_rounding_of_eight_million_elements_is_noise(tmp_path: Path) -> None:
    """15. Noise of 1e-6 on 8 million elements. Alarms L2 thresholds that do not know the size."""
    logits = normal(8000, 1000, scale=10)
    other = logits + normal(8000, 1000, seed=1, scale=1e-6)
    assert np.linalg.norm(other - logits) > 1e-3
    audit = of_logits(logits, other, tmp_path)
    assert "parity" == audit.verdict, audit.headline
    assert 8_000_000 == stage(audit, "logits").compared


def test_rounding_on_outlier_dimensions_is_noise(models: Path, texts: str, tmp_path: Path) -> None:
    """16. Max-abs 4e-4 on a checkpoint with outlier dimensions. Alarms every fixed tolerance."""

    def outliers(weights: Weights) -> None:
        for name, value in weights.items():
            if name.endswith("LayerNorm.weight"):
                value[5] = 3000.0

    reference = changed(models / "right", tmp_path / "outliers", outliers)
    subjects = f"{reference}?attn=eager", f"{reference}?attn=sdpa"
    audit = compare(*subjects, tmp_path / "audit", "--inputs", texts)
    assert "parity" == audit.verdict, audit.headline
    layers = [stage(audit, f"layer.{layer}") for layer in range(3)]
    assert max(record.max_abs.value or 0.0 for record in layers) > 1e-4
    assert max(record.relative_l2 or 0.0 for record in layers) < 1e-6


def test_a_cosine_distance_below_the_rounding_of_float32_is_measured(tmp_path: Path) -> None:
    """17. fp32 `1 - cos` of nearly equal vectors is exactly 0, where the truth is 5e-13."""
    logits = normal(40, 500)
    other = logits * (1 + normal(40, 500, seed=1, scale=1e-6))
    a, b = (side.ravel() for side in (logits, other))
    assert abs(1 - a @ b / np.sqrt(a @ a) / np.sqrt(b @ b)) in {0.0, 2.0**-24, 2.0**-23}
    x, y = (side.astype(np.longdouble) for side in (a, b))
    x, y = x / np.sqrt(x @ x), y / np.sqrt(y @ y)
    truth = float((x - y) @ (x - y) / 2)
    record = stage(of_logits(logits, other, tmp_path), "logits")
    assert 1e-13 < truth < 1e-12
    assert np.isclose(truth, record.cosine_distance or 0.0, rtol=1e-3)


def test_a_divergence_of_nearly_equal_distributions_is_measured_and_not_negative(tmp_path: Path) -> None:
    """18. fp32 KL reads 5e-9 with some rows negative, where the truth is 5e-11."""
    logits = normal(300, 5)
    other = logits + normal(300, 5, seed=1, scale=1e-5)

    def divergences(kind: type[np.floating[Any]]) -> Array:
        p, q = (np.exp(side.astype(kind)) for side in (logits, other))
        p, q = p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True)
        return np.asarray((p * np.log(p / q)).sum(axis=1))

    truth = float(divergences(np.longdouble).mean())
    assert divergences(np.float32).min() < 0
    audit = of_logits(logits, other, tmp_path)
    assert audit.decisions is not None
    (seen,) = audit.decisions.temperatures
    assert seen.kl_mean is not None and seen.kl_max is not None
    assert np.isclose(truth, seen.kl_mean, rtol=1e-4)
    assert 0 <= seen.kl_mean <= seen.kl_max


def test_noise_around_zero_is_scaled_by_the_row(tmp_path: Path) -> None:
    """19. An ULP distance of 2e9 from noise around zero. Alarms where ULP is the headline."""
    logits = normal(50, 4)
    logits[:, 2] = 1e-9
    other = logits.copy()
    other[:, 2] = -1e-9
    apart = logits[0, 2:3].view(np.int32).astype(np.int64) + (other[0, 2:3].view(np.int32) & 0x7FFFFFFF)
    assert apart[0] > 1e9
    assert "parity" == of_logits(logits, other, tmp_path).verdict


def test_hidden_states_without_the_embeddings_are_paired_by_what_they_are(texts: str, tmp_path: Path) -> None:
    """20. Hidden states captured 12 on one side, 13 on the other. Alarms, or blames, pairing by index: all are off by one."""
    audit = fooled("honest", "without_embeddings", texts, tmp_path)
    assert ("not_comparable", {"embeddings"}) == (audit.verdict, not_compared(audit))
    assert {"equal"} == statuses(audit, "layer.0", "layer.1", "layer.2", "pooled", "logits")


@pytest.mark.parametrize("reference", ["honest", "nothing_inside"])
def test_layers_that_are_silently_absent_are_said(reference: str, texts: str, tmp_path: Path) -> None:
    """21. `hidden_states` silently None, on one side or on both. Fools tools that skip what is absent."""
    audit = fooled(reference, "nothing_inside", texts, tmp_path)
    assert ("not_comparable", 1) == (audit.verdict, audit.exit_code)
    assert {"layer.0", "layer.1", "layer.2"} == not_compared(audit)
    assert "announced it and did not produce it" in audit.headline


def test_two_models_with_the_same_weights_are_said_to_be_that(
    models: Path, texts: str, tmp_path: Path
) -> None:
    """22. Two "different" seeds that gave the same weights. Fools a mean ± deviation over seeds."""
    candidate = changed(models / "right", tmp_path / "seed-2")
    audit = compare(f"hf:{models / 'right'}", candidate, tmp_path / "audit", "--inputs", texts)
    assert "parity" == audit.verdict, audit.headline
    assert "Both sides have the same weights, bit for bit." in {
        finding.sentence for finding in audit.findings
    }


@pytest.mark.parametrize(
    ("content", "slug"), [("", "empty-inputs"), ('{"text": ""}\n{"text": ""}\n', "inputs-do-not-fit")]
)
def test_no_example_or_nothing_in_them_is_refused(content: str, slug: str, tmp_path: Path) -> None:
    """23. All examples empty, or none. Fools anything vectorised: nothing differs where nothing is."""
    path = tmp_path / "inputs.jsonl"
    path.write_text(content, encoding="utf-8")
    run = parity(
        "compare", "fooling:honest", "fooling:honest", "--inputs", str(path), "--out", str(tmp_path / "audit")
    )
    assert 2 == run.code
    assert slug in run.complained


def test_the_same_classes_in_another_order_are_aligned_by_name(
    models: Path, texts: str, tmp_path: Path
) -> None:
    """24. The same class names in another order, the head's rows with them. Alarms whoever compares column by column."""
    order, names = [2, 0, 1], ["negative", "neutral", "positive"]

    def permute(weights: Weights) -> None:
        for name in ("classifier.weight", "classifier.bias"):
            weights[name] = weights[name][order].clone()

    named = {str(place): names[index] for place, index in enumerate(order)}
    candidate = changed(
        models / "right",
        tmp_path / "permuted",
        permute,
        id2label=named,
        label2id={name: int(place) for place, name in named.items()},
    )
    audit = compare(f"hf:{models / 'right'}", candidate, tmp_path / "audit", "--inputs", texts)
    assert "parity" == audit.verdict, audit.headline
    assert audit.decisions is not None and "permuted" == audit.decisions.class_order
    (finding,) = [finding for finding in audit.findings if finding.cause == "output.label_order"]
    assert "negative 0→1, neutral 1→2, positive 2→0" in finding.sentence


def test_equal_logits_do_not_end_the_search(models: Path, texts: str, tmp_path: Path) -> None:
    """25. The first output equal at the root. Fools tree walks that stop there."""
    silent = changed(
        models / "right", tmp_path / "silent", lambda weights: weights["classifier.weight"].zero_()
    )
    other = changed(tmp_path / "silent", tmp_path / "other", layer_norm_eps=1e-5)
    audit = compare(silent, other, tmp_path / "audit", "--inputs", texts)
    assert {"equal"} == statuses(audit, "logits", "probabilities", "label")
    assert ("divergent", "embeddings") == (audit.verdict, first_stage(audit))


# Pairs of our own


def test_one_row_of_ten_thousand_that_differs_slightly_is_found(tmp_path: Path) -> None:
    """The relative L2 of the whole stays within its noise; the row does not."""
    logits = normal(10_000, 3)
    other = logits.copy()
    other[6789] += np.array([3e-5, -3e-5, 0], np.float32)
    audit = of_logits(logits, other, tmp_path)
    record = stage(audit, "logits")
    assert (record.relative_l2 or 1.0) <= (record.allowed or 0.0)
    assert ("divergent", "logits") == (audit.verdict, first_stage(audit))
    assert "one position differs" in audit.headline
    assert [[6789, 0]] == record.first_beyond


def test_a_difference_beyond_the_noise_sample_is_found(tmp_path: Path) -> None:
    """The floor is measured on 32 rows of the first 512; what is held against it is every row."""
    texts = write_texts(
        tmp_path / "texts.txt", [f"text {row}{' ~' if row == 550 else ''}" for row in range(600)]
    )
    audit = fooled("honest", "minds_tilde", texts, tmp_path / "audit")
    assert ("divergent", "layer.1") == (audit.verdict, first_stage(audit))
    assert audit.first_divergence is not None and 550 == audit.first_divergence.example


def test_nan_on_both_sides_equals_nothing(texts: str, tmp_path: Path) -> None:
    """Bit for bit the same NaN, in one place or everywhere: an auditor cannot call that agreement."""
    for way in ("one_nan", "all_nan"):
        audit = fooled(way, way, texts, tmp_path / way)
        assert ("not_comparable", {"layer.1"}) == (audit.verdict, not_compared(audit))


def test_a_nan_in_double_precision_alone_is_divergent(texts: str, tmp_path: Path) -> None:
    """The float64 comparison is NaN then, and NaN is not below any limit."""
    audit = fooled("honest", "nan_in_float64", texts, tmp_path)
    assert ("divergent", "layer.1") == (audit.verdict, first_stage(audit))
    assert audit.first_divergence is not None and audit.first_divergence.float64_only


def test_a_stage_absent_in_double_precision_alone_is_said(texts: str, tmp_path: Path) -> None:
    """The faithful policy asks for both precisions; one that was not seen is not a pass."""
    audit = fooled("honest", "no_float64_layer", texts, tmp_path)
    assert ("not_comparable", {"layer.1"}) == (audit.verdict, not_compared(audit))


def test_an_empty_stage_is_not_comparable(texts: str, tmp_path: Path) -> None:
    """Two tensors of no element differ nowhere."""
    audit = fooled("empty_map", "empty_map", texts, tmp_path)
    assert ("not_comparable", {"output.map"}) == (audit.verdict, not_compared(audit))


def test_tokens_declared_padding_on_one_side_are_not_left_out(texts: str, tmp_path: Path) -> None:
    """A side that says its last token is padding would have it compared nowhere."""
    audit = fooled("honest", "fewer_real", texts, tmp_path)
    assert "not_comparable" == audit.verdict
    assert "embeddings" in not_compared(audit)


def test_a_stage_longer_than_its_tokens_is_not_compared_by_place(texts: str, tmp_path: Path) -> None:
    """Its positions are not those of the tokens; read by place they would be compared, each with a neighbour's."""
    for pair in (("honest", "longer_layer"), ("longer_layer", "longer_layer")):
        assert {"layer.1"} == not_compared(fooled(*pair, texts, tmp_path / pair[0]))


def test_noise_of_a_model_itself_is_no_excuse(texts: str, tmp_path: Path) -> None:
    """Dropout left on, on both sides: measured against itself each is far off, and what is far off is no rounding."""
    audit = fooled("trembles", "trembles", texts, tmp_path)
    assert ("divergent", "layer.1") == (audit.verdict, first_stage(audit))


def test_rows_without_tokens_on_one_side_are_said(texts: str, tmp_path: Path) -> None:
    """A third of the rows, or all, have no tokens to show: that everything else agrees is not all."""
    everywhere = fooled("honest", "untold", texts, tmp_path / "all")
    assert ("not_comparable", {"text", "tokens", "input_ids"}) == (
        everywhere.verdict,
        not_compared(everywhere),
    )
    audit = fooled("honest", "untold_row", texts, tmp_path)
    assert ("not_comparable", {"tokens"}) == (audit.verdict, not_compared(audit))
    assert "2 of 6 rows" in audit.headline


def test_more_columns_than_classes_are_not_comparable(texts: str, tmp_path: Path) -> None:
    """Three names permuted over four columns: no order of columns can be right."""
    audit = fooled("honest", "more_columns", texts, tmp_path)
    assert ("not_comparable", {"logits"}) == (audit.verdict, not_compared(audit))


def test_whole_numbers_against_floats_are_not_comparable(texts: str, tmp_path: Path) -> None:
    """Nothing is cast to make it comparable."""
    audit = fooled("honest", "great_numbers", texts, tmp_path)
    assert ("not_comparable", {"output.map"}) == (audit.verdict, not_compared(audit))


def test_probabilities_at_another_temperature_are_divergent_where_no_label_flips(tmp_path: Path) -> None:
    """Every label agrees and every logit is equal to the bit; what is sold as a probability is not."""
    np.savez(tmp_path / "a.npz", logits=normal(50, 3))
    place = f"outputs:{tmp_path / 'a.npz'}"
    audit = compare(place, f"{place}?temperature=1.5", tmp_path / "audit")
    assert ("divergent", "probabilities") == (audit.verdict, first_stage(audit))
    assert {"equal"} == statuses(audit, "logits", "label")
    assert "output.temperature" in {finding.cause for finding in audit.findings}


def of_ids(folder: Path, *sides: list[int]) -> list[str]:
    """Files of the same logits, each holding the rows of these ids."""
    logits = normal(50, 3)
    for number, rows in enumerate(sides):
        np.savez(folder / f"{number}.npz", logits=logits[rows], ids=np.array([f"i{row}" for row in rows]))
    return [f"outputs:{folder / str(number)}.npz" for number in range(len(sides))]


def test_rows_that_one_side_alone_was_asked_are_said_and_count(tmp_path: Path) -> None:
    """The inputs are those of the shorter file, chosen by nobody: what the longer one holds beyond them is unknown."""
    short, long = of_ids(tmp_path, list(range(45)), list(range(50)))
    audit = compare(short, long, tmp_path / "audit")
    assert ("not_comparable", {"logits"}) == (audit.verdict, not_compared(audit))
    assert "5 of the 50 rows that the candidate holds are not among the 45 inputs" in audit.headline


def test_rows_that_the_user_did_not_ask_for_are_said_and_do_not_count(tmp_path: Path) -> None:
    """Who names the inputs has chosen them."""
    left, right = of_ids(tmp_path, list(range(50)), list(range(50)))
    lines = "".join(json.dumps({"text": "", "id": f"i{row}"}) + "\n" for row in range(10))
    (tmp_path / "inputs.jsonl").write_text(lines, encoding="utf-8")
    audit = compare(left, right, tmp_path / "audit", "--inputs", str(tmp_path / "inputs.jsonl"))
    assert ("parity", set[str]()) == (audit.verdict, not_compared(audit))
    assert 2 == len([item for item in audit.not_compared if "40 of the 50 rows" in item.reason])


@pytest.mark.parametrize("classes", [None, ["no", "maybe", "yes"]])
def test_labels_that_are_numbers_are_the_classes_of_these_numbers(
    classes: list[str] | None, tmp_path: Path
) -> None:
    """Half of all files of logits have such labels: without an accuracy nobody sees that a model is useless."""
    logits = normal(50, 3)
    named: Any = {} if classes is None else {"classes": np.array(classes)}
    np.savez(tmp_path / "a.npz", logits=logits, labels=logits.argmax(axis=1), **named)
    audit = compare(f"outputs:{tmp_path / 'a.npz'}", f"outputs:{tmp_path / 'a.npz'}", tmp_path / "audit")
    assert audit.decisions is not None
    assert 0 == audit.decisions.unknown_labels
    assert [1.0] == [item.reference for item in audit.decisions.metrics if item.metric == "accuracy"]
    assert "read as the index of its class" in " ".join(finding.sentence for finding in audit.findings)


def test_a_forbidden_class_does_not_drown_the_others(tmp_path: Path) -> None:
    """A logit of -1e9 for a class that may not be chosen: beside it a tenth in another is a relative L2 of 1e-10."""
    logits = np.concatenate([normal(50, 3), np.full((50, 1), -1e9, np.float32)], axis=1)
    other = logits.copy()
    other[:, 0] += 0.1
    audit = of_logits(logits, other, tmp_path)
    assert (stage(audit, "logits").relative_l2 or 1.0) < 1e-9
    assert ("divergent", "probabilities") == (audit.verdict, first_stage(audit))


def test_one_bias_moved_below_the_rounding_of_float32_is_found_in_float64(
    models: Path, texts: str, tmp_path: Path
) -> None:
    """A bias of 10 + 1e-6: in float32 that is one rounding of a logit, as any run shows."""
    high = changed(models / "right", tmp_path / "high", lambda weights: weights["classifier.bias"].add_(10))
    other = changed(
        tmp_path / "high", tmp_path / "other", lambda weights: weights["classifier.bias"][1:2].add_(1e-6)
    )
    audit = compare(high, other, tmp_path / "audit", "--inputs", texts)
    record = stage(audit, "logits")
    assert (record.relative_l2 or 1.0) <= (record.allowed or 0.0)
    assert ("divergent", "logits") == (audit.verdict, first_stage(audit))
    assert audit.first_divergence is not None and audit.first_divergence.float64_only


def test_one_changed_word_is_found_in_the_row_that_has_it(models: Path, texts: str, tmp_path: Path) -> None:
    """Two numbers in one row of the embedding matrix, which one input uses."""
    word, embedding = VOCABULARY.index("lovely"), "bert.embeddings.word_embeddings.weight"
    candidate = changed(
        models / "right", tmp_path / "word", lambda weights: weights[embedding][word][:2].add_(0.5)
    )
    audit = compare(f"hf:{models / 'right'}", candidate, tmp_path / "audit", "--inputs", texts)
    first = audit.first_divergence
    assert first is not None and ("embeddings", 2, 5) == (first.stage, first.example, first.token)


def test_a_changed_word_that_no_input_has_is_parity_and_said(
    models: Path, texts: str, tmp_path: Path
) -> None:
    """What was asked agrees to the bit; that the weights do not is said beside it."""
    word, embedding = VOCABULARY.index("three"), "bert.embeddings.word_embeddings.weight"
    candidate = changed(
        models / "right", tmp_path / "word", lambda weights: weights[embedding][word].add_(1.0)
    )
    audit = compare(f"hf:{models / 'right'}", candidate, tmp_path / "audit", "--inputs", texts)
    assert "parity" == audit.verdict
    assert audit.reference.weights_digest != audit.candidate.weights_digest
    (finding,) = [finding for finding in audit.findings if finding.cause == "weights.changed"]
    assert ("notice", [embedding]) == (finding.severity, finding.evidence["parameters"])


def test_a_regression_has_no_labels_to_agree(tmp_path: Path) -> None:
    """A softmax of one logit is 1 whatever the logit: every label agrees, and no probability moves."""
    texts = write_texts(tmp_path / "texts.txt", TEXTS * 56)
    tiny_bert(tmp_path / "right", labels=("LABEL_0",), problem_type="regression")
    candidate = changed(
        tmp_path / "right", tmp_path / "wrong", lambda weights: weights["classifier.weight"].mul_(-3)
    )
    right, decisions = f"hf:{tmp_path / 'right'}", ("--inputs", texts, "--policy", "decisions")
    audit = compare(right, candidate, tmp_path / "audit", *decisions)
    assert ("not_comparable", None) == (audit.verdict, audit.decisions)
    assert "there are no decisions to compare" in audit.headline
    same = compare(right, right, tmp_path / "same", "--inputs", texts)
    assert ("parity", False) == (same.verdict, "labels" in same.headline)


def test_one_column_of_a_file_has_no_labels_to_agree(tmp_path: Path) -> None:
    """The same of any other system: a file says only that there is one column."""
    audit = of_logits(normal(400, 1), normal(400, 1, seed=1), tmp_path, "--policy", "decisions")
    assert ("not_comparable", None) == (audit.verdict, audit.decisions)


def test_tokens_that_are_cut_off_are_decisions_too(tmp_path: Path) -> None:
    """All labels of the tokens that are left agree; of the others one side says nothing."""
    texts = write_texts(tmp_path / "texts.txt", TEXTS * 56)
    folder = tiny_bert(tmp_path / "m", "AutoModelForTokenClassification", labels=("O", "B", "I"))

    def look_at_nothing_else(weights: Weights) -> None:
        for name in weights:
            if "attention.output.dense" in name or "position_embeddings" in name:
                weights[name].mul_(0)

    change(folder, look_at_nothing_else)
    audit = compare(
        f"hf:{folder}",
        f"hf:{folder}?max_length=4",
        tmp_path / "audit",
        *("--inputs", texts, "--policy", "decisions"),
    )
    assert audit.decisions is not None and audit.decisions.examples == audit.decisions.agree
    assert "not_comparable" == audit.verdict
    assert "tokens of the reference and 0 of the candidate, in 336 of 336 rows" in audit.headline


def test_a_row_without_numbers_hides_no_other_row(tmp_path: Path) -> None:
    """One row is NaN on both sides, the other 399 are a fifth larger."""
    logits = normal(400, 3)
    logits[73] = np.nan
    audit = of_logits(logits, logits * np.float32(1.2), tmp_path)
    assert ("divergent", "logits") == (audit.verdict, first_stage(audit))
    assert {"logits", "probabilities"} == not_compared(audit)
    assert "relative L2 2.0e-01" in audit.headline


def test_two_great_numbers_are_not_alike_for_being_great(tmp_path: Path) -> None:
    """2e30 against 9e37, which a tool that sets fill values aside takes for the same filling."""
    logits, other = normal(30, 3), normal(30, 3)
    logits[5, 1], other[5, 1] = 2e30, 9e37
    audit = of_logits(logits, other, tmp_path)
    assert ("divergent", "logits") == (audit.verdict, first_stage(audit))


@pytest.mark.parametrize("way", ["stumbles", "stumbles_in_float64"])
def test_a_failure_on_the_references_ids_is_a_finding_and_not_the_end(
    way: str, texts: str, tmp_path: Path
) -> None:
    """Every stage agrees on each side's own ids; on the reference's the framework raises, and nobody sees the second pass."""
    audit = fooled("honest", way, texts, tmp_path)
    assert ("not_comparable", None) == (audit.verdict, audit.first_divergence)
    assert {"equal"} == statuses(audit, "embeddings", "layer.0", "layer.1", "layer.2", "logits")
    reasons = {item.reason for item in audit.not_compared if item.counts and item.pass_ == "same_ids"}
    in_float64 = " in float64" if way == "stumbles_in_float64" else ""
    raised = f"failed while computing given inputs{in_float64}: IndexError: index out of range in self"
    assert f"fooling:{way} {raised}" in reasons, reasons
