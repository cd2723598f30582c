"""Stages that are not what they seem: not finite, absent, of another name or shape, padding, or other each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.real.asking import stage
from tests.real.pairs import (
    NOISE,
    TEXTS,
    first_stage,
    fooled,
    normal,
    not_compared,
    of_logits,
    statuses,
    write_texts,
)

pytestmark = [pytest.mark.real]


@pytest.mark.false_pass(6)
def test_plus_infinity_against_minus_infinity_is_divergent(texts: str, tmp_path: Path) -> None:
    """+inf against -inf. Fools tools whose cosine is then 1 and whose difference is then 0."""
    audit = fooled("positive_infinity", "negative_infinity", texts, tmp_path)
    record = stage(audit, "layer.1")
    assert ("divergent", "layer.1") == (audit.verdict, first_stage(audit))
    assert (1, 1) == (record.non_finite_reference, record.non_finite_candidate)
    assert "parity" == fooled("positive_infinity", "positive_infinity", texts, tmp_path / "same").verdict


@pytest.mark.false_pass(7)
def test_nan_against_anything_is_divergent(texts: str, tmp_path: Path) -> None:
    """NaN against a number. Fools whoever asks `>` of a mean that is NaN."""
    audit = fooled("honest", "one_nan", texts, tmp_path / "one")
    assert ("divergent", "layer.1") == (audit.verdict, first_stage(audit))
    assert "1 value is a number on one side only" in audit.headline
    logits = normal(20, 3)
    everywhere = of_logits(logits, np.full_like(logits, np.nan), tmp_path)
    assert ("divergent", 1, "logits") == (everywhere.verdict, everywhere.exit_code, first_stage(everywhere))


@pytest.mark.false_pass(8)
def test_a_stage_missing_on_one_side_is_not_comparable(texts: str, tmp_path: Path) -> None:
    """A stage missing on one side. Fools tools that warn and pass."""
    audit = fooled("honest", "stage_missing", texts, tmp_path)
    assert ("not_comparable", 1, {"layer.1"}) == (audit.verdict, audit.exit_code, not_compared(audit))
    assert "Only the reference has layer.1" in audit.headline


@pytest.mark.false_pass(9)
def test_unlike_names_at_the_same_index_are_not_paired(texts: str, tmp_path: Path) -> None:
    """Unlike names at the same index. Fools tools that pair by index."""
    audit = fooled("honest", "other_name", texts, tmp_path)
    assert "not_comparable" == audit.verdict
    assert {"layer.1", "block.1"} == not_compared(audit)


@pytest.mark.false_pass(10)
def test_a_map_against_its_transpose_is_not_comparable(texts: str, tmp_path: Path) -> None:
    """(2, 3) against its transpose. Fools tools that check no shapes, or transpose in silence."""
    audit = fooled("honest", "transposed", texts, tmp_path)
    assert "not_comparable" == audit.verdict
    assert {"output.map"} == not_compared(audit)
    assert "2, 3]" in audit.headline and "3, 2]" in audit.headline


@pytest.mark.false_pass(11)
def test_ids_are_compared_as_integers(tmp_path: Path) -> None:
    """Ids 2^53 and 2^53 + 1, which no float64 tells apart; the same for a stage of whole numbers."""
    assert float(2**53) == float(2**53 + 1)
    texts = write_texts(tmp_path / "texts.txt", [*TEXTS, "about ~ this"])
    audit = fooled("great_ids", "greater_ids", texts, tmp_path / "ids")
    assert ("divergent", "input_ids") == (audit.verdict, first_stage(audit))
    assert [[6]] == stage(audit, "input_ids").first_beyond
    assert NOISE >= statuses(audit, "embeddings", "logits")
    audit = fooled("great_numbers", "greater_numbers", texts, tmp_path / "numbers")
    assert ("divergent", "output.map") == (audit.verdict, first_stage(audit))


@pytest.mark.false_pass(12)
def test_tokens_that_change_places_are_divergent(texts: str, tmp_path: Path) -> None:
    """Equal mean, permuted rows. Fools modes that compare means only."""
    audit = fooled("honest", "tokens_permuted", texts, tmp_path)
    assert ("divergent", "layer.1") == (audit.verdict, first_stage(audit))


@pytest.mark.false_pass(13)
def test_garbage_in_padded_positions_is_parity(texts: str, tmp_path: Path) -> None:
    """Padded positions full of garbage. Alarms all that compare whole tensors."""
    for pair in (("honest", "garbage_in_padding"), ("garbage_in_padding", "honest")):
        audit = fooled(*pair, texts, tmp_path / pair[0])
        assert "parity" == audit.verdict, audit.headline
        assert {"equal"} == {record.status for record in audit.stages}
        assert 0 == sum(record.non_finite_reference + record.non_finite_candidate for record in audit.stages)


@pytest.mark.false_pass(20)
def test_hidden_states_without_the_embeddings_are_paired_by_what_they_are(texts: str, tmp_path: Path) -> None:
    """Hidden states captured 12 on one side, 13 on the other. Alarms, or blames, pairing by index: all are off by one."""
    audit = fooled("honest", "without_embeddings", texts, tmp_path)
    assert ("not_comparable", {"embeddings"}) == (audit.verdict, not_compared(audit))
    assert {"equal"} == statuses(audit, "layer.0", "layer.1", "layer.2", "pooled", "logits")


@pytest.mark.false_pass(21)
@pytest.mark.parametrize("reference", ["honest", "nothing_inside"])
def test_layers_that_are_silently_absent_are_said(reference: str, texts: str, tmp_path: Path) -> None:
    """`hidden_states` silently None, on one side or on both. Fools tools that skip what is absent."""
    audit = fooled(reference, "nothing_inside", texts, tmp_path)
    assert ("not_comparable", 1) == (audit.verdict, audit.exit_code)
    assert {"layer.0", "layer.1", "layer.2"} == not_compared(audit)
    assert "announced it and did not produce it" in audit.headline


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


def test_whole_numbers_against_floats_are_not_comparable(texts: str, tmp_path: Path) -> None:
    """Nothing is cast to make it comparable."""
    audit = fooled("honest", "great_numbers", texts, tmp_path)
    assert ("not_comparable", {"output.map"}) == (audit.verdict, not_compared(audit))


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
